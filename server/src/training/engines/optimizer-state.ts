// What both engines' optimisers share: the numbers of a step, the names of what an optimiser remembers, what decays.

import { assertUnreachable } from '../../common/assert.ts';
import type { ParameterRole } from '../../network/op.ts';
import type { Optimizer } from './engine.ts';

/** Values for the scalars at step `count` (1 for the first). */
export function scalarsAt(optimizer: Optimizer, learningRate: number, count: number) {
  if (optimizer.kind === 'sgd') return { learningRate, stepSize: learningRate, secondMomentFactor: 1 };
  return {
    learningRate,
    stepSize: learningRate / (1 - optimizer.beta1 ** count),
    secondMomentFactor: 1 / Math.sqrt(1 - optimizer.beta2 ** count),
  };
}

/** The names of an optimiser's memory of one parameter; each has the parameter's shape and starts at 0. */
export function slotsOf(optimizer: Optimizer): readonly string[] {
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum === 0 ? [] : ['momentum'];
    case 'adam':
      return ['first-moment', 'second-moment'];
    default:
      return assertUnreachable(optimizer);
  }
}

/** Weights and free tensors decay; biases and what norms and activations learn do not, as is usual for MorphNet's scales. */
export function decays(role: ParameterRole): boolean {
  return role === 'weight' || role === 'other';
}
