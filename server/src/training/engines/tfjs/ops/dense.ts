// Dense layers (last axis), products of two activations, and look-ups in a table.

import type { Rank } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../shape-arithmetic.ts';
import { reshape, sumTo } from '../arithmetic.ts';
import { inputOf, type OpRule, requiredTensorOf, tensorOf } from '../op-rule.ts';
import { asPlain, plain } from '../placed.ts';
import type { Tensor, TensorFlow } from '../tensorflow.ts';

/** All axes but the last as one. */
function asRows(tf: TensorFlow, x: Tensor): Tensor {
  return reshape(tf, x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);
}

export const denseRule: OpRule<'dense'> = (context) => {
  const { tf } = context.backend;
  const input = asPlain(tf, inputOf(context));
  const rows = asRows(tf, input);
  const weight = requiredTensorOf(context, 'weight');
  const bias = tensorOf(context, 'bias');
  const product = tf.matMul(rows, weight.tensor, false, true);
  const output = bias === undefined ? product : tf.add(product, bias.tensor);
  return {
    output: plain(reshape(tf, output, context.outputShape)),
    needs: [rows],
    pullback: (gradient, wanted) => {
      const dy = asRows(tf, asPlain(tf, gradient));
      return {
        inputs: [wanted[0] === true ? plain(reshape(tf, tf.matMul(dy, weight.tensor), input.shape)) : undefined],
        parameters: [
          [weight.parameter, tf.matMul(dy, rows, true, false)],
          ...(bias === undefined ? [] : [[bias.parameter, tf.sum(dy, 0)] as const]),
        ],
      };
    },
  };
};

/** Matrix products over the last two axes; leading axes are broadcast beforehand, as TensorFlow's own op does not. */
function batchedProduct(tf: TensorFlow, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const rank = Math.max(a.shape.length, b.shape.length);
  const leading = Array.from({ length: rank - 2 }, (_, axis) =>
    Math.max(a.shape[axis - rank + a.shape.length] ?? 1, b.shape[axis - rank + b.shape.length] ?? 1),
  );
  const stacked = (x: Tensor): Tensor => {
    const matrix = x.shape.slice(-2);
    const shape = [...leading, ...matrix];
    const spread = x.shape.join() === shape.join() ? x : tf.broadcastTo(x, shape);
    return reshape(tf, spread, [sizeOf(leading), ...matrix]);
  };
  const product = tf.matMul(stacked(a), stacked(b), transposeA, transposeB);
  return reshape(tf, product, [...leading, ...product.shape.slice(-2)]);
}

export const matrixProductRule: OpRule<'matmul'> = (context) => {
  const { tf } = context.backend;
  const a = asPlain(tf, inputOf(context, 0));
  const b = asPlain(tf, inputOf(context, 1));
  return {
    output: plain(batchedProduct(tf, a, b, false, false)),
    needs: [a, b],
    pullback: (gradient, wanted) => {
      const dy = asPlain(tf, gradient);
      return {
        inputs: [
          wanted[0] === true ? plain(sumTo(tf, batchedProduct(tf, dy, b, false, true), a.shape)) : undefined,
          wanted[1] === true ? plain(sumTo(tf, batchedProduct(tf, a, dy, true, false), b.shape)) : undefined,
        ],
      };
    },
  };
};

export const embeddingRule: OpRule<'embedding'> = (context) => {
  const { tf } = context.backend;
  const { count, width } = context.attributes;
  const table = requiredTensorOf(context, 'weight');
  const input = asPlain(tf, inputOf(context));
  const indices = tf.cast(tf.reshape<Rank.R1>(input, [sizeOf(input.shape)]), 'int32');
  return {
    output: plain(reshape(tf, tf.gather(table.tensor, indices), context.outputShape)),
    needs: [indices],
    pullback: (gradient) => {
      const rows = reshape(tf, asPlain(tf, gradient), [indices.shape[0], width]);
      return {
        inputs: [undefined],
        parameters: [[table.parameter, tf.unsortedSegmentSum(rows, indices, count)]],
      };
    },
  };
};
