// The runtime's blocked layout: [N, C/b, H, W, b] with b channels side by side, in which its fast convolutions work
// (operators of the domain com.microsoft.nchwc; onnxruntime: core/mlas/lib/snchwc.cpp). The runtime itself uses it only
// for constant filters, so here the reordering of filters is part of the graph.
//
// Rules hand plain tensors to each other. A plain tensor that was made by reordering a blocked one stands for both
// forms: whoever can work on blocked data takes the source, and the reordering is left out when nobody needs it.
// Channels are filled up to whole blocks; what stands in the filling is finite and never read back.

import { type GraphEmitter, int, ints, text, type Tensor } from './graph-emitter.ts';
import type { OnnxAttribute, OnnxNode } from './onnx-model.ts';
import { sameShape, sizeOf } from '../shape-arithmetic.ts';
import { add, affine, emit, pad, reduce, reduceSum, reshape, sizeAt } from './operators.ts';

const DOMAIN = 'com.microsoft.nchwc';

/** A tensor in the blocked layout. Its shape is written as [N, filled-up channels, H, W]; `channels` are the real ones. */
export interface Blocked {
  readonly tensor: Tensor;
  readonly channels: number;
}

/** Channels filled up to whole blocks. */
export function filledUp(graph: GraphEmitter, channels: number): number {
  return Math.ceil(channels / graph.channelBlock) * graph.channelBlock;
}

/** The blocked form of a plain tensor, if it was made from one. */
export function knownBlocked(graph: GraphEmitter, x: Tensor): Blocked | undefined {
  const producer = graph.producerOf(x);
  if (producer?.operator !== 'ReorderOutput') return undefined;
  return { tensor: graph.tensorNamed(producer.inputs[0] ?? ''), channels: sizeAt(x, 1) };
}

/** The blocked form of a plain tensor [N, C, H, W]. */
export function toBlocked(graph: GraphEmitter, x: Tensor): Blocked {
  const known = knownBlocked(graph, x);
  if (known !== undefined) return known;
  const channels = sizeAt(x, 1);
  const filled = filledUp(graph, channels);
  const full = pad(graph, x, [0, 0, 0, 0], [0, filled - channels, 0, 0]);
  return { channels, tensor: emit(graph, { operator: 'ReorderInput', domain: DOMAIN, inputs: [full] }, full.shape) };
}

/** The plain form; costs nothing where only the blocked form is used. */
export function toPlain(graph: GraphEmitter, { tensor, channels }: Blocked): Tensor {
  const shape = tensor.shape.map((size, axis) => (axis === 1 ? channels : size));
  const attributes = { channels: int(channels) };
  return emit(graph, { operator: 'ReorderOutput', domain: DOMAIN, inputs: [tensor], attributes }, shape);
}

/** [n, b, m] as [n, m, b]: the reordering of one block of channels, on its own. */
export function reorderBlocks(graph: GraphEmitter, x: Tensor): Tensor {
  const [count = 1, block = 1, size = 1] = x.shape;
  const image = reshape(graph, x, [count, block, size, 1]);
  return reshape(graph, emit(graph, { operator: 'ReorderInput', domain: DOMAIN, inputs: [image] }, image.shape), [
    count,
    size,
    block,
  ]);
}

/** A vector over channels, filled up with zeros to whole blocks. */
export function fillVector(graph: GraphEmitter, values: Tensor): Tensor {
  const channels = sizeAt(values, 0);
  return pad(graph, values, [0], [filledUp(graph, channels) - channels]);
}

/** The real channels of a filled-up vector. */
export function realVector(graph: GraphEmitter, values: Tensor, channels: number): Tensor {
  return pad(graph, values, [0], [channels - sizeAt(values, 0)]);
}

/** The window of a blocked convolution; `pads` are those before on each axis, then those after. */
export interface BlockedWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly groups: number;
}

const pointWindow: Omit<BlockedWindow, 'groups'> = {
  kernel: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
};

/**
 * A convolution of blocked data with a filter that is already laid out for it (blocked-filters.ts). `sum` is added to
 * the result. Its input may also be plain when it has fewer channels than a block.
 */
export function emitBlockedConvolution(
  graph: GraphEmitter,
  inputs: {
    readonly x: Tensor;
    readonly filter: Tensor;
    readonly bias?: Tensor | undefined;
    readonly sum?: Tensor | undefined;
  },
  window: BlockedWindow,
  outputShape: readonly number[],
): Tensor {
  const { x, filter, bias, sum } = inputs;
  const attributes = {
    kernel_shape: ints(window.kernel),
    strides: ints(window.strides),
    dilations: ints(window.dilations),
    pads: ints(window.pads),
    group: int(window.groups),
  };
  const list = sum === undefined ? [x, filter, ...(bias === undefined ? [] : [bias])] : [x, filter, bias, sum];
  return emit(graph, { operator: 'Conv', domain: DOMAIN, inputs: list, attributes }, outputShape);
}

/** Activations that a blocked convolution can apply to its result at no cost. */
export type FusedActivation =
  { readonly kind: 'relu' } | { readonly kind: 'clip'; readonly low: number; readonly high: number };

/**
 * The result of a blocked convolution with a sum, an activation or another bias joined into it: the convolution is
 * emitted anew, and the old one disappears when nothing else uses it. Undefined when `x` is no such result or has these
 * already.
 */
