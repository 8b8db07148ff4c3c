// Dense layers (last axis) and products of two activations.

import type { GraphEmitter, Tensor } from '../graph-emitter.ts';
import { inputOf, type OpRule, requiredTensorOf, tensorOf } from '../op-rule.ts';
import { sizeOf } from '../../shape-arithmetic.ts';
import { add, matMul, reduceSum, reshape, sizeAt, sumTo } from '../operators.ts';

/** All axes but the last as one. */
function asRows(graph: GraphEmitter, x: Tensor): Tensor {
  return reshape(graph, x, [sizeOf(x.shape.slice(0, -1)), sizeAt(x, -1)]);
}

export const denseRule: OpRule<'dense'> = {
  emit: (context) => {
    const { graph } = context;
    const input = inputOf(context);
    const x = asRows(graph, input);
    const weight = requiredTensorOf(context, 'weight');
    const bias = tensorOf(context, 'bias');
    const product = matMul(graph, x, weight.tensor, { transposeB: true });
    const output = bias === undefined ? product : add(graph, product, bias.tensor);
    return {
      output: reshape(graph, output, context.outputShape),
      pullback: (gradient, wanted) => {
        const rows = asRows(graph, gradient);
        return {
          inputs: [wanted[0] === true ? reshape(graph, matMul(graph, rows, weight.tensor), input.shape) : undefined],
          parameters: [
            [weight.parameter, matMul(graph, rows, x, { transposeA: true })],
            ...(bias === undefined ? [] : [[bias.parameter, reduceSum(graph, rows, [0], false)] as const]),
          ],
        };
      },
    };
  },
};

export const matrixProductRule: OpRule<'matmul'> = {
  emit: (context) => {
    const { graph } = context;
    const a = inputOf(context, 0);
    const b = inputOf(context, 1);
    return {
      output: matMul(graph, a, b),
      pullback: (gradient, wanted) => ({
        inputs: [
          wanted[0] === true ? sumTo(graph, matMul(graph, gradient, b, { transposeB: true }), a.shape) : undefined,
          wanted[1] === true ? sumTo(graph, matMul(graph, a, gradient, { transposeA: true }), b.shape) : undefined,
        ],
      }),
    };
  },
};
