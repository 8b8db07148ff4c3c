// What a training makes smaller: which loss each output has, and which target of the data set it is held against. What is not said
// follows from the targets and the outputs' shapes.

import type { Result } from '../../common/problem.ts';
import { valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import { formatShape } from '../../network/shape.ts';
import type { LossKind, RunLoss } from '../../protocol/run-config.ts';
import type { DataSet, Target } from '../data/data-set.ts';
import { targetsOfSet, type WantedTarget } from '../data/target-batches.ts';
import type { OutputLoss } from '../engines/engine.ts';
import { imageLayoutOf } from './image-layout-of.ts';

/** Where what no run can train is trained. */
export const ownScript =
  'Runs train networks whose outputs are classes of images or pixels, numbers or images; for anything else add MorphNet to your own training script: Add to My Training Script, or morphnet attach';

/** Both absent for classifiers with one output. */
interface Objective {
  readonly losses: readonly OutputLoss[] | undefined;
  /** One a loss. */
  readonly targets: readonly WantedTarget[] | undefined;
}

type KnownData = Pick<DataSet, 'name' | 'targets' | 'classes'>;

/** What a run that fits makes smaller; to be asked when `objectiveOf` gave no error. */
export function objectiveIn(
  graph: NetworkGraph,
  dataSet: KnownData,
  losses: readonly RunLoss[] | undefined,
): Objective {
  const found = objectiveOf(graph, dataSet, losses);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

/** The losses of a run, or why the outputs can't be held against what the data set has. */
export function objectiveOf(
  graph: NetworkGraph,
  dataSet: KnownData,
  losses: readonly RunLoss[] | undefined,
): Result<Objective> {
  const outputs = graph.outputs.map((output) => valueOf(graph, output).shape.slice(1));
  if (losses === undefined && dataSet.targets === undefined) return classifierOf(outputs, dataSet);
  const targets = targetsOfSet(dataSet);
  const chosen = losses === undefined ? inferred(outputs, targets, dataSet) : ({ ok: true, value: losses } as const);
  if (!chosen.ok) return chosen;
  const wanted = chosen.value;
  if (wanted.length > outputs.length || (losses !== undefined && wanted.length < outputs.length && wanted.length !== 1))
    return {
      ok: false,
      error: `There are ${String(wanted.length)} losses for ${String(outputs.length)} outputs. Name one an output, in their order; or one alone, for the first`,
    };
  const found: { readonly loss: OutputLoss; readonly target: WantedTarget }[] = [];
  for (const [output, loss] of wanted.entries()) {
    const target = targetOf(loss, output, targets, dataSet);
    if (!target.ok) return target;
    const shape = outputs[output] ?? [];
    const misfit = misfitOf(loss.kind, shape, target.value, imageLayoutOf(graph) === 'hwc');
    if (misfit !== undefined) return { ok: false, error: `${sayOutput(output, outputs.length)} ${misfit}. ${remedy}` };
    found.push({
      loss: { output, kind: loss.kind, weight: loss.weight ?? 1 },
      target: {
        target: targets.indexOf(target.value),
        as: loss.kind === 'cross-entropy' ? 'classes' : 'numbers',
      },
    });
  }
  return {
    ok: true,
    value: { losses: found.map(({ loss }) => loss), targets: found.map(({ target }) => target) },
  };
}

const remedy = `Choose other data, or say by losses in morphnet.json what it learns. ${ownScript}`;

function sayOutput(output: number, count: number): string {
  return count === 1 ? 'The network' : `Output ${String(output + 1)} of the network`;
}

type Sizes = ReturnType<typeof valueOf>['shape'];

function classifierOf(outputs: readonly Sizes[], dataSet: KnownData): Result<Objective> {
  const [classes, ...more] = outputs;
  if (classes === undefined || more.length > 0)
    return {
      ok: false,
      error: `The network must have one output, but it has ${String(outputs.length)}. Say by losses in morphnet.json, or --loss, what each learns. ${ownScript}`,
    };
  const wide = classes.filter((size) => size !== 1);
  const [width = classes[0]] = wide;
  if (wide.length > 1 || typeof width !== 'number')
    return {
      ok: false,
      error: `The network must end in one number a class, as ${dataSet.name} has classes of images, but its output is ${formatShape(classes)}. ${ownScript}`,
    };
  if (width < dataSet.classes)
    return {
      ok: false,
      error: `The network tells ${String(width)} classes apart, but ${dataSet.name} has ${String(dataSet.classes)}. Give the model ${String(dataSet.classes)} outputs`,
    };
  return { ok: true, value: { losses: undefined, targets: undefined } };
}

/** The losses that go without saying: one an output that has a target of its own. */
function inferred(
  outputs: readonly Sizes[],
  targets: readonly Target[],
  { name }: KnownData,
): Result<readonly RunLoss[]> {
  if (outputs.length !== targets.length) {
    const names =
      targets.length === 1
        ? '1 target'
        : `${String(targets.length)} targets (${targets.map((target) => target.name).join(', ')})`;
    return {
      ok: false,
      error: `The network has ${String(outputs.length)} outputs, but ${name} has ${names}. Say by losses in morphnet.json, or --loss, which output learns what. ${ownScript}`,
    };
  }
  return { ok: true, value: targets.map((target, index) => ({ kind: usualLoss(target, outputs[index] ?? []) })) };
}

function usualLoss({ kind, shape, classes }: Target, output: Sizes): LossKind {
  if (kind === 'numbers') return shape.length === 3 ? 'l1' : 'mse';
  const elements = product(output);
  const places = product(shape);
  return classes <= 2 && elements === places ? 'binary-cross-entropy' : 'cross-entropy';
}

function targetOf(
  { target: name }: RunLoss,
  output: number,
  targets: readonly Target[],
  dataSet: KnownData,
): Result<Target> {
  const found =
    name === undefined
      ? (targets[output] ?? (targets.length === 1 ? targets[0] : undefined))
      : targets.find((target) => target.name === name);
  if (found !== undefined) return { ok: true, value: found };
  const names = targets.map((target) => (target.name === '' ? 'one without a name' : target.name)).join(', ');
  const what = name === undefined ? `no target for output ${String(output + 1)}` : `no target ${name}`;
  return { ok: false, error: `${dataSet.name} has ${what}; there is ${names}` };
}

const product = (sizes: Sizes): number => sizes.reduce<number>((all, size) => all * Number(size), 1);

/** Why an output can't have a loss on a target; `channelsLast`: of networks whose images have channels last. */
function misfitOf(kind: LossKind, output: Sizes, target: Target, channelsLast: boolean): string | undefined {
  const made = formatShape(output);
  const known = `${target.kind} of ${target.shape.length === 0 ? 'images' : target.shape.join('×')}`;
  switch (kind) {
    case 'cross-entropy': {
      if (target.kind !== 'classes') return `can't learn ${known} by cross-entropy, which is of classes`;
      const wide = output.filter((size) => size !== 1);
      const classes =
        wide.length === 1 && target.shape.length === 0 ? wide[0] : channelsLast ? output.at(-1) : output[0];
      const told = Number(classes ?? 1);
      const places = product(output) / told;
      if (places !== product(target.shape)) return `makes ${made}, which is no score a class for ${known}`;
      if (told < target.classes) return `tells ${String(told)} classes apart, but there are ${String(target.classes)}`;
      return undefined;
    }
    case 'binary-cross-entropy':
      if (target.kind === 'classes' && target.classes > 2)
        return `tells two classes apart, but there are ${String(target.classes)}`;
      return product(output) === product(target.shape) ? undefined : `makes ${made}, but there are ${known}`;
    case 'l1':
    case 'mse':
      if (target.kind !== 'numbers') return `can't learn ${known} by ${kind}, which is of numbers`;
      return product(output) === product(target.shape) ? undefined : `makes ${made}, but there are ${known}`;
  }
}
