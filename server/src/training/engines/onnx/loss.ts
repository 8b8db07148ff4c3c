// Softmax cross-entropy on the network's output: which value holds the logits, the loss, its gradient, the hits.

import type { NetworkGraph } from '../../../network/network-graph.ts';
import { opOf, valueOf } from '../../../network/network-graph.ts';
import type { ValueId } from '../../../network/op.ts';
import type { Untrainable } from '../engine.ts';
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

/** Where the scores of the classes come from. */
interface Logits {
  readonly value: ValueId;
  readonly classes: number;
}

export type LogitsResult = { readonly ok: true; readonly logits: Logits } | ({ readonly ok: false } & Untrainable);

/**
 * The logits of a classifier with one output of shape [N, classes], or [N, classes, 1, 1]. When the network ends in a
 * softmax over the classes (reshapes behind it do not matter), the logits are what goes into it: the loss has its own.
 */
export function logitsOf(graph: NetworkGraph): LogitsResult {
  const [output] = graph.outputs;
  if (output === undefined || graph.outputs.length > 1) {
    const op = output === undefined ? 0 : valueOf(graph, output).producer;
    return { ok: false, op, reason: `a classifier has one output, this network has ${String(graph.outputs.length)}` };
  }
  const sizes = valueOf(graph, output).shape.slice(1).map(Number);
  const classes = sizes.reduce((product, size) => product * size, 1);
  if (sizes.filter((size) => size !== 1).length !== 1) {
    const reason = `the output should be one score a class, but its shape is ${sizes.join('×') || 'a single number'} an image`;
    return { ok: false, op: valueOf(graph, output).producer, reason };
  }
  return { ok: true, logits: { value: withoutSoftmax(graph, output, classes), classes } };
}

function withoutSoftmax(graph: NetworkGraph, output: ValueId, classes: number): ValueId {
  let value = output;
  for (;;) {
    const op = opOf(graph, valueOf(graph, value).producer);
    const [input] = op.inputs;
    if (input === undefined) return output;
    if (op.attributes.kind === 'softmax') {
      const size = valueOf(graph, input).shape.at(op.attributes.axis);
      return size === classes ? input : output;
    }
    if (op.attributes.kind !== 'identity' && op.attributes.kind !== 'reshape') return output;
    value = input;
  }
}

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
