// The regularizer's part of a step: its gradient from the coefficients per source channel.
// The vectors of the present weights come from structure/op-regularizers.ts, so that they are the same after a resume.

import { type NetworkGraph, opOf } from '../../../network/network-graph.ts';
import type { Op, OpId } from '../../../network/op.ts';
import type { RegularizerSource } from '../../../structure/channel-group.ts';
import { weightLayout } from '../../../structure/op-regularizers.ts';
import { sourceParameter } from '../training-state.ts';
import { affine, reshape } from './arithmetic.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/**
 * The gradients of Σ coefficient·r by parameter id. `coefficients` has a vector for each source op, or none; r is |γ|, or
 * the group lasso (1 - ℓ)·√(mean w²) + ℓ·mean |w| over the weights of an output channel, whose gradient at an all-zero
 * filter is 0.
 */
export function regularizerGradients(
  tf: TensorFlow,
  graph: NetworkGraph,
  sources: readonly RegularizerSource[],
  parameters: ReadonlyMap<string, Tensor>,
  coefficients: ReadonlyMap<OpId, Float32Array>,
): ReadonlyMap<string, Tensor> {
  const gradients = new Map<string, Tensor>();
  for (const source of sources) {
    const given = coefficients.get(source.op);
    if (given !== undefined && given.length !== source.channels)
      throw new Error(`Op ${String(source.op)} has ${String(source.channels)} channels, not ${String(given.length)}`);
    const parameter = sourceParameter(graph, source);
    const weight = parameter && parameters.get(parameter.id);
    if (parameter === undefined || weight === undefined || given === undefined) continue;
    const coefficient = tf.tensor1d(given);
    const gradient =
      source.kind === 'gamma'
        ? tf.mul(coefficient, tf.sign(weight))
        : groupLassoGradient(tf, opOf(graph, source.op), weight, coefficient, source.l1Fraction);
    const known = gradients.get(parameter.id);
    gradients.set(parameter.id, known === undefined ? gradient : tf.add(known, gradient));
  }
  return gradients;
}

function groupLassoGradient(tf: TensorFlow, op: Op, weight: Tensor, coefficient: Tensor, l1Fraction: number): Tensor {
  const { outer, inputs, outputs, inner } = weightLayout(op, weight.shape);
  const count = inputs * inner;
  const w = reshape(tf, weight, [outer, inputs, outputs, inner]);
  const spread = reshape(tf, coefficient, [outer, 1, outputs, 1]);
  // d √(mean w²) / dw = w / (√n · ‖w‖)
  const norm = affine(tf, tf.sqrt(tf.sum(tf.square(w), [1, 3], true)), Math.sqrt(count), 0);
  const factor = tf.divNoNan(spread, norm);
  const ofNorm = tf.mul(w, affine(tf, factor, 1 - l1Fraction, 0));
  if (l1Fraction === 0) return reshape(tf, ofNorm, weight.shape);
  const ofMean = tf.mul(tf.sign(w), affine(tf, spread, l1Fraction / count, 0));
  return reshape(tf, tf.add(ofNorm, ofMean), weight.shape);
}
