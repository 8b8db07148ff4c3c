// Ops that move elements without computing: reshape, permute, expand, slice, concat, pad, shuffles and blocks.

import { fillAxis } from '../../axis-maps.ts';
import { fromFront, inverseOrder, sizeOf } from '../../shape-arithmetic.ts';
import { applyMap, type AxisSlice, expand, padOrCrop, reshape, slice, sumTo, unslice } from '../arithmetic.ts';
import { type Applied, inputOf, type OpRule, type RuleContext } from '../op-rule.ts';
import { asPlain, axisIn, channelView, inOrder, networkShape, type Placed, plain, transpose } from '../placed.ts';
import type { Tensor } from '../tensorflow.ts';

export const identityRule: OpRule<'identity'> = (context) => ({
  output: inputOf(context),
  pullback: (gradient) => ({ inputs: [gradient] }),
});

export const reshapeRule: OpRule<'reshape'> = (context) => {
  const { tf } = context.backend;
  const x = asPlain(tf, inputOf(context));
  const { shape } = x;
  return {
    output: plain(reshape(tf, x, context.outputShape)),
    pullback: (gradient) => ({ inputs: [plain(reshape(tf, asPlain(tf, gradient), shape))] }),
  };
};

export const permuteRule: OpRule<'permute'> = (context) => {
  const { tf } = context.backend;
  const x = asPlain(tf, inputOf(context));
  const order = context.attributes.order.map((axis) => fromFront(axis, x.shape.length));
  return {
    output: plain(transpose(tf, x, order)),
    pullback: (gradient) => ({ inputs: [plain(transpose(tf, asPlain(tf, gradient), inverseOrder(order)))] }),
  };
};

export const expandRule: OpRule<'expand'> = (context) => {
  const { tf } = context.backend;
  const x = asPlain(tf, inputOf(context));
  const { shape } = x;
  return {
    output: plain(expand(tf, x, context.outputShape)),
    pullback: (gradient) => ({ inputs: [plain(sumTo(tf, asPlain(tf, gradient), shape))] }),
  };
};

export const sliceRule: OpRule<'slice'> = (context) => {
  const { tf } = context.backend;
  const input = inputOf(context);
  const { start, step } = context.attributes;
  const shape = input.tensor.shape;
  const networkAxis = fromFront(context.attributes.axis, shape.length);
  const axis = axisIn(input, networkAxis);
  const size = context.outputShape[networkAxis] ?? 1;
  const part: AxisSlice = { axis, start: start < 0 ? start + (shape[axis] ?? 1) : start, size, step };
  return {
    output: { ...input, tensor: slice(tf, input.tensor, [part]) },
    pullback: (gradient) => ({
      inputs: [{ ...input, tensor: unslice(tf, inOrder(tf, gradient, input.channelsLast), shape, [part]) }],
    }),
  };
};

export const concatRule: OpRule<'concat'> = (context) => {
  const { tf } = context.backend;
  const { inputs, outputShape } = context;
  const networkAxis = fromFront(context.attributes.axis, outputShape.length);
  const channelsLast = inputs.some((input) => input.channelsLast);
  const shapes = inputs.map((input) => networkShape(input));
  const sizes = shapes.map((shape) => shape[networkAxis] ?? 1);
  // A part that knows no batch (a learnt token) is repeated for every image.
  const parts = inputs.map((input, index) => {
    const full = outputShape.map((size, axis) => (axis === networkAxis ? (sizes[index] ?? 1) : size));
    const isFull = full.every((size, axis) => size === shapes[index]?.[axis]);
    return inOrder(tf, isFull ? input : plain(expand(tf, asPlain(tf, input), full)), channelsLast);
  });
  const output: Placed = { tensor: parts[0] ?? tf.tensor([]), channelsLast };
  const axis = axisIn(output, networkAxis);
  return {
    output: { tensor: tf.concat(parts, axis), channelsLast },
    pullback: (gradient, wanted) => {
      const dy = inOrder(tf, gradient, channelsLast);
      let start = 0;
      const gradients = inputs.map((_, index) => {
        const size = sizes[index] ?? 1;
        start += size;
        if (wanted[index] !== true) return undefined;
        const own: Placed = { tensor: slice(tf, dy, [{ axis, start: start - size, size, step: 1 }]), channelsLast };
        const shape = shapes[index] ?? [];
        return shape.every((each, at) => each === networkShape(own)[at])
          ? own
          : plain(sumTo(tf, asPlain(tf, own), shape));
      });
      return { inputs: gradients };
    },
  };
};

