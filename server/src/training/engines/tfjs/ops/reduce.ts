// Reductions along axes, and softmax.

import { assertUnreachable } from '../../../../common/assert.ts';
import { fromFront, reducedShape, sizeOf } from '../../shape-arithmetic.ts';
import { affine, expand, reshape, toFloat } from '../arithmetic.ts';
import { inputOf, type OpRule } from '../op-rule.ts';
import { asPlain, axisIn, inOrder, networkShape, type Placed, plain } from '../placed.ts';
import type { Tensor, TensorFlow } from '../tensorflow.ts';

type Reducer = 'mean' | 'sum' | 'max' | 'min';

/** A reduction with its axes kept at size 1; the gradient comes and goes in these shapes. */
interface Reduction {
  readonly kept: Tensor;
  readonly needs: readonly Tensor[];
  readonly pullback: (gradient: Tensor) => Tensor;
}

function applyReduction(tf: TensorFlow, x: Tensor, axes: readonly number[], reducer: Reducer): Reduction {
  const shape = x.shape;
  switch (reducer) {
    case 'sum':
      return { kept: tf.sum(x, [...axes], true), needs: [], pullback: (gradient) => expand(tf, gradient, shape) };
    case 'mean': {
      const count = sizeOf(axes.map((axis) => shape[axis] ?? 1));
      return {
        kept: tf.mean(x, [...axes], true),
        needs: [],
        pullback: (gradient) => expand(tf, affine(tf, gradient, 1 / count, 0), shape),
      };
    }
    case 'max':
    case 'min': {
      const kept = reducer === 'max' ? tf.max(x, [...axes], true) : tf.min(x, [...axes], true);
      return {
        kept,
        needs: [x, kept],
        // Elements that share the extreme share the gradient, as in PyTorch's amax.
        pullback: (gradient) => {
          const isExtreme = toFloat(tf, tf.equal(x, kept));
          return tf.mul(isExtreme, tf.div(gradient, tf.sum(isExtreme, [...axes], true)));
        },
      };
    }
    default:
      return assertUnreachable(reducer);
  }
}

export const reduceRule: OpRule<'reduce'> = (context) => {
  const { tf } = context.backend;
  const { attributes } = context;
  const { reducer } = attributes;
  if (reducer === 'product' || reducer === 'variance' || reducer === 'norm') {
    throw new Error(`${context.op.name} should have been refused`);
  }
  const input = inputOf(context);
  const rank = input.tensor.shape.length;
  // No axes means all of them, as in PyTorch.
  const axes =
    attributes.axes.length === 0
      ? input.tensor.shape.map((_, axis) => axis)
      : attributes.axes.map((axis) => fromFront(axis, rank));
  const { kept, needs, pullback } = applyReduction(
    tf,
    input.tensor,
    axes.map((axis) => axisIn(input, axis)),
    reducer,
  );
  const keptValue: Placed = { tensor: kept, channelsLast: input.channelsLast };
  const output = attributes.keepDimensions
    ? keptValue
    : plain(reshape(tf, asPlain(tf, keptValue), context.outputShape));
  return {
    output,
    needs,
    pullback: (gradient) => {
      const shape = reducedShape(networkShape(input), axes, true);
      const full: Placed = attributes.keepDimensions ? gradient : plain(reshape(tf, asPlain(tf, gradient), shape));
      return { inputs: [{ ...input, tensor: pullback(inOrder(tf, full, input.channelsLast)) }] };
    },
  };
};

export const softmaxRule: OpRule<'softmax'> = (context) => {
  const { tf } = context.backend;
  const { attributes } = context;
  const x = asPlain(tf, inputOf(context));
  const axis = fromFront(attributes.axis, x.shape.length);
  // The ops act on the last axis.
  const order = [...x.shape.map((_, index) => index).filter((index) => index !== axis), axis];
  const back = order.map((_, index) => order.indexOf(index));
  const isLast = axis === x.shape.length - 1;
  const turn = (value: Tensor): Tensor => (isLast ? value : tf.transpose(value, order));
  const unturn = (value: Tensor): Tensor => (isLast ? value : tf.transpose(value, back));
  const output = attributes.log ? tf.logSoftmax(turn(x)) : tf.softmax(turn(x));
  return {
    output: plain(unturn(output)),
    needs: [output],
    pullback: (gradient) => {
      const dy = turn(asPlain(tf, gradient));
      if (attributes.log) {
        return { inputs: [plain(unturn(tf.sub(dy, tf.mul(tf.exp(output), tf.sum(dy, -1, true)))))] };
      }
      const product = tf.mul(dy, output);
      return { inputs: [plain(unturn(tf.sub(product, tf.mul(output, tf.sum(product, -1, true)))))] };
    },
  };
};
