// Rules are written for channels at axis 1. For channels-last ops the data is transposed around them; the graph emitter
// joins neighbouring transpositions, so between two channels-last ops none is left.

import { type Tensor, type GraphEmitter } from './graph-emitter.ts';
import type { Emitted } from './op-rule.ts';
import { inverseOrder } from '../shape-arithmetic.ts';
import { transpose } from './operators.ts';

function toChannelsFirst(rank: number, channelAxis: number): readonly number[] {
  const axis = channelAxis < 0 ? channelAxis + rank : channelAxis;
  const others = Array.from({ length: rank }, (_, index) => index).filter((index) => index !== 0 && index !== axis);
  return [0, axis, ...others];
}

/**
 * Emits an op of one activation input whose channels stand at `channelAxis` by a rule for axis 1.
 * `outputShape` is handed to the rule with channels first.
 */
export function withChannelsFirst(
  graph: GraphEmitter,
  channelAxis: number,
  input: Tensor,
  outputShape: readonly number[],
  rule: (input: Tensor, outputShape: readonly number[]) => Emitted,
): Emitted {
  const rank = input.shape.length;
  if (channelAxis === 1 || channelAxis + rank === 1 || rank < 3) return rule(input, outputShape);
  const order = toChannelsFirst(rank, channelAxis);
  const back = inverseOrder(order);
  const inner = rule(
    transpose(graph, input, order),
    order.map((axis) => outputShape[axis] ?? 1),
  );
  const { pullback } = inner;
  return {
    output: transpose(graph, inner.output, back),
    ...(pullback && {
      pullback: (gradient, wanted) => {
        const gradients = pullback(transpose(graph, gradient, order), wanted);
        return { ...gradients, inputs: gradients.inputs.map((tensor) => tensor && transpose(graph, tensor, back)) };
      },
    }),
  };
}
