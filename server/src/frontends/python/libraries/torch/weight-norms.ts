// `torch.nn.utils.weight_norm` and its newer form: the weight is split into a direction and a length, which is a
// parameter of its own.

import { builtin, int, none, string, unknown } from '../../evaluator/values.ts';
import { parameterTensor } from '../../tracing/traced-call.ts';
import { integerOf } from '../../evaluator/numbers.ts';
import type { PyValue } from '../../evaluator/machine.ts';

/**
 * Gives the weight of a layer its length: a number for each index of `dim` (weight `[out, in, k]`, `dim` 0: `[out, 1, 1]`), one
 * for all where `dim` is None.
 */
const normalise = (lengthName: (name: string) => string): PyValue =>
  builtin('weight_norm', (machine, { positional, keywords }, span) => {
    const module = positional[0] ?? keywords.get('module') ?? none;
    const name = positional[1] ?? keywords.get('name') ?? string('weight');
    const dim = positional[2] ?? keywords.get('dim') ?? int(0);
    if (module.kind !== 'instance') return module;
    const weight = name.kind === 'string' ? module.attributes.get(name.value) : undefined;
    const axis = dim.kind === 'none' ? undefined : integerOf(dim);
    if (name.kind !== 'string' || weight?.kind !== 'tensor' || !weight.parameter || dim.kind === 'unknown') {
      const reason = 'The weight that is normalised here is not known';
      machine.loseTrack(reason, span);
      return unknown(reason, span);
    }
    if (module.attributes.has(lengthName(name.value))) return module;
    const sizes = weight.shape.map((size, i) => (i === axis && typeof size === 'number' ? size : 1));
    const length = parameterTensor(axis === undefined || axis === -1 ? [] : sizes, 'other');
    weight.parameter.length = length;
    machine.change(module).attributes.set(lengthName(name.value), length);
    return module;
  });

/** Takes the length away again: `remove_weight_norm` leaves a plain weight. */
const restore = builtin('remove_weight_norm', (machine, { positional: [module = none, name] }) => {
  const own = name?.kind === 'string' ? name.value : 'weight';
  const weight = module.kind === 'instance' ? module.attributes.get(own) : undefined;
  if (module.kind !== 'instance' || weight?.kind !== 'tensor' || !weight.parameter) return module;
  delete weight.parameter.length;
  machine.change(module).attributes.delete(`${own}_g`);
  return module;
});

export const weightNorms: readonly (readonly [string, PyValue])[] = [
  ['weight_norm', normalise((name) => `${name}_g`)],
  ['remove_weight_norm', restore],
];

export const weightParametrizations: readonly (readonly [string, PyValue])[] = [
  ['weight_norm', normalise((name) => `parametrizations.${name}.original0`)],
];
