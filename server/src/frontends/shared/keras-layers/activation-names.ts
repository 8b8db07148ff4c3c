// Keras's activations by name, as layers, configurations and `keras.activations` have them.

import type { ActivationFunction } from '../../../network/op.ts';

/** Those that work on each element alone: softmax and gates are no functions of one element. */
export const kerasActivations: Readonly<Record<string, ActivationFunction>> = {
  relu: 'relu',
  relu6: 'relu6',
  leaky_relu: 'leaky-relu',
  elu: 'elu',
  selu: 'selu',
  celu: 'celu',
  gelu: 'gelu',
  silu: 'silu',
  swish: 'silu',
  mish: 'mish',
  sigmoid: 'sigmoid',
  hard_sigmoid: 'hard-sigmoid',
  hard_silu: 'hard-swish',
  hard_swish: 'hard-swish',
  hard_tanh: 'hard-tanh',
  tanh: 'tanh',
  softplus: 'softplus',
  softsign: 'softsign',
  log_sigmoid: 'log-sigmoid',
  exponential: 'exp',
  tanh_shrink: 'other',
  soft_shrink: 'other',
  hard_shrink: 'other',
  squareplus: 'other',
  sparse_plus: 'other',
  sparse_sigmoid: 'other',
  threshold: 'other',
};
