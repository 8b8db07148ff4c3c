// What a training makes smaller: for each output the value that its loss is taken of, and what its targets look like.

import { type NetworkGraph, opOf, valueOf } from '../../network/network-graph.ts';
import { channelAxisOf } from '../../network/op-traits.ts';
import type { ValueId } from '../../network/op.ts';
import { isKnownShape } from '../../network/shape.ts';
import type { OutputLoss, StepResult, Untrainable } from './engine.ts';

/** The loss of one output. */
export interface LossTerm {
  readonly kind: OutputLoss['kind'];
  readonly weight: number;
  /** What the loss is taken of: the output, or what goes into the softmax or sigmoid that it ends in: losses have their own. */
  readonly value: ValueId;
  /** The sizes of that value without the batch. */
  readonly shape: readonly number[];
  /** The axis of the classes in `shape`; cross-entropy only. */
  readonly classAxis: number;
}

type LossTermsResult =
  { readonly ok: true; readonly terms: readonly LossTerm[] } | ({ readonly ok: false } & Untrainable);

/** The loss of a classifier with one output of shape [N, classes], or [N, classes, 1, 1]; absent losses mean this one. */
const classifierLoss: OutputLoss = { output: 0, kind: 'cross-entropy', weight: 1 };

/** The terms of a training's loss, or the op that stands in the way. */
export function lossTerms(graph: NetworkGraph, losses: readonly OutputLoss[] | undefined): LossTermsResult {
  const [output] = graph.outputs;
  if (losses === undefined && (output === undefined || graph.outputs.length > 1)) {
    const op = output === undefined ? 0 : valueOf(graph, output).producer;
    return { ok: false, op, reason: `a classifier has one output, this network has ${String(graph.outputs.length)}` };
  }
  const terms: LossTerm[] = [];
  for (const loss of losses ?? [classifierLoss]) {
    const found = termOf(graph, loss, losses === undefined);
    if ('reason' in found) return { ok: false, ...found };
    terms.push(found);
  }
  return { ok: true, terms };
}

function termOf(
  graph: NetworkGraph,
  { output, kind, weight }: OutputLoss,
  isClassifier: boolean,
): LossTerm | Untrainable {
  const value = graph.outputs[output];
  if (value === undefined) {
    const reason = `there is no output ${String(output)}, this network has ${String(graph.outputs.length)}`;
    return { op: 0, reason };
  }
  const { shape: whole, producer } = valueOf(graph, value);
  if (!isKnownShape(whole)) return { op: producer, reason: 'the shape of the output is not known' };
  const shape = whole.slice(1);
  switch (kind) {
    case 'l1':
    case 'mse':
      return { kind, weight, value, shape, classAxis: 0 };
    case 'binary-cross-entropy':
      return { kind, weight, value: withoutSigmoid(graph, value), shape, classAxis: 0 };
    case 'cross-entropy': {
      const isOneClass = shape.filter((size) => size !== 1).length === 1;
      if ((isClassifier && !isOneClass) || shape.length === 0) {
        const reason = `the output should be one score a class, but its shape is ${shape.join('×') || 'a single number'} an image`;
        return { op: producer, reason };
      }
      const classAxis = isOneClass ? shape.findIndex((size) => size !== 1) : classAxisOf(graph, shape.length);
      const classes = shape[classAxis] ?? 1;
      return { kind, weight, value: withoutSoftmax(graph, value, classes, isOneClass), shape, classAxis };
    }
  }
}

/** Where the classes of each pixel stand: in front of the positions, unless the network has channels last. */
function classAxisOf(graph: NetworkGraph, rank: number): number {
  const [input = -1] = graph.inputs;
  const { producer, shape } = valueOf(graph, input);
  return channelAxisOf(opOf(graph, producer), shape.length) === shape.length - 1 ? rank - 1 : 0;
}

function withoutSoftmax(graph: NetworkGraph, output: ValueId, classes: number, mayReshape: boolean): ValueId {
  let value = output;
  for (;;) {
    const op = opOf(graph, valueOf(graph, value).producer);
    const [input] = op.inputs;
    if (input === undefined) return output;
    if (op.attributes.kind === 'softmax') {
      const size = valueOf(graph, input).shape.at(op.attributes.axis);
      return size === classes ? input : output;
    }
    if (op.attributes.kind !== 'identity' && !(mayReshape && op.attributes.kind === 'reshape')) return output;
    value = input;
  }
}

function withoutSigmoid(graph: NetworkGraph, output: ValueId): ValueId {
  const { attributes, inputs } = opOf(graph, valueOf(graph, output).producer);
  return attributes.kind === 'activation' && attributes.function === 'sigmoid' ? (inputs[0] ?? output) : output;
}

/** Scores of classes at positions: `classes` numbers at each of `outer` × `inner` places of an image, the classes between them. */
export function classPlaces({ shape, classAxis }: LossTerm): {
  readonly outer: number;
  readonly classes: number;
  readonly inner: number;
} {
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
  return {
    outer: product(shape.slice(0, classAxis)),
    classes: shape[classAxis] ?? 1,
    inner: product(shape.slice(classAxis + 1)),
  };
}

/** How many numbers one image's target has: a class a place, or a number an element. */
export function targetSize(term: LossTerm): number {
  const { outer, classes, inner } = classPlaces(term);
  return term.kind === 'cross-entropy' ? outer * inner : outer * classes * inner;
}

/** Whether a target may leave out places, by a class or number below 0: then each image counts by how many it has. */
export function mayHaveGaps(term: LossTerm): boolean {
  return term.kind === 'binary-cross-entropy' || (term.kind === 'cross-entropy' && targetSize(term) > 1);
}

/** The first term of which it can be said whether an image, a pixel or an element is right; -1 where there is none. */
export function judgedTerm(terms: readonly LossTerm[]): number {
  return terms.findIndex(({ kind }) => kind === 'cross-entropy' || kind === 'binary-cross-entropy');
}

/** What a term came to on each image: sums over its places, and how many those are; absent: one. */
export interface ImageFigures {
  readonly losses: Float32Array;
  readonly hits?: Float32Array | undefined;
  readonly counts?: Float32Array | undefined;
}

/** The result of the first `count` images of a batch, of figures that an engine has computed an image; one entry a term. */
export function resultOf(terms: readonly LossTerm[], figures: readonly ImageFigures[], count: number): StepResult {
  const sum = (values: Float32Array | undefined): number =>
    values?.subarray(0, count).reduce((total, value) => total + value, 0) ?? count;
  let loss = 0;
  let correct: number | undefined;
  const judged = judgedTerm(terms);
  for (const [index, { losses, hits, counts }] of figures.entries()) {
    const places = Math.max(1, sum(counts));
    loss += (terms[index]?.weight ?? 1) * (sum(losses) / places);
    if (index === judged) correct = counts === undefined ? sum(hits) : (count * sum(hits)) / places;
  }
  return { loss, ...(correct !== undefined && { correct }) };
}
