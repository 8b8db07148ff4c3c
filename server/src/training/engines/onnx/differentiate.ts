// Emits a network forwards and the gradients backwards: the table of rules by op kind and the walk over the graph.

import type { NetworkGraph } from '../../../network/network-graph.ts';
import { opOf, valueOf } from '../../../network/network-graph.ts';
import type { Op, OpId, ValueId } from '../../../network/op.ts';
import { batchShapes } from '../batch-shapes.ts';
import { type AttributesByKind, neededOps, trainableAttributes, type TrainableKind } from '../trainable.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import type { Emission, Emitted, OpRule, RuleContext } from './op-rule.ts';
import { activationRule } from './ops/activation.ts';
import { batchNormRule } from './ops/batch-norm.ts';
import { convolutionRule, transposedConvolutionRule } from './ops/convolution.ts';
import { denseRule, matrixProductRule } from './ops/dense.ts';
import { dropoutRule, elementwiseRule, embeddingRule, reduceRule, softmaxRule } from './ops/elementwise.ts';
import { gated } from './ops/gate.ts';
import { groupNormRule, layerNormRule } from './ops/group-norm.ts';
import { constantRule } from './ops/constant.ts';
import { padRule } from './ops/pad.ts';
import { adaptivePoolRule, poolRule, resizeRule } from './ops/pool.ts';
import {
  channelShuffleRule,
  concatRule,
  depthToSpaceRule,
  expandRule,
  identityRule,
  permuteRule,
  reshapeRule,
  sliceRule,
  spaceToDepthRule,
} from './ops/reshape.ts';
import { sameShape } from '../shape-arithmetic.ts';
import { emitSum } from './blocked-layout.ts';

/** Rules by kind. Inputs are emitted by the walk itself. */
const rules: { readonly [K in TrainableKind]: OpRule<K> } = {
  convolution: convolutionRule,
  'transposed-convolution': transposedConvolutionRule,
  dense: denseRule,
  'batch-norm': batchNormRule,
  'layer-norm': layerNormRule,
  'group-norm': groupNormRule,
  activation: activationRule,
  pool: poolRule,
  'adaptive-pool': adaptivePoolRule,
  reduce: reduceRule,
  elementwise: elementwiseRule,
  concat: concatRule,
  slice: sliceRule,
  reshape: reshapeRule,
  permute: permuteRule,
  expand: expandRule,
  pad: padRule,
  resize: resizeRule,
  matmul: matrixProductRule,
  softmax: softmaxRule,
  embedding: embeddingRule,
  'channel-shuffle': channelShuffleRule,
  'depth-to-space': depthToSpaceRule,
  'space-to-depth': spaceToDepthRule,
  dropout: dropoutRule,
  identity: identityRule,
  constant: constantRule,
};

/** A network that has been emitted forwards. */
export interface ForwardPass {
  readonly values: ReadonlyMap<ValueId, Tensor>;
  readonly steps: readonly { readonly op: Op; readonly emitted: Emitted }[];
}

/** Emits what `targets` need. `images` is the graph's input at the batch size. */
export function emitForward(
  graph: NetworkGraph,
  targets: readonly ValueId[],
  batchSize: number,
  emission: Emission,
  images: Tensor,
): ForwardPass {
  const shapes = batchShapes(graph, batchSize);
  if (!shapes.ok) throw new Error(`${opOf(graph, shapes.op).name}: ${shapes.reason}`);
  const needed = neededOps(graph, targets);
  const values = new Map<ValueId, Tensor>();
  const steps: { op: Op; emitted: Emitted }[] = [];
  for (const op of graph.ops) {
    if (!needed.has(op)) continue;
    const [outputId] = op.outputs;
    if (outputId === undefined) throw new Error(`${op.name} has no output`);
    if (op.attributes.kind === 'input') {
      values.set(outputId, images);
      continue;
    }
    const inputs = op.inputs.map((id) => {
      const value = values.get(id);
      if (value === undefined) throw new Error(`${op.name} comes before its input`);
      return value;
    });
    const outputShape = shapes.shapes.get(outputId)?.shape ?? [];
    const isOnlyReader = op.inputs.map((id) => {
      const readers = valueOf(graph, id).consumers.filter((reader) => needed.has(opOf(graph, reader)));
      return readers.length === 1 && !targets.includes(id) && op.inputs.filter((other) => other === id).length === 1;
    });
    const attributes = trainableAttributes(op.attributes);
    if (attributes === undefined) throw new Error(`${op.name} should have been refused`);
    const ungated = emitOp(attributes.kind, attributes, { ...emission, op, inputs, isOnlyReader, outputShape });
    const mask = emission.gateMasks?.get(op.id);
    const emitted = mask === undefined ? ungated : gated(emission.graph, op, ungated, mask);
    if (!sameShape(emitted.output.shape, outputShape)) {
      throw new Error(`${op.name} gave ${emitted.output.shape.join('×')} in place of ${outputShape.join('×')}`);
    }
    values.set(outputId, emitted.output);
    steps.push({ op, emitted });
  }
  return { values, steps };
}

