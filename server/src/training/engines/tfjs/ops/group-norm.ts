// Layer and group norm: statistics of each image alone, the same in training and inference.

import type { Parameter } from '../../../../network/op.ts';
import { fromFront, sizeOf } from '../../shape-arithmetic.ts';
import { affine, reshape, sumTo } from '../arithmetic.ts';
import { inputOf, type OpRule, tensorOf } from '../op-rule.ts';
import { asPlain, plain } from '../placed.ts';
import type { Tensor, TensorFlow } from '../tensorflow.ts';

interface AffineParameter {
  readonly parameter: Parameter;
  /** In a shape that broadcasts over the data. */
  readonly tensor: Tensor;
}

/** x̂ over the last axis of rows, and how a gradient of x̂ becomes one of x. */
function normalized(tf: TensorFlow, rows: Tensor, epsilon: number) {
  const centered = tf.sub(rows, tf.mean(rows, 1, true));
  const inverse = tf.rsqrt(affine(tf, tf.mean(tf.square(centered), 1, true), 1, epsilon));
  const output = tf.mul(centered, inverse);
  const pullback = (gradient: Tensor): Tensor => {
    const mean = tf.mean(gradient, 1, true);
    const meanProduct = tf.mean(tf.mul(gradient, output), 1, true);
    return tf.mul(inverse, tf.sub(tf.sub(gradient, mean), tf.mul(output, meanProduct)));
  };
  return { output, inverse, pullback };
}

/** The parameter's gradient in the parameter's own shape. */
function own(tf: TensorFlow, { parameter, tensor }: AffineParameter, gradient: Tensor): readonly [Parameter, Tensor] {
  return [parameter, reshape(tf, sumTo(tf, gradient, tensor.shape), parameter.shape.map(Number))];
}

interface NormOptions {
  readonly epsilon: number;
  /** The data as rows that are normalised one by one, and back. */
  readonly toRows: (x: Tensor) => Tensor;
  readonly fromRows: (rows: Tensor) => Tensor;
  readonly scale: AffineParameter | undefined;
  readonly shift: AffineParameter | undefined;
}

function applyNorm(tf: TensorFlow, x: Tensor, { epsilon, toRows, fromRows, scale, shift }: NormOptions) {
  const { output, inverse, pullback } = normalized(tf, toRows(x), epsilon);
  const spread = fromRows(output);
  const scaled = scale === undefined ? spread : tf.mul(spread, scale.tensor);
  return {
    output: plain(shift === undefined ? scaled : tf.add(scaled, shift.tensor)),
    needs: [output, inverse, spread, ...(scale === undefined ? [] : [scale.tensor])],
    pullback: (dy: Tensor) => ({
      inputs: [plain(fromRows(pullback(toRows(scale === undefined ? dy : tf.mul(dy, scale.tensor)))))],
      parameters: [
        ...(scale === undefined ? [] : [own(tf, scale, tf.mul(dy, spread))]),
        ...(shift === undefined ? [] : [own(tf, shift, dy)]),
      ],
    }),
  };
}

export const layerNormRule: OpRule<'layer-norm'> = (context) => {
  const { tf } = context.backend;
  const x = asPlain(tf, inputOf(context));
  const rank = x.shape.length;
  const axes = context.attributes.normalizedAxes.map((axis) => fromFront(axis, rank)).toSorted((a, b) => a - b);
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  const back = order.map((_, axis) => order.indexOf(axis));
  const isLast = order.every((axis, index) => axis === index);
  const turnedShape = order.map((axis) => x.shape[axis] ?? 1);
  const length = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const spread = (role: 'scale' | 'shift'): AffineParameter | undefined => {
    const found = tensorOf(context, role);
    return found && { parameter: found.parameter, tensor: reshape(tf, found.tensor, shape) };
  };
  const { output, needs, pullback } = applyNorm(tf, x, {
    epsilon: context.attributes.epsilon,
    toRows: (value) => reshape(tf, isLast ? value : tf.transpose(value, order), [sizeOf(x.shape) / length, length]),
    fromRows: (rows) => {
      const turned = reshape(tf, rows, turnedShape);
      return isLast ? turned : tf.transpose(turned, back);
    },
    scale: spread('scale'),
    shift: spread('shift'),
  });
  return { output, needs, pullback: (gradient) => pullback(asPlain(tf, gradient)) };
};

export const groupNormRule: OpRule<'group-norm'> = (context) => {
  const { tf } = context.backend;
  const { groups, channels, epsilon, channelAxis } = context.attributes;
  const x = asPlain(tf, inputOf(context));
  const rank = x.shape.length;
  const axis = fromFront(channelAxis, rank);
  // With channels first, a group's elements are next to each other.
  const order = [0, axis, ...x.shape.map((_, index) => index).filter((index) => index !== 0 && index !== axis)];
  const back = order.map((_, index) => order.indexOf(index));
  const isFirst = axis === 1;
  const turnedShape = order.map((index) => x.shape[index] ?? 1);
  const rows = (context.outputShape[0] ?? 1) * groups;
  const spread = (role: 'scale' | 'shift'): AffineParameter | undefined => {
    const found = tensorOf(context, role);
    const shape = x.shape.map((_, index) => (index === axis ? channels : 1));
    return found && { parameter: found.parameter, tensor: reshape(tf, found.tensor, shape) };
  };
  const { output, needs, pullback } = applyNorm(tf, x, {
    epsilon,
    toRows: (value) => reshape(tf, isFirst ? value : tf.transpose(value, order), [rows, sizeOf(x.shape) / rows]),
    fromRows: (value) => {
      const turned = reshape(tf, value, turnedShape);
      return isFirst ? turned : tf.transpose(turned, back);
    },
    scale: spread('scale'),
    shift: spread('shift'),
  });
  return { output, needs, pullback: (gradient) => pullback(asPlain(tf, gradient)) };
};
