// Tensors that no image feeds: written numbers, and free parameters such as tokens and position tables.

import { isKnownShape } from '../../../../network/shape.ts';
import { type OpRule, parameterOf, tensorOf } from '../op-rule.ts';
import { expand, reshape } from '../operators.ts';

export const constantRule: OpRule<'constant'> = {
  refusal: (attributes, op) => {
    if (!isKnownShape(attributes.shape)) return 'its shape is not known';
    if (attributes.value !== undefined || parameterOf(op, 'other') !== undefined) return undefined;
    return 'the values of this tensor are not part of the network graph';
  },
  emit: (context) => {
    const { graph, attributes, outputShape } = context;
    const free = tensorOf(context, 'other');
    if (free === undefined) return { output: expand(graph, graph.scalar(attributes.value ?? 0), outputShape) };
    return {
      output: reshape(graph, free.tensor, outputShape),
      pullback: (gradient) => ({
        inputs: [],
        parameters: [[free.parameter, reshape(graph, gradient, free.tensor.shape)]],
      }),
    };
  },
};
