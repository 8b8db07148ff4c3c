// How a network's tensors lie in memory: which depend on the input, in which order their axes follow one another, how wide
// an element is, and who has to copy one first. A permutation moves nothing; whoever then needs the axes in order pays.

import { valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { Op, ValueId } from '../../network/op.ts';
import { elementCount, type Shape } from '../../network/shape.ts';
import { bytesOfProducts, isMixed, type Execution } from './execution.ts';
import { RecentAnswers } from './recent-answers.ts';

/** What is known of one tensor. */
export interface Stored {
  /** Elements for a batch of one. */
  readonly elements: number;
  /** False for weights and what is computed of weights alone: the batch does not multiply it. */
  readonly dependsOnInput: boolean;
  /** Its axes, the slowest first. */
  readonly order: readonly number[];
  readonly bytes: number;
  /** The tensor that this one is another view of; itself where it has memory of its own. */
  readonly source: ValueId;
}

export interface OpStorage {
  /** An op that only renames or forgets elements, or none at all: it takes no time. */
  readonly isView: boolean;
  /** Elements that are copied into order first, for a batch of one. */
  readonly copied: number;
  /** Its part of an attention that one call computes, whose scores never reach memory. */
  readonly attention?: 'scores' | 'softmax' | 'mix';
}

export interface Storage {
  /** Indexed by value id; undefined where a shape is unknown. */
  readonly values: readonly (Stored | undefined)[];
  /** Indexed by op id; undefined where a shape is unknown. */
  readonly ops: readonly (OpStorage | undefined)[];
}

type StorageWay = Pick<Execution, 'precision' | 'channelsLast'>;

const recent = new RecentAnswers<Storage>();

/** Works out where everything lies; of an execution its number format and the order of its channels count. */
export function storageOf(graph: NetworkGraph, execution: StorageWay): Storage {
  const { precision, channelsLast } = execution;
  return recent.of(graph, `${precision} ${String(channelsLast)}`, () => workedOut(graph, execution));
}

function workedOut(graph: NetworkGraph, execution: StorageWay): Storage {
  const attention = attentions(graph);
  const values: (Stored | undefined)[] = [];
  const ops = graph.ops.map((op): OpStorage | undefined => {
    const part = attention.get(op.id);
    const reading = new Reading(graph, op, values);
    if (!reading.isKnown) return undefined;
    const placed = place(reading, part, execution);
    const bytes = bytesAfter(reading, part, execution);
    for (const id of op.outputs) {
      const viewed = placed.isView && reading.first !== undefined ? reading.first.source : id;
      values[id] = {
        elements: reading.count(id),
        dependsOnInput: op.attributes.kind === 'input' || reading.dependsOnInput,
        order: placed.order,
        bytes,
        source: viewed,
      };
    }
    return { isView: placed.isView, copied: placed.copied, ...(part !== undefined && { attention: part }) };
  });
  return { values, ops };
}

/** An op with what is known of the tensors that it reads. */
class Reading {
  readonly op: Op;
  readonly shape: Shape;
  readonly inputs: readonly Stored[];
  readonly inputShapes: readonly Shape[];
  readonly isKnown: boolean;
  readonly #graph: NetworkGraph;

  constructor(graph: NetworkGraph, op: Op, values: readonly (Stored | undefined)[]) {
    this.#graph = graph;
    this.op = op;
    this.shape = op.outputs[0] === undefined ? [] : valueOf(graph, op.outputs[0]).shape;
    const inputs = op.inputs.map((id) => values[id]);
    this.inputs = inputs.filter((stored) => stored !== undefined);
    this.inputShapes = op.inputs.map((id) => valueOf(graph, id).shape);
    this.isKnown =
      this.inputs.length === inputs.length &&
      op.outputs.every((id) => elementCount(valueOf(graph, id).shape) !== undefined);
  }

  get first(): Stored | undefined {
    return this.inputs[0];
  }

  get dependsOnInput(): boolean {
    return this.inputs.some((input) => input.dependsOnInput);
  }

  count(id: ValueId): number {
    return elementCount(valueOf(this.#graph, id).shape) ?? 0;
  }
}

interface Placed {
  readonly isView: boolean;
  readonly copied: number;
  readonly order: readonly number[];
}

const inOrder = (rank: number): readonly number[] => Array.from({ length: rank }, (_, axis) => axis);

/** Channels last: the batch, the places, the channels. */
const channelsBehind = (rank: number): readonly number[] => [0, ...inOrder(rank).slice(2), 1];

const sameOrder = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((axis, place) => axis === right[place]);

/** The axes of more than one element, as they follow one another. */
const realAxes = (order: readonly number[], shape: Shape): readonly number[] =>
  order.filter((axis) => shape[axis] !== 1);

function isInOrder(order: readonly number[], shape: Shape): boolean {
  return realAxes(order, shape).every((axis, place, axes) => place === 0 || axis > (axes[place - 1] ?? -1));
}

function place(reading: Reading, attention: OpStorage['attention'], { channelsLast }: StorageWay): Placed {
  const { op, shape, first } = reading;
  const rank = shape.length;
  const plain = inOrder(rank);
  const firstOrder = first?.order ?? plain;
  const kept = firstOrder.length === rank ? firstOrder : plain;
  const made = (order: readonly number[], copied = 0): Placed => ({ isView: false, copied, order });
  const view = (order: readonly number[]): Placed => ({ isView: true, copied: 0, order });
  const imageOrder = channelsLast && rank === 4 ? channelsBehind(rank) : undefined;
  switch (op.attributes.kind) {
    case 'input':
    case 'constant':
      return view(plain);
    case 'identity':
    case 'dropout':
    case 'slice':
    case 'expand':
      return view(kept);
    case 'permute': {
      const { order } = op.attributes;
      return view(firstOrder.map((axis) => order.indexOf(axis)));
    }
    case 'reshape':
      return reshaped(reading);
    case 'convolution':
    case 'transposed-convolution':
      return made(
        imageOrder ?? (sameOrder(firstOrder, channelsBehind(firstOrder.length)) ? channelsBehind(rank) : plain),
      );
    case 'pool':
    case 'adaptive-pool':
    case 'pad':
    case 'resize':
      return made(imageOrder ?? (rank > 2 && sameOrder(kept, channelsBehind(rank)) ? kept : plain));
    case 'batch-norm':
    case 'activation':
    case 'elementwise':
      return made(orderOfLargest(reading) ?? plain);
    case 'concat':
      return made(reading.inputs.every(({ order }) => sameOrder(order, kept)) ? kept : plain);
    case 'dense':
    case 'layer-norm':
    case 'group-norm':
      return made(plain, copiedIfDisordered(reading, 0));
    case 'softmax':
      return attention === undefined ? made(plain, copiedIfDisordered(reading, 0)) : view(plain);
    case 'matmul':
      if (attention === 'mix' && rank >= 4) {
        // One kernel writes heads beside one another, so that joining them needs no copy.
        return made([...inOrder(rank - 3), rank - 2, rank - 3, rank - 1]);
      }
      return made(plain, attention === undefined ? copiedBatches(reading) : 0);
    default:
      return made(plain);
  }
}

/** The order of the first operand that depends on the input and is as large as the result. */
function orderOfLargest({ inputs, shape }: Reading): readonly number[] | undefined {
  const largest = Math.max(...inputs.map(({ elements }) => elements));
  const leading = inputs.find(
    (input) => input.dependsOnInput && input.elements === largest && input.order.length === shape.length,
  );
  return (leading ?? inputs.find(({ order }) => order.length === shape.length))?.order;
}

function copiedIfDisordered({ inputs, inputShapes }: Reading, index: number): number {
  const input = inputs[index];
  if (input === undefined || !input.dependsOnInput) return 0;
  return isInOrder(input.order, inputShapes[index] ?? []) ? 0 : input.elements;
}

/** Matrices of a batch may lie transposed, but the batch has to be in order. */
function copiedBatches({ inputs, inputShapes }: Reading): number {
  let copied = 0;
  for (const [index, input] of inputs.entries()) {
    const shape = inputShapes[index] ?? [];
    const axes = realAxes(input.order, shape);
    const batches = axes.filter((axis) => axis < shape.length - 2);
    const matrix = axes.filter((axis) => axis >= shape.length - 2);
    const ordered =
      sameOrder(axes, [...batches, ...matrix]) &&
      sameOrder(
        batches,
        batches.toSorted((a, b) => a - b),
      );
    if (input.dependsOnInput && !ordered) copied += input.elements;
  }
  return copied;
}

/** Axes of one element come and go for nothing; all else needs the elements in order. */
function reshaped(reading: Reading): Placed {
  const { shape, inputs, inputShapes } = reading;
  const before = inputShapes[0] ?? [];
  const order = inputs[0]?.order ?? [];
  const oldAxes = before.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const newAxes = shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const sameSizes =
    oldAxes.length === newAxes.length && oldAxes.every((axis, index) => before[axis] === shape[newAxes[index] ?? -1]);
  if (sameSizes) {
    const renamed = new Map(oldAxes.map((axis, index) => [axis, newAxes[index] ?? axis]));
    const units = shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
    const real = order.flatMap((axis) => renamed.get(axis) ?? []);
    return { isView: true, copied: 0, order: [...units, ...real] };
  }
  const copied = copiedIfDisordered(reading, 0);
  return { isView: copied === 0, copied, order: inOrder(shape.length) };
}

/** What PyTorch's autocast computes in 32 bits. */
const wideActivations: ReadonlySet<string> = new Set(['exp', 'log', 'rsqrt', 'softplus']);
const wideReductions: ReadonlySet<string> = new Set(['sum', 'norm', 'product', 'variance']);

/** Bytes of an element that the op gives. A number without axes takes the format of what it meets: it counts as 0. */
function bytesAfter(
  { op, inputs, shape }: Reading,
  attention: OpStorage['attention'],
  { precision }: StorageWay,
): number {
  const narrow = bytesOfProducts(precision);
  if (!isMixed(precision)) return narrow;
  const widest = Math.max(0, ...inputs.map(({ bytes }) => bytes));
  switch (op.attributes.kind) {
    case 'input':
      return 4;
    case 'constant':
      return shape.length === 0 ? 0 : 4;
    case 'convolution':
    case 'transposed-convolution':
    case 'dense':
    case 'matmul':
      return narrow;
    case 'softmax':
      return attention === undefined ? 4 : narrow;
    case 'layer-norm':
    case 'group-norm':
    case 'local-response-norm':
      return 4;
    case 'elementwise':
      return op.attributes.operator === 'power' ? 4 : widest;
    case 'activation':
      return wideActivations.has(op.attributes.function) ? 4 : widest;
    case 'reduce':
      return wideReductions.has(op.attributes.reducer) ? 4 : widest;
    default:
      return inputs.length === 0 ? 4 : widest;
  }
}

/** The ops of each attention that is one call. PyTorch has a kernel for it where there is one axis of heads. */
function attentions(graph: NetworkGraph): ReadonlyMap<number, NonNullable<OpStorage['attention']>> {
  const found = new Map<number, NonNullable<OpStorage['attention']>>();
  for (const op of graph.ops) {
    if (op.attributes.kind !== 'softmax') continue;
    const [input] = op.inputs;
    const [output] = op.outputs;
    if (input === undefined || output === undefined) continue;
    const scores = graph.ops[valueOf(graph, input).producer];
    const { consumers } = valueOf(graph, output);
    const mix = graph.ops[consumers[0] ?? -1];
    if (scores?.attributes.kind !== 'matmul' || mix?.attributes.kind !== 'matmul' || consumers.length !== 1) continue;
    if (valueOf(graph, input).shape.length > 4 || !isOneCall(scores, op) || !isOneCall(op, mix)) continue;
    found.set(scores.id, 'scores').set(op.id, 'softmax').set(mix.id, 'mix');
  }
  return found;
}

function isOneCall(left: Op, right: Op): boolean {
  const [one, other] = [left.site?.span, right.site?.span];
  return (
    one !== undefined &&
    other !== undefined &&
    one.start === other.start &&
    one.end === other.end &&
    one.document === other.document
  );
}