function emitOp<K extends TrainableKind>(
  kind: K,
  attributes: AttributesByKind[K],
  shared: Omit<RuleContext<K>, 'attributes'>,
): Emitted {
  return rules[kind].emit({ ...shared, attributes });
}

export interface BackwardPass {
  /** By parameter id; parameters that the output does not depend on have none. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Of the values asked for. */
  readonly values: ReadonlyMap<ValueId, Tensor>;
  /** By the masks of gates. */
  readonly gateMasks: ReadonlyMap<OpId, Tensor>;
}

/**
 * Emits the gradients of a scalar from its gradients with respect to values of the forward pass that it is computed of.
 * `wantedValues` are values whose own gradients are asked for (tests ask for the input's).
 */
export function emitBackward(
  { graph, parameters }: Emission,
  forward: ForwardPass,
  from: readonly (readonly [ValueId, Tensor])[],
  wantedValues: readonly ValueId[] = [],
): BackwardPass {
  const flowing = valuesWithGradient(forward, parameters, wantedValues);
  const ofValues = new Map<ValueId, Tensor[]>();
  const ofParameters = new Map<string, Tensor[]>();
  const gateMasks = new Map<OpId, Tensor>();
  const append = <Key>(map: Map<Key, Tensor[]>, key: Key, tensor: Tensor): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [tensor]);
    else known.push(tensor);
  };
  for (const [value, gradient] of from) append(ofValues, value, gradient);
  for (const { op, emitted } of forward.steps.toReversed()) {
    const [outputId] = op.outputs;
    if (outputId === undefined || !flowing.has(outputId)) continue;
    const total = sumOfGradients(graph, ofValues.get(outputId) ?? []);
    if (total === undefined || emitted.pullback === undefined) continue;
    ofValues.set(outputId, [total]);
    const wanted = op.inputs.map((id) => flowing.has(id));
    const gradients = emitted.pullback(total, wanted);
    op.inputs.forEach((id, index) => {
      const own = gradients.inputs[index];
      if (own !== undefined && wanted[index] === true) append(ofValues, id, own);
    });
    for (const [parameter, own] of gradients.parameters ?? []) append(ofParameters, parameter.id, own);
    if (gradients.gateMask !== undefined) gateMasks.set(op.id, gradients.gateMask);
  }
  return {
    parameters: summed(graph, ofParameters),
    values: summed(graph, new Map(wantedValues.map((id) => [id, ofValues.get(id) ?? []]))),
    gateMasks,
  };
}

/** Gradients are made to be summed here, so one may be joined into what computes another. */
function sumOfGradients(graph: GraphEmitter, tensors: readonly Tensor[]): Tensor | undefined {
  const [first, ...rest] = tensors;
  return rest.reduce((sum, tensor) => sum && emitSum(graph, sum, tensor, [true, true]), first);
}

function summed<Key>(graph: GraphEmitter, lists: ReadonlyMap<Key, readonly Tensor[]>): ReadonlyMap<Key, Tensor> {
  const sums = new Map<Key, Tensor>();
  for (const [key, tensors] of lists) {
    const sum = sumOfGradients(graph, tensors);
    if (sum !== undefined) sums.set(key, sum);
  }
  return sums;
}

/** Values that a trainable parameter or a wanted value stands behind: only through them need gradients flow. */
function valuesWithGradient(
  forward: ForwardPass,
  parameters: ReadonlyMap<string, Tensor>,
  wanted: readonly ValueId[],
): ReadonlySet<ValueId> {
  const flowing = new Set<ValueId>(wanted);
  for (const { op } of forward.steps) {
    const isTrained = op.parameters.some((parameter) => parameters.has(parameter.id));
    if (isTrained || op.inputs.some((id) => flowing.has(id))) for (const output of op.outputs) flowing.add(output);
  }
  return flowing;
}
