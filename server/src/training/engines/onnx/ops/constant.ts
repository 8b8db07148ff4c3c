// Tensors that no image feeds: written numbers, and free parameters such as tokens and position tables.

import { type OpRule, tensorOf } from '../op-rule.ts';
import { expand, reshape } from '../operators.ts';

export const constantRule: OpRule<'constant'> = {
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
