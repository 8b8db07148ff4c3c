// Convolutions by the standard operators, for all shapes: forwards, back to the input, and the weight's gradient.
// Shapes that the runtime's blocked convolutions can do go through blocked-convolution.ts instead.

import type { Padding } from '../../../network/op.ts';
import { mirroredWeight } from './blocked-filters.ts';
import { type GraphEmitter, int, ints, type Tensor } from './graph-emitter.ts';
import { sizeOf } from '../shape-arithmetic.ts';
import { concat, emit, matMul, pad, reduceSum, reshape, sizeAt, slice } from './operators.ts';

/** The window of a convolution, one entry per spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly Padding[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

function attributesOf(window: Window) {
  return {
    kernel_shape: ints(window.kernel),
    strides: ints(window.stride),
    dilations: ints(window.dilation),
    pads: ints([...window.padding.map((side) => side.before), ...window.padding.map((side) => side.after)]),
    group: int(window.groups),
  };
}

/** y = x ∗ w (+ b); x [N, C, …], w [O, C/groups, …kernel]. */
export function emitConvolution(
  graph: GraphEmitter,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  window: Window,
  outputShape: readonly number[],
): Tensor {
  return emit(graph, { operator: 'Conv', inputs: [x, weight, bias], attributes: attributesOf(window) }, outputShape);
}

/** The transpose of that map: from the output's shape back to `inputShape`. */
export function emitTransposedConvolution(
  graph: GraphEmitter,
  y: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  window: Window,
  inputShape: readonly number[],
): Tensor {
  const mirrored = mirroredWindow(window);
  const isPadded = mirrored.padding.every(({ before, after }) => before >= 0 && after >= 0);
  if (window.stride.every((step) => step === 1) && isPadded && bias === undefined) {
    const filter = mirroredWeight(graph, weight, window.groups);
    return emitConvolution(graph, y, filter, undefined, mirrored, inputShape);
  }
  const outputPadding = window.kernel.map((size, axis) => {
    const reach = (window.dilation[axis] ?? 1) * (size - 1) + 1;
    const { before, after } = window.padding[axis] ?? { before: 0, after: 0 };
    return (
      sizeAt({ shape: inputShape }, axis + 2) -
      ((sizeAt(y, axis + 2) - 1) * (window.stride[axis] ?? 1) + reach - before - after)
    );
  });
  const attributes = { ...attributesOf(window), output_padding: ints(outputPadding) };
  return emit(graph, { operator: 'ConvTranspose', inputs: [y, weight, bias], attributes }, inputShape);
}

function mirroredWindow(window: Window): Window {
  const padding = window.padding.map(({ before, after }, axis) => {
    const reach = (window.dilation[axis] ?? 1) * ((window.kernel[axis] ?? 1) - 1);
    return { before: reach - before, after: reach - after };
  });
  return { ...window, padding };
}

/**
 * The weight's gradient, [O, C/groups, …kernel]: for each tap of the kernel the product of the output's gradient with
 * the part of the input that the tap saw.
 */
export function emitWeightGradient(graph: GraphEmitter, x: Tensor, gradient: Tensor, window: Window): Tensor {
  const [batch = 1, out = 1, ...positions] = gradient.shape;
  const channels = sizeAt(x, 1);
  const { kernel, stride, dilation, padding, groups } = window;
  const spatial = kernel.map((_, axis) => axis + 2);
  const reachedEnd = spatial.map((axis, index) => {
    const last =
      (sizeAt(gradient, axis) - 1) * (stride[index] ?? 1) + (dilation[index] ?? 1) * ((kernel[index] ?? 1) - 1);
    return Math.max(padding[index]?.after ?? 0, last + 1 - sizeAt(x, axis) - (padding[index]?.before ?? 0));
  });
  const padded = pad(
    graph,
    x,
    [0, 0, ...padding.map((side) => side.before)],
    [0, 0, ...reachedEnd.map((amount) => Math.max(0, amount))],
  );
  const flatGradient = reshape(graph, gradient, [batch, groups, out / groups, sizeOf(positions)]);
  const taps = offsetsOf(kernel).map((offset) => {
    const seen = slice(
      graph,
      padded,
      spatial.map((axis, index) => ({
        axis,
        start: (offset[index] ?? 0) * (dilation[index] ?? 1),
        size: positions[index] ?? 1,
        step: stride[index] ?? 1,
      })),
    );
    const flat = reshape(graph, seen, [batch, groups, channels / groups, sizeOf(positions)]);
    const perImage = matMul(graph, flatGradient, flat, { transposeB: true });
    return reshape(graph, reduceSum(graph, perImage, [0]), [out, channels / groups, 1]);
  });
  return reshape(graph, concat(graph, taps, 2), [out, channels / groups, ...kernel]);
}

/** Every index into the kernel, last axis fastest. */
function offsetsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, index) => [...offset, index])),
    [[]],
  );
}
