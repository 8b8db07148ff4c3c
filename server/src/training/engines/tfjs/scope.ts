// Frees what a piece of work makes along the way.

import type { Tensor, TensorFlow } from './tensorflow.ts';

/** Does the work; of the tensors that it makes, those that `kept` names are left. */
export function scoped<T>(tf: TensorFlow, work: () => T, kept: (result: T) => readonly Tensor[]): T {
  const engine = tf.engine();
  engine.startScope();
  try {
    const result = work();
    engine.endScope([...kept(result)]);
    return result;
  } catch (error) {
    engine.endScope();
    throw error;
  }
}
