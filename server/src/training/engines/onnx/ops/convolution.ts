// Convolution in 1 to 3 dimensions: groups, dilation, strides and uneven padding.

import type { Padding } from '../../../../network/op.ts';
import { withChannelsFirst } from '../channels-first.ts';
import { type GraphEmitter, int, ints, type Tensor } from '../graph-emitter.ts';
import { type Emitted, inputOf, type OpRule, requiredTensorOf, tensorOf } from '../op-rule.ts';
import {
  concat,
  emit,
  expand,
  matMul,
  pad,
  reduceSum,
  reshape,
  sizeAt,
  sizeOf,
  slice,
  transpose,
} from '../operators.ts';
import { emitPad } from './pad.ts';

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
  if (window.stride.every((step) => step === 1) && bias === undefined) {
    return emitConvolution(
      graph,
      y,
      mirrored(graph, weight, window.groups),
      undefined,
      mirroredWindow(window),
      inputShape,
    );
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

/** The filter that undoes at stride 1: in and out swapped within each group, taps in reverse order. */
function mirrored(graph: GraphEmitter, weight: Tensor, groups: number): Tensor {
  const [out = 1, inPerGroup = 1, ...kernel] = weight.shape;
  const reversed = slice(
    graph,
    weight,
    kernel.flatMap((size, axis) => (size === 1 ? [] : [{ axis: axis + 2, start: size - 1, size, step: -1 }])),
  );
  const grouped = reshape(graph, reversed, [groups, out / groups, inPerGroup, ...kernel]);
  const swapped = transpose(graph, grouped, [0, 2, 1, ...kernel.map((_, axis) => axis + 3)]);
  return reshape(graph, swapped, [groups * inPerGroup, out / groups, ...kernel]);
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
export function offsetsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, index) => [...offset, index])),
    [[]],
  );
}

export const convolutionRule: OpRule<'convolution'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (input, outputShape): Emitted => {
        const { graph, attributes } = context;
        const weight = requiredTensorOf(context, 'weight');
        const bias = tensorOf(context, 'bias');
        const border =
          attributes.paddingMode === 'zeros'
            ? undefined
            : emitBorder(graph, input, attributes.padding, attributes.paddingMode);
        const x = border?.output ?? input;
        const window: Window =
          border === undefined
            ? attributes
            : { ...attributes, padding: attributes.padding.map(() => ({ before: 0, after: 0 })) };
        return {
          output: emitConvolution(graph, x, weight.tensor, bias?.tensor, window, outputShape),
          pullback: (gradient, wanted) => {
            const inner =
              wanted[0] === true
                ? emitTransposedConvolution(graph, gradient, weight.tensor, undefined, window, x.shape)
                : undefined;
            const ofInput =
              inner !== undefined && border?.pullback !== undefined ? border.pullback(inner, [true]).inputs[0] : inner;
            return {
              inputs: [ofInput],
              parameters: [
                [weight.parameter, emitWeightGradient(graph, x, gradient, window)],
                ...(bias === undefined ? [] : [[bias.parameter, channelSum(graph, gradient)] as const]),
              ],
            };
          },
        };
      },
    ),
};

function emitBorder(
  graph: GraphEmitter,
  x: Tensor,
  padding: readonly Padding[],
  mode: 'reflect' | 'replicate' | 'circular',
): Emitted {
  const none = { before: 0, after: 0 };
  return emitPad(graph, x, [none, none, ...padding], mode, 0);
}

/** Sum over everything but the channels, as a vector. */
export function channelSum(graph: GraphEmitter, x: Tensor): Tensor {
  return reduceSum(
    graph,
    x,
    x.shape.map((_, axis) => axis).filter((axis) => axis !== 1),
    false,
  );
}

export const transposedConvolutionRule: OpRule<'transposed-convolution'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape): Emitted => {
        const { graph, attributes: window } = context;
        const weight = requiredTensorOf(context, 'weight');
        const bias = tensorOf(context, 'bias');
        const output = emitTransposedConvolution(graph, x, weight.tensor, undefined, window, outputShape);
        const perChannel =
          bias && reshape(graph, bias.tensor, [1, sizeAt(bias.tensor, 0), ...window.kernel.map(() => 1)]);
        return {
          output:
            perChannel === undefined
              ? output
              : emit(graph, { operator: 'Add', inputs: [output, perChannel] }, outputShape),
          // The op is the transpose of a convolution from its output to its input, so that convolution is its gradient.
          pullback: (gradient, wanted) => ({
            inputs: [
              wanted[0] === true
                ? emitConvolution(graph, gradient, weight.tensor, undefined, exactWindow(window, gradient, x), x.shape)
                : undefined,
            ],
            parameters: [
              [weight.parameter, emitWeightGradient(graph, gradient, x, window)],
              ...(bias === undefined ? [] : [[bias.parameter, channelSum(graph, gradient)] as const]),
            ],
          }),
        };
      },
    ),
};

/** The window with the padding behind adjusted so that a convolution of `from` has exactly the positions of `to`. */
function exactWindow(window: Window, from: Tensor, to: Tensor): Window {
  const padding = window.padding.map(({ before }, index) => {
    const reach = (window.dilation[index] ?? 1) * ((window.kernel[index] ?? 1) - 1) + 1;
    return {
      before,
      after: (sizeAt(to, index + 2) - 1) * (window.stride[index] ?? 1) + reach - sizeAt(from, index + 2) - before,
    };
  });
  return { ...window, padding };
}

/** A tensor of per-channel values [C] spread over a shape with channels at axis 1. */
export function overChannels(graph: GraphEmitter, values: Tensor, shape: readonly number[]): Tensor {
  return expand(graph, reshape(graph, values, [1, sizeAt(values, 0), ...shape.slice(2).map(() => 1)]), shape);
}
