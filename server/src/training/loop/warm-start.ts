// Starting from weights that were trained before: those that the network has under the same name, in the same shape.

import type { Result } from '../../common/problem.ts';
import { formatShape } from '../../network/shape.ts';
import { readWeightFile } from '../data/weight-file.ts';
import type { NamedWeight } from '../data/weight.ts';
import type { TensorState, TrainingSession } from '../engines/engine.ts';

/** Puts the weights of a file into a session; gives a sentence about what was not in it, or none. The failure names the file. */
export async function startFromWeights(
  session: TrainingSession,
  path: string,
  parameters: readonly string[],
): Promise<Result<string | undefined>> {
  const weights = await readWeightFile(path);
  if (!weights.ok) return weights;
  const state = await session.state();
  const misfit = misfitOf(state, weights.value, parameters);
  if (misfit !== undefined) return { ok: false, error: `${path}: ${misfit}` };
  const named = parameters.filter((name) => weights.value.has(name));
  if (named.length === 0)
    return {
      ok: false,
      error: `${path} has no weight of this network: the network has ${some(parameters)}, the file ${some([...weights.value.keys()])}`,
    };
  const replaced = new Map([...state].map(([name, tensor]) => [name, given(name, tensor, weights.value, parameters)]));
  await session.restore(replaced);
  const missing = parameters.filter((name) => !weights.value.has(name));
  if (missing.length === 0) return { ok: true, value: undefined };
  return { ok: true, value: `${path} has no ${some(missing)}: these start from random weights` };
}

function given(
  name: string,
  tensor: NamedWeight,
  weights: ReadonlyMap<string, NamedWeight>,
  parameters: readonly string[],
): NamedWeight {
  const weight = parameters.includes(name) ? weights.get(name) : undefined;
  return weight === undefined ? tensor : { shape: tensor.shape, data: weight.data };
}

function misfitOf(
  state: TensorState,
  weights: ReadonlyMap<string, NamedWeight>,
  parameters: readonly string[],
): string | undefined {
  for (const name of parameters) {
    const [own, weight] = [state.get(name), weights.get(name)];
    if (own === undefined || weight === undefined) continue;
    if (own.shape.join() !== weight.shape.join())
      return `${name} is ${formatShape(weight.shape)} in the file and ${formatShape(own.shape)} in the network. Name the entry with the arguments that the weights were trained with`;
    if (!weight.data.every((value) => Number.isFinite(value))) return `${name} has values that are no finite numbers`;
  }
  return undefined;
}

/** The first few of many. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${String(names.length - 3)} more` : shown === '' ? 'nothing' : shown;
}
