// The optimisers' updates, as PyTorch defines SGD with momentum and Adam (weight decay added to the gradient in both).

import type { ParameterRole } from '../../../network/op.ts';
import type { Optimizer } from '../engine.ts';
import { decays } from '../optimizer-state.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import { add, affine, divide, multiply, square, subtract, unary } from './operators.ts';

/** Scalars that change from step to step and are fed. */
export interface StepScalars {
  readonly learningRate: Tensor;
  /** Adam only: learning rate / (1 - β1ᵗ). */
  readonly stepSize: Tensor;
  /** Adam only: 1 / √(1 - β2ᵗ). */
  readonly secondMomentFactor: Tensor;
}

export interface Update {
  readonly value: Tensor;
  /** In the order of `slotsOf`. */
  readonly slots: readonly Tensor[];
}

export function emitUpdate(
  graph: GraphEmitter,
  optimizer: Optimizer,
  weight: {
    readonly value: Tensor;
    readonly gradient: Tensor;
    readonly slots: readonly Tensor[];
    readonly role: ParameterRole;
  },
  scalars: StepScalars,
): Update {
  const { value, slots, role } = weight;
  const decay = decays(role) ? optimizer.weightDecay : 0;
  const gradient = decay === 0 ? weight.gradient : add(graph, weight.gradient, affine(graph, value, decay, 0));
  const [first, second] = slots;
  if (optimizer.kind === 'sgd') {
    const velocity = first === undefined ? gradient : add(graph, affine(graph, first, optimizer.momentum, 0), gradient);
    const next = subtract(graph, value, multiply(graph, velocity, scalars.learningRate));
    return { value: next, slots: first === undefined ? [] : [velocity] };
  }
  if (first === undefined || second === undefined) throw new Error('Adam keeps two moments');
  const { beta1, beta2, epsilon } = optimizer;
  const mean = add(graph, affine(graph, first, beta1, 0), affine(graph, gradient, 1 - beta1, 0));
  const power = add(graph, affine(graph, second, beta2, 0), affine(graph, square(graph, gradient), 1 - beta2, 0));
  const deviation = affine(graph, multiply(graph, unary(graph, 'Sqrt', power), scalars.secondMomentFactor), 1, epsilon);
  const change = multiply(graph, divide(graph, mean, deviation), scalars.stepSize);
  return { value: subtract(graph, value, change), slots: [mean, power] };
}
