// Convolutions in the blocked layout: forwards, the input's gradient and the weight's gradient.

import {
  denseFilter,
  depthwiseFilter,
  mirroredDenseFilter,
  plainInputFilter,
  reversedTaps,
} from './blocked-filters.ts';
import {
  type Blocked,
  type BlockedWindow,
  emitBlockedConvolution,
  fillVector,
  filledUp,
  knownBlocked,
  toBlocked,
  toPlain,
} from './blocked-layout.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import { pad, reduceSum, reshape, sizeAt, slice, transpose } from './operators.ts';
import { blockedWeightGradient } from './blocked-weight-gradient.ts';
import { emitWeightGradient, type Window } from './plain-convolution.ts';

/** How a convolution can be done in blocks. */
export type BlockedKind = 'dense' | 'depthwise' | 'plain-input';

/** Undefined where the runtime has no blocked convolution for these shapes, or where blocks would be mostly filling. */
export function blockedKind(graph: GraphEmitter, x: Tensor, weight: Tensor, groups: number): BlockedKind | undefined {
  const b = graph.channelBlock;
  if (b === 1 || x.shape.length !== 4) return undefined;
  const [out = 1, perGroup = 1] = weight.shape;
  const channels = sizeAt(x, 1);
  if (out < b / 2) return undefined;
  if (groups === 1) {
    if (channels >= b) return 'dense';
    return knownBlocked(graph, x) === undefined ? 'plain-input' : undefined;
  }
  if (perGroup === 1 && groups === out) return 'depthwise';
  return perGroup % b === 0 && (out / groups) % b === 0 ? 'dense' : undefined;
}

function blockedWindow(window: Window, groups: number): BlockedWindow {
  return {
    kernel: window.kernel,
    strides: window.stride,
    dilations: window.dilation,
    pads: [...window.padding.map((side) => side.before), ...window.padding.map((side) => side.after)],
    groups,
  };
}

/** y = x ∗ w (+ b), as a plain tensor that knows its blocked form. */
export function emitBlockedForward(
  graph: GraphEmitter,
  kind: BlockedKind,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  window: Window,
  outputShape: readonly number[],
): Tensor {
  const channels = sizeAt(weight, 0);
  const shape = outputShape.map((size, axis) => (axis === 1 ? filledUp(graph, channels) : size));
  const groups = kind === 'depthwise' ? filledUp(graph, channels) : window.groups;
  const inputs = {
    x: kind === 'plain-input' ? x : toBlocked(graph, x).tensor,
    filter: filterOf(graph, kind, weight),
    bias: bias && fillVector(graph, bias),
  };
  return toPlain(graph, {
    channels,
    tensor: emitBlockedConvolution(graph, inputs, blockedWindow(window, groups), shape),
  });
}

function filterOf(graph: GraphEmitter, kind: BlockedKind, weight: Tensor): Tensor {
  switch (kind) {
    case 'dense':
      return denseFilter(graph, weight);
    case 'depthwise':
      return depthwiseFilter(graph, weight);
    case 'plain-input':
      return plainInputFilter(graph, weight);
  }
}

/** The input's gradient, [N, C, H, W] in both forms. Strides are undone by putting zeros between the gradient's elements. */
export function emitBlockedInputGradient(
  graph: GraphEmitter,
  kind: 'dense' | 'depthwise',
  gradient: Tensor,
  weight: Tensor,
  window: Window,
  inputShape: readonly number[],
): Tensor {
  const { kernel, stride, dilation, padding } = window;
  const blocked = toBlocked(graph, gradient);
  const channels = sizeAt({ shape: inputShape }, 1);
  const filter =
    kind === 'depthwise'
      ? depthwiseFilter(graph, reversedTaps(graph, weight))
      : mirroredDenseFilter(graph, weight, window.groups);
  const groups = kind === 'depthwise' ? filledUp(graph, channels) : window.groups;
  const filled = filledUp(graph, channels);
  const isPoint =
    kernel.every((size) => size === 1) && padding.every(({ before, after }) => before === 0 && after === 0);
  if (isPoint && stride.some((step) => step > 1)) {
    // A single tap: the product first, on few positions, and then the zeros.
    const [batch = 1, , height = 1, width = 1] = blocked.tensor.shape;
    const shape = [batch, filled, height, width];
    const window1 = { kernel, strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups };
    const product = emitBlockedConvolution(graph, { x: blocked.tensor, filter }, window1, shape);
    return toPlain(graph, { channels, tensor: spreadOut(graph, product, stride, inputShape.slice(2)) });
  }
  const reach = kernel.map((size, axis) => (dilation[axis] ?? 1) * (size - 1));
  const before = reach.map((distance, axis) => distance - (padding[axis]?.before ?? 0));
  const spread = stride.every((step) => step === 1)
    ? blocked.tensor
    : spreadOut(
        graph,
        blocked.tensor,
        stride,
        blocked.tensor.shape.slice(2).map((size, axis) => (size - 1) * (stride[axis] ?? 1) + 1),
      );
  // Behind the last window the input was not looked at: more padding gives the zeros there.
  const after = reach.map(
    (distance, axis) =>
      sizeAt({ shape: inputShape }, axis + 2) + distance - (before[axis] ?? 0) - sizeAt(spread, axis + 2),
  );
  const cropped = [...before, ...after].some((amount) => amount < 0);
  const [data, pads] = cropped
    ? [padSpatially(graph, spread, before, after), [0, 0, 0, 0]]
    : [spread, [...before, ...after]];
  const shape = inputShape.map((size, axis) => (axis === 1 ? filled : size));
  const mirrored = { kernel, strides: [1, 1], dilations: dilation, pads, groups };
  return toPlain(graph, { channels, tensor: emitBlockedConvolution(graph, { x: data, filter }, mirrored, shape) });
}