/** Padding with a number, or cropping; borders that repeat the content are maps from the output's positions to the input's. */
export const padRule: OpRule<'pad'> = (context) => {
  const { tf } = context.backend;
  const { padding, mode, value } = context.attributes;
  const input = inputOf(context);
  const x = input.tensor;
  if (mode === 'constant') {
    const own = x.shape.map((): [number, number] => [0, 0]);
    padding.forEach(({ before, after }, axis) => (own[axisIn(input, axis)] = [before, after]));
    const back = own.map(([before, after]): [number, number] => [-before, -after]);
    return {
      output: { ...input, tensor: padOrCrop(tf, x, own, value) },
      pullback: (gradient) => ({
        inputs: [{ ...input, tensor: padOrCrop(tf, inOrder(tf, gradient, input.channelsLast), back) }],
      }),
    };
  }
  const maps = padding.flatMap((amount, axis) => {
    if (amount.before === 0 && amount.after === 0) return [];
    const own = axisIn(input, axis);
    return [{ axis: own, map: fillAxis(x.shape[own] ?? 1, amount, mode) }];
  });
  return {
    output: { ...input, tensor: maps.reduce((current, { axis, map }) => applyMap(tf, current, axis, map, false), x) },
    pullback: (gradient) => ({
      inputs: [
        {
          ...input,
          tensor: maps.reduceRight(
            (current, { axis, map }) => applyMap(tf, current, axis, map, true),
            inOrder(tf, gradient, input.channelsLast),
          ),
        },
      ],
    }),
  };
};

/** A permutation of elements of channels-last data: view under one shape, transpose, view under another. */
function moved(
  context: RuleContext<'channel-shuffle' | 'depth-to-space' | 'space-to-depth'>,
  channelAxis: number,
  arrange: (shape: readonly number[]) => {
    readonly view: readonly number[];
    readonly order: readonly number[];
    readonly outputShape: readonly number[];
  },
): Applied {
  const { tf } = context.backend;
  const view = channelView(tf, context.outputShape.length, channelAxis);
  const x = view.load(inputOf(context));
  const { shape } = x;
  const { view: inner, order, outputShape } = arrange(shape);
  const turn = (tensor: Tensor, from: readonly number[], by: readonly number[], to: readonly number[]): Tensor =>
    reshape(tf, transpose(tf, reshape(tf, tensor, from), by), to);
  const turned = order.map((axis) => inner[axis] ?? 1);
  return {
    output: view.place(turn(x, inner, order, outputShape)),
    pullback: (gradient) => ({
      inputs: [view.place(turn(view.load(gradient), turned, inverseOrder(order), shape))],
    }),
  };
}

export const channelShuffleRule: OpRule<'channel-shuffle'> = (context) => {
  const { groups, channelAxis } = context.attributes;
  return moved(context, channelAxis, (shape) => {
    const channels = shape.at(-1) ?? 1;
    const positions = sizeOf(shape.slice(0, -1));
    return { view: [positions, groups, channels / groups], order: [0, 2, 1], outputShape: shape };
  });
};

export const depthToSpaceRule: OpRule<'depth-to-space'> = (context) => {
  const { block, order, channelAxis } = context.attributes;
  return moved(context, channelAxis, ([batch = 1, height = 1, width = 1, channels = 1]) => {
    const out = channels / block ** 2;
    return {
      view: order === 'crd' ? [batch, height, width, out, block, block] : [batch, height, width, block, block, out],
      order: order === 'crd' ? [0, 1, 4, 2, 5, 3] : [0, 1, 3, 2, 4, 5],
      outputShape: [batch, height * block, width * block, out],
    };
  });
};

export const spaceToDepthRule: OpRule<'space-to-depth'> = (context) => {
  const { block, order, channelAxis } = context.attributes;
  return moved(context, channelAxis, ([batch = 1, height = 1, width = 1, channels = 1]) => ({
    view: [batch, height / block, block, width / block, block, channels],
    order: order === 'crd' ? [0, 1, 3, 5, 2, 4] : [0, 1, 3, 2, 4, 5],
    outputShape: [batch, height / block, width / block, channels * block ** 2],
  }));
};
