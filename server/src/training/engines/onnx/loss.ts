// Softmax cross-entropy of the logits: the loss, its gradient, the hits.

import { type GraphEmitter, int, type Tensor } from './graph-emitter.ts';
import {
  affine,
  emit,
  equal,
  multiply,
  reduceSum,
  reshape,
  sizeAt,
  softmax,
  subtract,
  toFloat,
  unary,
} from './operators.ts';

/** The loss's tensors. `losses` and `hits` have one entry an image; a hit is 1. */
export interface EmittedLoss {
  readonly losses: Tensor;
  readonly hits: Tensor;
  /** Of the mean loss with respect to the logits, in the logits' own shape. */
  readonly gradient: Tensor;
}

/** Labels are class indices, int32, one an image. The target is (1 - smoothing)·one-hot + smoothing / classes. */
export function emitLoss(graph: GraphEmitter, logits: Tensor, labels: Tensor, labelSmoothing: number): EmittedLoss {
  const batch = sizeAt(labels, 0);
  const classes = logits.shape.reduce((product, size) => product * size, 1) / batch;
  const rows = reshape(graph, logits, [batch, classes]);
  const logShares = softmax(graph, rows, 1, true);
  const classNumbers = graph.constant(
    'int32',
    [1, classes],
    Int32Array.from({ length: classes }, (_, index) => index),
  );
  const oneHot = toFloat(graph, equal(graph, reshape(graph, labels, [batch, 1]), classNumbers));
  const target = affine(graph, oneHot, 1 - labelSmoothing, labelSmoothing / classes);
  const losses = unary(graph, 'Neg', reduceSum(graph, multiply(graph, target, logShares), [1], false));
  const difference = subtract(graph, unary(graph, 'Exp', logShares), target);
  const best = emit(
    graph,
    { operator: 'ArgMax', inputs: [rows], attributes: { axis: int(1), keepdims: int(0) } },
    [batch],
    'int64',
  );
  const wanted = emit(graph, { operator: 'Cast', inputs: [labels], attributes: { to: int(7) } }, [batch], 'int64');
  return {
    losses,
    hits: toFloat(graph, equal(graph, best, wanted)),
    gradient: reshape(graph, affine(graph, difference, 1 / batch, 0), logits.shape),
  };
}

/** The sum of a list as a scalar. */
export function total(graph: GraphEmitter, list: Tensor): Tensor {
  return reduceSum(graph, list, [0], false);
}
