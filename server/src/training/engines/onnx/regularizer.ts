// The regularizer's part of a step: its gradient from the coefficients per source channel, emitted into the training graph.
// The vectors of the present weights come from structure/op-regularizers.ts, so that they are the same after a resume.

import type { NetworkGraph } from '../../../network/network-graph.ts';
import { opOf } from '../../../network/network-graph.ts';
import type { Op, OpId } from '../../../network/op.ts';
import type { RegularizerSource } from '../../../structure/channel-group.ts';
import { weightLayout } from '../../../structure/op-regularizers.ts';
import { sourceParameter } from '../training-state.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import { add, affine, divide, equal, multiply, reduce, reshape, sumOf, unary, where } from './operators.ts';

/**
 * The gradients of Σ coefficient·r by parameter id. `coefficients` has a vector [channels] for each source op; r is |γ|,
 * or the group lasso (1 - ℓ)·√(mean w²) + ℓ·mean |w| over the weights of an output channel, whose gradient at an
 * all-zero filter is 0.
 */
export function emitRegularizerGradients(
  emitter: GraphEmitter,
  graph: NetworkGraph,
  sources: readonly RegularizerSource[],
  parameters: ReadonlyMap<string, Tensor>,
  coefficients: ReadonlyMap<OpId, Tensor>,
): ReadonlyMap<string, Tensor> {
  const gradients = new Map<string, Tensor>();
  for (const source of sources) {
    const parameter = sourceParameter(graph, source);
    const coefficient = coefficients.get(source.op);
    const weight = parameter && parameters.get(parameter.id);
    if (parameter === undefined || weight === undefined || coefficient === undefined) continue;
    const gradient =
      source.kind === 'gamma'
        ? multiply(emitter, coefficient, unary(emitter, 'Sign', weight))
        : groupLassoGradient(emitter, opOf(graph, source.op), weight, coefficient, source.l1Fraction);
    gradients.set(
      parameter.id,
      sumOf(
        emitter,
        [gradients.get(parameter.id), gradient].filter((part) => part !== undefined),
      ) ?? gradient,
    );
  }
  return gradients;
}

function groupLassoGradient(
  graph: GraphEmitter,
  op: Op,
  weight: Tensor,
  coefficient: Tensor,
  l1Fraction: number,
): Tensor {
  const { outer, inputs, outputs, inner } = weightLayout(op, weight.shape);
  const count = inputs * inner;
  const w = reshape(graph, weight, [outer, inputs, outputs, inner]);
  const spread = reshape(graph, coefficient, [outer, 1, outputs, 1]);
  const sumOfSquares = reduce(graph, 'ReduceSumSquare', w, [1, 3]);
  const zero = graph.scalar(0);
  // d √(mean w²) / dw = w / (√n · ‖w‖)
  const norm = affine(graph, unary(graph, 'Sqrt', sumOfSquares), Math.sqrt(count), 0);
  const factor = where(graph, equal(graph, norm, zero), zero, divide(graph, spread, norm));
  const ofNorm = multiply(graph, w, l1Fraction === 0 ? factor : affine(graph, factor, 1 - l1Fraction, 0));
  if (l1Fraction === 0) return reshape(graph, ofNorm, weight.shape);
  const ofMean = multiply(graph, unary(graph, 'Sign', w), affine(graph, spread, l1Fraction / count, 0));
  return reshape(graph, add(graph, ofNorm, ofMean), weight.shape);
}
