// Which values are gone once channels are dead (spec 5.4): a value without channels vanishes, and with it whatever is
// computed from it alone, up to the next sum, product or concatenation. Sizes only; the network is rebuilt elsewhere.

import { broadcastShapes, resolveAxis } from '../network/dimensions.ts';
import { opOf, valueOf } from '../network/network-graph.ts';
import { keepsChannels } from '../network/op-traits.ts';
import type { Op, OpAttributes, OpId, ValueId } from '../network/op.ts';
import { formatShape, type Shape } from '../network/shape.ts';
import type { ChannelGrouping } from './channel-grouping.ts';

/** What becomes of one value. */
export type Survival =
  | { readonly kind: 'vanished' }
  /** The op is left out and its input stands in for its output: a sum with one operand left. */
  | { readonly kind: 'alias'; readonly of: ValueId; readonly kept: Int32Array | undefined }
  /** `kept[k]` says how many channels stand for place k of the value's channel axis; undefined without such an axis. */
  | { readonly kind: 'kept'; readonly inputs: readonly EffectiveInput[]; readonly kept: Int32Array | undefined };

/** An input that is still there, or zeros in its place. */
export type EffectiveInput =
  { readonly kind: 'value'; readonly value: ValueId } | { readonly kind: 'zeros'; readonly for: ValueId };

/**
 * What to do with a part of a concatenation that contributes nothing although its channels are alive elsewhere: `drop` it,
 * or, where the others must keep their places, fill it with `zeros`.
 */
export type DeadParts = 'drop' | 'zeros';

/**
 * `dead` ops vanish whatever their counts. Undefined where dropped parts would leave channels without their partners: then
 * `zeros` is needed.
 */
export function survivalOf(
  grouping: ChannelGrouping,
  counts: ArrayLike<number>,
  dead: ReadonlySet<OpId>,
  deadParts: DeadParts,
): readonly Survival[] | undefined {
  const { graph } = grouping;
  const survivals: Survival[] = [];
  const keptBy = (value: ValueId): Int32Array | undefined =>
    grouping.valueChannels[value]?.channels.map((channel) => counts[channel] ?? 0);
  for (const value of graph.values) {
    const op = opOf(graph, value.producer);
    const survival = dead.has(op.id)
      ? vanished
      : survivalOfOutput({ grouping, survivals, keptBy, deadParts }, op, value.id);
    if (survival === undefined) return undefined;
    survivals.push(survival);
  }
  return survivals;
}

interface Walk {
  readonly grouping: ChannelGrouping;
  readonly survivals: readonly Survival[];
  readonly keptBy: (value: ValueId) => Int32Array | undefined;
  readonly deadParts: DeadParts;
}

const vanished: Survival = { kind: 'vanished' };

function survivalOfOutput(walk: Walk, op: Op, value: ValueId): Survival | undefined {
  const kept = walk.keptBy(value);
  if (kept?.every((count) => count === 0) === true && kept.length > 0) return vanished;
  const isGone = (input: ValueId): boolean => walk.survivals[input]?.kind === 'vanished';
  switch (op.attributes.kind) {
    case 'elementwise':
      return op.inputs.some(isGone) ? combined(walk, op, op.attributes, value) : unmasked(walk, op, kept);
    case 'concat':
      return concatenated(walk, op, op.attributes.axis, value, kept);
    default:
      return op.inputs.some(isGone) ? vanished : unmasked(walk, op, kept);
  }
}

/** Channels that are missing in spite of their count, because a part of a concatenation was dropped. */
function hasGap(walk: Walk, value: ValueId): boolean {
  const survival = walk.survivals[value];
  if (survival === undefined || survival.kind === 'vanished' || survival.kept === undefined) return false;
  const wanted = walk.keptBy(value);
  return survival.kept.some((count, place) => count !== wanted?.[place]);
}

