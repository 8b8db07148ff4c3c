// Softmax cross-entropy of the logits: the loss of each image, its gradient, the hits.

import { reshape } from './arithmetic.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** `losses` and `hits` have one entry an image; a hit is 1. */
interface Loss {
  readonly losses: Tensor;
  readonly hits: Tensor;
  /** Of the mean loss with respect to the logits, in the logits' own shape. */
  readonly gradient: Tensor;
}

/** Labels are class indices, one an image. The target is (1 - smoothing)·one-hot + smoothing / classes. */
export function crossEntropy(tf: TensorFlow, logits: Tensor, labels: Int32Array, labelSmoothing: number): Loss {
  const batch = labels.length;
  const classes = logits.size / batch;
  const rows = reshape(tf, logits, [batch, classes]);
  const logShares = tf.logSoftmax(rows);
  const wanted = tf.tensor1d(labels, 'int32');
  const share = labelSmoothing / classes;
  const target = tf.oneHot(wanted, classes, 1 - labelSmoothing + share, share, 'float32');
  return {
    losses: tf.neg(tf.sum(tf.mul(target, logShares), 1)),
    hits: tf.cast(tf.equal(tf.argMax(rows, 1), wanted), 'float32'),
    gradient: reshape(tf, tf.mul(tf.sub(tf.exp(logShares), target), 1 / batch), logits.shape),
  };
}
