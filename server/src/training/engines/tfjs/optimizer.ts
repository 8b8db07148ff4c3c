// The optimisers' updates, as PyTorch defines SGD with momentum and Adam (weight decay added to the gradient in both).

import type { ParameterRole } from '../../../network/op.ts';
import type { Optimizer } from '../engine.ts';
import { decays, type scalarsAt } from '../optimizer-state.ts';
import { affine } from './arithmetic.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

interface Weight {
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** In the order of `slotsOf`. */
  readonly slots: readonly Tensor[];
  readonly role: ParameterRole;
}

/** What a parameter and its slots are after a step. */
export function updated(
  tf: TensorFlow,
  optimizer: Optimizer,
  { value, gradient: ofLoss, slots, role }: Weight,
  scalars: ReturnType<typeof scalarsAt>,
): { readonly value: Tensor; readonly slots: readonly Tensor[] } {
  const decay = decays(role) ? optimizer.weightDecay : 0;
  const gradient = decay === 0 ? ofLoss : tf.add(ofLoss, tf.mul(value, decay));
  const [first, second] = slots;
  if (optimizer.kind === 'sgd') {
    const velocity = first === undefined ? gradient : tf.add(affine(tf, first, optimizer.momentum, 0), gradient);
    const next = tf.sub(value, tf.mul(velocity, scalars.learningRate));
    return { value: next, slots: first === undefined ? [] : [velocity] };
  }
  if (first === undefined || second === undefined) throw new Error('Adam keeps two moments');
  const { beta1, beta2, epsilon } = optimizer;
  const mean = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1));
  const power = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const deviation = affine(tf, tf.mul(tf.sqrt(power), scalars.secondMomentFactor), 1, epsilon);
  return { value: tf.sub(value, tf.mul(tf.div(mean, deviation), scalars.stepSize)), slots: [mean, power] };
}
