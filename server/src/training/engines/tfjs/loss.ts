// The loss of an output: what it comes to on each image, its gradient, the hits.

import type { TargetNumbers } from '../engine.ts';
import { classPlaces, type LossTerm, mayHaveGaps } from '../loss-terms.ts';
import { reshape } from './arithmetic.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** `losses`, `hits` and `counts` have one entry an image: sums over its places. */
interface Loss {
  readonly losses: Tensor;
  /** Absent where there is no right and wrong. */
  readonly hits?: Tensor;
  /** How many places of each image count; absent: one. */
  readonly counts?: Tensor;
  /** Of the term (its weight included) with respect to the output, in the output's own shape. */
  readonly gradient: Tensor;
}

/** What a loss is before it is summed: [N, places], and the gradient of the sum of all. */
interface Places {
  readonly losses: Tensor;
  readonly hits?: Tensor;
  /** 1 for places that count, 0 for others. */
  readonly valid?: Tensor;
  readonly gradient: Tensor;
}

/**
 * `target` has for each image a class index a place, of cross-entropy, or a number an element. The target of cross-entropy is
 * (1 - smoothing)·one-hot + smoothing / classes.
 */
export function lossOf(
  tf: TensorFlow,
  term: LossTerm,
  output: Tensor,
  target: TargetNumbers,
  labelSmoothing: number,
): Loss {
  const [batch = 1] = output.shape;
  const places =
    term.kind === 'cross-entropy'
      ? crossEntropy(tf, term, output, target, labelSmoothing)
      : elementLoss(tf, term.kind, output, target);
  const { valid, hits } = places;
  const gradient = reshape(tf, places.gradient, output.shape);
  if (valid === undefined) {
    const count = places.losses.shape[1] ?? 1;
    return {
      losses: tf.mean(places.losses, 1),
      ...(hits && { hits: tf.sum(hits, 1) }),
      gradient: tf.mul(gradient, term.weight / (batch * count)),
    };
  }
  const counts = tf.sum(valid, 1);
  return {
    losses: tf.sum(places.losses, 1),
    counts,
    ...(hits && { hits: tf.sum(hits, 1) }),
    gradient: tf.mul(gradient, tf.div(term.weight, tf.maximum(tf.sum(counts), 1))),
  };
}

function elementLoss(
  tf: TensorFlow,
  kind: Exclude<LossTerm['kind'], 'cross-entropy'>,
  output: Tensor,
  target: TargetNumbers,
): Places {
  const [batch = 1] = output.shape;
  const numbers = reshape(tf, output, [batch, output.size / batch]);
  const wanted = tf.tensor(Float32Array.from(target), numbers.shape, 'float32');
  const difference = tf.sub(numbers, wanted);
  switch (kind) {
    case 'l1':
      return { losses: tf.abs(difference), gradient: tf.sign(difference) };
    case 'mse':
      return { losses: tf.square(difference), gradient: tf.mul(difference, 2) };
    case 'binary-cross-entropy': {
      const valid = tf.cast(tf.greater(wanted, -0.5), 'float32');
      const isRight = tf.equal(tf.greater(wanted, 0.5), tf.greater(numbers, 0));
      // softplus(x) - x·t
      const losses = tf.sub(tf.softplus(numbers), tf.mul(numbers, wanted));
      return {
        losses: tf.mul(losses, valid),
        hits: tf.mul(tf.cast(isRight, 'float32'), valid),
        valid,
        gradient: tf.mul(tf.sub(tf.sigmoid(numbers), wanted), valid),
      };
    }
  }
}

function crossEntropy(
  tf: TensorFlow,
  term: LossTerm,
  output: Tensor,
  target: TargetNumbers,
  labelSmoothing: number,
): Places {
  const [batch = 1] = output.shape;
  const { outer, classes, inner } = classPlaces(term);
  // The classes last, as TensorFlow.js wants them.
  const turned = (x: Tensor): Tensor => (inner === 1 ? x : tf.transpose(x, [0, 2, 1]));
  const rows = reshape(tf, turned(reshape(tf, output, [batch * outer, classes, inner])), [-1, classes]);
  const logShares = tf.logSoftmax(rows);
  const labels = tf.tensor1d(Int32Array.from(target), 'int32');
  const share = labelSmoothing / classes;
  const spread = tf.oneHot(labels, classes, 1 - labelSmoothing + share, share, 'float32');
  // A label that is no class counts as nothing.
  const valid = mayHaveGaps(term) ? tf.cast(tf.greaterEqual(labels, 0), 'float32') : undefined;
  const counted = (x: Tensor): Tensor => (valid === undefined ? x : tf.mul(x, tf.expandDims(valid, 1)));
  const losses = tf.neg(tf.sum(counted(tf.mul(spread, logShares)), 1));
  const gradient = counted(tf.sub(tf.exp(logShares), spread));
  const places = [batch, outer * inner];
  return {
    losses: reshape(tf, losses, places),
    hits: reshape(tf, tf.cast(tf.equal(tf.argMax(rows, 1), labels), 'float32'), places),
    ...(valid && { valid: reshape(tf, valid, places) }),
    gradient: turned(reshape(tf, gradient, [batch * outer, inner, classes])),
  };
}