/** Pads (or crops) height and width of blocked data. */
function padSpatially(graph: GraphEmitter, x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  const b = graph.channelBlock;
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const planes = reshape(graph, x, [(batch * channels) / b, height, width, b]);
  const padded = pad(graph, planes, [0, ...before, 0], [0, ...after, 0]);
  return reshape(graph, padded, [batch, channels, sizeAt(padded, 1), sizeAt(padded, 2)]);
}

/** Puts zeros between the positions of blocked data, `stride` from one to the next, on a field of the given size. */
function spreadOut(graph: GraphEmitter, x: Tensor, stride: readonly number[], size: readonly number[]): Tensor {
  const b = graph.channelBlock;
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [down = 1, across = 1] = stride;
  const cells = reshape(graph, x, [(batch * channels) / b, height, 1, width, 1, b]);
  const gaps = pad(graph, cells, [0, 0, 0, 0, 0, 0], [0, 0, down - 1, 0, across - 1, 0]);
  const grid = reshape(graph, gaps, [(batch * channels) / b, height * down, width * across, b]);
  const [tall = 1, wide = 1] = size;
  const exact = pad(graph, grid, [0, 0, 0, 0], [0, tall - height * down, wide - width * across, 0]);
  return reshape(graph, exact, [batch, channels, tall, wide]);
}

/** The weight's gradient, [O, C/groups, kh, kw]. */
export function emitBlockedWeightGradient(
  graph: GraphEmitter,
  kind: BlockedKind,
  x: Tensor,
  gradient: Tensor,
  window: Window,
): Tensor {
  if (kind === 'depthwise')
    return depthwiseWeightGradient(graph, toBlocked(graph, x), toBlocked(graph, gradient), window);
  const fast = window.groups === 1 ? blockedWeightGradient(graph, toBlocked(graph, x), gradient, window) : undefined;
  return fast ?? emitWeightGradient(graph, x, gradient, window);
}

/**
 * Every image's channels are channels of their own, and the gradient is the filter that slides over the input: one
 * depthwise convolution whose output positions are the taps. Strides and dilations change places.
 */
function depthwiseWeightGradient(graph: GraphEmitter, x: Blocked, gradient: Blocked, window: Window): Tensor {
  const b = graph.channelBlock;
  const [batch = 1, channels = 1, height = 1, width = 1] = x.tensor.shape;
  const { kernel, stride, dilation, padding } = window;
  const positions = gradient.tensor.shape.slice(2);
  const all = batch * channels;
  const after = kernel.map((size, axis) => {
    const seen = (size - 1) * (dilation[axis] ?? 1) + ((positions[axis] ?? 1) - 1) * (stride[axis] ?? 1) + 1;
    return Math.max(0, seen - sizeAt(x.tensor, axis + 2) - (padding[axis]?.before ?? 0));
  });
  const found = kernel.map((_, axis) => {
    const span = ((positions[axis] ?? 1) - 1) * (stride[axis] ?? 1) + 1;
    const room = sizeAt(x.tensor, axis + 2) + (padding[axis]?.before ?? 0) + (after[axis] ?? 0) - span;
    return Math.floor(room / (dilation[axis] ?? 1)) + 1;
  });
  const taps = emitBlockedConvolution(
    graph,
    {
      x: reshape(graph, x.tensor, [1, all, height, width]),
      filter: reshape(graph, gradient.tensor, [all, 1, ...positions]),
    },
    {
      kernel: positions,
      strides: dilation,
      dilations: stride,
      pads: [...padding.map((side) => side.before), ...after],
      groups: all,
    },
    [1, all, ...found],
  );
  const [rows = 1, columns = 1] = found;
  const [kh = 1, kw = 1] = kernel;
  const summed = reduceSum(graph, reshape(graph, taps, [batch, channels / b, rows, columns, b]), [0], false);
  const used = slice(graph, summed, [
    { axis: 1, start: 0, size: kh, step: 1 },
    { axis: 2, start: 0, size: kw, step: 1 },
  ]);
  const plain = reshape(graph, transpose(graph, used, [0, 3, 1, 2]), [channels, 1, kh, kw]);
  return pad(graph, plain, [0, 0, 0, 0], [x.channels - channels, 0, 0, 0]);
}