export function joined(
  graph: GraphEmitter,
  x: Tensor,
  extra:
    | { readonly sum: Tensor }
    | { readonly activation: FusedActivation }
    | { readonly bias: (own: Tensor | undefined) => Tensor },
): Tensor | undefined {
  const producer = graph.producerOf(x);
  if (producer === undefined || producer.operator !== 'Conv' || producer.domain !== DOMAIN) return undefined;
  if (producer.attributes['activation'] !== undefined) return undefined;
  const [data, filter, bias, sum] = [0, 1, 2, 3].map((index) => inputOf(graph, producer, index));
  if ('activation' in extra) {
    const attributes = { ...producer.attributes, ...activationAttributes(extra.activation) };
    const inputs = producer.inputs.map((_, index) => inputOf(graph, producer, index));
    return emit(graph, { operator: 'Conv', domain: DOMAIN, inputs, attributes }, x.shape);
  }
  if (sum !== undefined) return undefined;
  const inputs = 'sum' in extra ? [data, filter, bias, extra.sum] : [data, filter, extra.bias(bias)];
  return emit(graph, { operator: 'Conv', domain: DOMAIN, inputs, attributes: producer.attributes }, x.shape);
}

function inputOf(graph: GraphEmitter, node: OnnxNode, index: number): Tensor | undefined {
  const name = node.inputs[index];
  return name === undefined || name === '' ? undefined : graph.tensorNamed(name);
}

function activationAttributes(activation: FusedActivation): Readonly<Record<string, OnnxAttribute>> {
  if (activation.kind === 'relu') return { activation: text('Relu') };
  return { activation: text('Clip'), activation_params: { type: 'floats', value: [activation.low, activation.high] } };
}

/** factor·x + offset (+ sum) with one factor and offset a channel (filled-up vectors), in one pass over the data. */
export function emitChannelAffine(
  graph: GraphEmitter,
  x: Tensor,
  factor: Tensor,
  offset: Tensor | undefined,
  sum?: Tensor,
): Tensor {
  const channels = sizeAt(x, 1);
  const filter = reshape(graph, factor, [channels, 1, 1, 1]);
  return emitBlockedConvolution(graph, { x, filter, bias: offset, sum }, { ...pointWindow, groups: channels }, x.shape);
}

/** Mean over images and positions, a filled-up vector. */
export function emitChannelMean(graph: GraphEmitter, x: Tensor): Tensor {
  const [batch = 1, channels = 1] = x.shape;
  return reduce(graph, 'ReduceMean', reshape(graph, emitImageMean(graph, x), [batch, channels]), [0], false);
}

/** Sum of a plain tensor over everything but its channels, [C]; done in blocks where the tensor is known in blocks. */
export function emitChannelSum(graph: GraphEmitter, x: Tensor): Tensor {
  const blocked = knownBlocked(graph, x);
  if (blocked !== undefined) {
    const mean = realVector(graph, emitChannelMean(graph, blocked.tensor), blocked.channels);
    return affine(graph, mean, sizeOf(x.shape) / blocked.channels, 0);
  }
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  return reduceSum(graph, x, axes, false);
}

/** Mean over the positions of each image, [N, filled-up channels, 1, 1]. */
export function emitImageMean(graph: GraphEmitter, x: Tensor): Tensor {
  const [batch = 1, channels = 1] = x.shape;
  return emit(graph, { operator: 'GlobalAveragePool', domain: DOMAIN, inputs: [x] }, [batch, channels, 1, 1]);
}

/**
 * Mean of the products of corresponding elements over images and positions, a filled-up vector. It is a depthwise
 * convolution of one tensor with the other as its filter, every image's channels being channels of their own: one pass,
 * and the products are never stored.
 */
export function emitChannelProductMean(graph: GraphEmitter, a: Tensor, b: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = a.shape;
  const all = batch * channels;
  const products = emitBlockedConvolution(
    graph,
    { x: reshape(graph, a, [1, all, height, width]), filter: reshape(graph, b, [all, 1, height, width]) },
    { ...pointWindow, kernel: [height, width], groups: all },
    [1, all, 1, 1],
  );
  const mean = reduce(graph, 'ReduceMean', reshape(graph, products, [batch, channels]), [0], false);
  return affine(graph, mean, 1 / (height * width), 0);
}

/**
 * a + b of equal shapes, in blocks where one of them is known in blocks. A term that is the result of a blocked
 * convolution and `mayJoin` (nobody else reads it) takes the other as its sum.
 */
export function emitSum(graph: GraphEmitter, a: Tensor, b: Tensor, mayJoin: readonly [boolean, boolean]): Tensor {
  const isBlocked = knownBlocked(graph, a) !== undefined || knownBlocked(graph, b) !== undefined;
  if (!isBlocked || !sameShape(a.shape, b.shape)) return add(graph, a, b);
  const [left, right] = [toBlocked(graph, a).tensor, toBlocked(graph, b).tensor];
  const tensor =
    (mayJoin[0] ? joined(graph, left, { sum: right }) : undefined) ??
    (mayJoin[1] ? joined(graph, right, { sum: left }) : undefined) ??
    add(graph, left, right);
  return toPlain(graph, { tensor, channels: sizeAt(a, 1) });
}
