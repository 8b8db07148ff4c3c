// The loss of an output: what it comes to on each image, its gradient, the hits.

import { classPlaces, type LossTerm, mayHaveGaps } from '../loss-terms.ts';
import { type GraphEmitter, int, type Tensor } from './graph-emitter.ts';
import {
  affine,
  divide,
  emit,
  equal,
  greater,
  maximum,
  multiply,
  reduceSum,
  reshape,
  sizeAt,
  softmax,
  square,
  subtract,
  sumOf,
  toFloat,
  unary,
} from './operators.ts';

/** The loss's tensors. `losses`, `hits` and `counts` have one entry an image: sums over its places. */
export interface EmittedLoss {
  readonly losses: Tensor;
  /** Absent where there is no right and wrong. */
  readonly hits?: Tensor;
  /** How many places of each image count; absent: one. */
  readonly counts?: Tensor;
  /** The mean of the batch, a scalar. */
  readonly mean: Tensor;
  /** The hits of a batch, of which those of images with several places are shares; a scalar. */
  readonly batchHits?: Tensor;
  /** Of the term (its weight included) with respect to the output, in the output's own shape. */
  readonly gradient: Tensor;
}

/** What a loss is before it is summed: a number a place, and the gradient of their sum. */
interface Places {
  /** [N, places] */
  readonly losses: Tensor;
  readonly hits?: Tensor;
  /** 1 for places that count, 0 for others. */
  readonly valid?: Tensor;
  readonly gradient: Tensor;
}

/**
 * `target` is [N, size]: class indices (int32) of cross-entropy, numbers otherwise. The target of cross-entropy is
 * (1 - smoothing)·one-hot + smoothing / classes.
 */
export function emitLoss(
  graph: GraphEmitter,
  term: LossTerm,
  output: Tensor,
  target: Tensor,
  labelSmoothing: number,
): EmittedLoss {
  const batch = sizeAt(target, 0);
  const { losses, hits, valid, gradient } = emitPlaces(graph, term, output, target, labelSmoothing);
  const perImage = (tensor: Tensor): Tensor => reduceSum(graph, tensor, [1], false);
  const shaped = reshape(graph, gradient, output.shape);
  const { weight } = term;
  if (valid === undefined) {
    const places = sizeAt(losses, 1);
    const summed = affine(graph, perImage(losses), 1 / places, 0);
    const ofImages = hits && perImage(hits);
    return {
      losses: summed,
      mean: affine(graph, total(graph, summed), 1 / batch, 0),
      gradient: affine(graph, shaped, weight / (batch * places), 0),
      ...(ofImages && { hits: ofImages, batchHits: total(graph, ofImages) }),
    };
  }
  const [sums, counts] = [perImage(losses), perImage(valid)];
  const count = maximum(graph, total(graph, counts), graph.scalar(1));
  const ofImages = hits && perImage(hits);
  return {
    losses: sums,
    counts,
    mean: divide(graph, total(graph, sums), count),
    gradient: multiply(graph, shaped, divide(graph, graph.scalar(weight), count)),
    ...(ofImages && {
      hits: ofImages,
      batchHits: affine(graph, divide(graph, total(graph, ofImages), count), batch, 0),
    }),
  };
}

function emitPlaces(
  graph: GraphEmitter,
  term: LossTerm,
  output: Tensor,
  target: Tensor,
  labelSmoothing: number,
): Places {
  const batch = sizeAt(target, 0);
  if (term.kind === 'cross-entropy') return emitCrossEntropy(graph, term, output, target, labelSmoothing);
  const numbers = reshape(graph, output, [batch, sizeAt(target, 1)]);
  switch (term.kind) {
    case 'l1': {
      const difference = subtract(graph, numbers, target);
      return { losses: unary(graph, 'Abs', difference), gradient: unary(graph, 'Sign', difference) };
    }
    case 'mse': {
      const difference = subtract(graph, numbers, target);
      return { losses: square(graph, difference), gradient: affine(graph, difference, 2, 0) };
    }
    case 'binary-cross-entropy': {
      const zero = graph.scalar(0);
      const valid = toFloat(graph, greater(graph, target, graph.scalar(-0.5)));
      // softplus(x) - x·t
      const losses = subtract(graph, unary(graph, 'Softplus', numbers), multiply(graph, numbers, target));
      const isOne = toFloat(graph, greater(graph, target, graph.scalar(0.5)));
      const saysOne = toFloat(graph, greater(graph, numbers, zero));
      return {
        losses: multiply(graph, losses, valid),
        hits: multiply(graph, toFloat(graph, equal(graph, isOne, saysOne)), valid),
        valid,
        gradient: multiply(graph, subtract(graph, unary(graph, 'Sigmoid', numbers), target), valid),
      };
    }
  }
}

function emitCrossEntropy(
  graph: GraphEmitter,
  term: LossTerm,
  output: Tensor,
  target: Tensor,
  labelSmoothing: number,
): Places {
  const batch = sizeAt(target, 0);
  const { outer, classes, inner } = classPlaces(term);
  const rows = reshape(graph, output, [batch * outer, classes, inner]);
  const labels = reshape(graph, target, [batch * outer, 1, inner]);
  const logShares = softmax(graph, rows, 1, true);
  const numbers = Int32Array.from({ length: classes }, (_, index) => index);
  const oneHot = toFloat(graph, equal(graph, labels, graph.constant('int32', [1, classes, 1], numbers)));
  const spread = affine(graph, oneHot, 1 - labelSmoothing, labelSmoothing / classes);
  // A label that is no class has no one: it counts as nothing.
  const counted = mayHaveGaps(term) ? reduceSum(graph, oneHot, [1]) : undefined;
  const wanted = counted === undefined || labelSmoothing === 0 ? spread : multiply(graph, spread, counted);
  const losses = unary(graph, 'Neg', reduceSum(graph, multiply(graph, wanted, logShares), [1], false));
  const shares = unary(graph, 'Exp', logShares);
  const gradient = subtract(graph, counted === undefined ? shares : multiply(graph, shares, counted), wanted);
  const best = emit(
    graph,
    { operator: 'ArgMax', inputs: [rows], attributes: { axis: int(1), keepdims: int(1) } },
    labels.shape,
    'int64',
  );
  const right = emit(graph, { operator: 'Cast', inputs: [labels], attributes: { to: int(7) } }, labels.shape, 'int64');
  const places = [batch, outer * inner];
  return {
    losses: reshape(graph, losses, places),
    hits: reshape(graph, toFloat(graph, equal(graph, best, right)), places),
    ...(counted && { valid: reshape(graph, counted, places) }),
    gradient,
  };
}

/** The weighted sum of the terms. */
export function totalLoss(graph: GraphEmitter, terms: readonly LossTerm[], losses: readonly EmittedLoss[]): Tensor {
  const weighted = losses.map(({ mean }, index) => affine(graph, mean, terms[index]?.weight ?? 1, 0));
  const sum = sumOf(graph, weighted);
  if (sum === undefined) throw new Error('A training without a loss');
  return sum;
}

/** The sum of a list as a scalar. */
function total(graph: GraphEmitter, list: Tensor): Tensor {
  return reduceSum(graph, list, [0], false);
}