/** The usual case: all inputs are there. Gaps pass through ops that leave channels where they are, and end in mixing layers. */
function unmasked(walk: Walk, op: Op, kept: Int32Array | undefined): Survival | undefined {
  const inputs = op.inputs.map((value): EffectiveInput => ({ kind: 'value', value }));
  const gaps = op.inputs.filter((value) => hasGap(walk, value));
  if (gaps.length === 0 || mixesChannels(op)) return { kind: 'kept', inputs, kept };
  const [gap] = gaps;
  const survival = gap === undefined ? undefined : walk.survivals[gap];
  if (survival === undefined || survival.kind === 'vanished' || op.inputs.length > 1 || !keepsChannels(op.attributes))
    return undefined;
  return { kind: 'kept', inputs, kept: survival.kept };
}

function mixesChannels(op: Op): boolean {
  const { attributes } = op;
  return attributes.kind === 'dense' || (attributes.kind === 'convolution' && attributes.groups === 1);
}

/** What is left of an element-wise op when some operands vanished. */
function combined(
  walk: Walk,
  op: Op,
  { operator }: Extract<OpAttributes, { readonly kind: 'elementwise' }>,
  value: ValueId,
): Survival | undefined {
  const isGone = (input: ValueId): boolean => walk.survivals[input]?.kind === 'vanished';
  const left = op.inputs.filter((input) => !isGone(input));
  const shapeOf = (id: ValueId): Shape => valueOf(walk.grouping.graph, id).shape;
  const whole = formatShape(shapeOf(value));
  switch (operator) {
    case 'power':
    case 'compare':
    case 'where':
      return vanished;
    case 'multiply':
    case 'divide':
      // A product with nothing is nothing; a gate (a broadcast factor) that is gone lets everything pass.
      if (op.inputs.some((input) => isGone(input) && formatShape(shapeOf(input)) === whole)) return vanished;
      break;
    default:
  }
  const shape = left.map(shapeOf).reduce<Shape | undefined>((sum, next) => sum && broadcastShapes(sum, next), []);
  if (left.length === 0 || shape === undefined || formatShape(shape) !== whole) return vanished;
  if (left.some((input) => hasGap(walk, input))) return undefined;
  const kept = walk.keptBy(value);
  const [only] = left;
  if (left.length === 1 && only !== undefined) return { kind: 'alias', of: only, kept };
  return { kind: 'kept', inputs: left.map((input) => ({ kind: 'value', value: input })), kept };
}

function concatenated(
  walk: Walk,
  op: Op,
  axis: number,
  value: ValueId,
  kept: Int32Array | undefined,
): Survival | undefined {
  const { graph, valueChannels } = walk.grouping;
  const channels = valueChannels[value];
  const joined = resolveAxis(axis, valueOf(graph, value).shape.length);
  const isGone = (input: ValueId): boolean => walk.survivals[input]?.kind === 'vanished';
  if (op.inputs.every(isGone)) return vanished;
  if (channels === undefined || kept === undefined || channels.axis !== joined) {
    if (op.inputs.some((input) => !isGone(input) && hasGap(walk, input))) return undefined;
    const inputs = op.inputs.map((input): EffectiveInput =>
      isGone(input) ? { kind: 'zeros', for: input } : { kind: 'value', value: input },
    );
    return { kind: 'kept', inputs, kept };
  }
  const inputs: EffectiveInput[] = [];
  const places = Int32Array.from(kept);
  let start = 0;
  for (const input of op.inputs) {
    const survival = walk.survivals[input];
    const width = Number(valueOf(graph, input).shape[joined]);
    if (survival === undefined || survival.kind === 'vanished') {
      const isWanted = kept.subarray(start, start + width).some((count) => count > 0);
      if (isWanted && walk.deadParts === 'zeros') inputs.push({ kind: 'zeros', for: input });
      else places.fill(0, start, start + width);
    } else {
      inputs.push({ kind: 'value', value: input });
      if (survival.kept !== undefined) places.set(survival.kept, start);
    }
    start += width;
  }
  const [only] = inputs;
  if (inputs.length === 1 && only?.kind === 'value' && op.inputs.length > 1) {
    return { kind: 'alias', of: only.value, kept: places };
  }
  return { kind: 'kept', inputs, kept: places };
}
