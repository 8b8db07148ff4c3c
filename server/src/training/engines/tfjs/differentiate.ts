// Computes a network forwards and its gradients backwards: the table of rules by op kind and the walk over the graph.
// Every tensor is counted, and freed as soon as neither an op nor a gradient needs it any more.

import { type NetworkGraph, opOf } from '../../../network/network-graph.ts';
import type { Op, ValueId } from '../../../network/op.ts';
import { batchShapes } from '../batch-shapes.ts';
import { sameShape } from '../shape-arithmetic.ts';
import { type AttributesByKind, neededOps, trainableAttributes, type TrainableKind } from '../trainable.ts';
import { gateName } from '../gates.ts';
import { gated } from './gate.ts';
import type { Applied, OpRule, Pass, RuleContext } from './op-rule.ts';
import { activationRule } from './ops/activation.ts';
import {
  channelShuffleRule,
  concatRule,
  depthToSpaceRule,
  expandRule,
  identityRule,
  padRule,
  permuteRule,
  reshapeRule,
  sliceRule,
  spaceToDepthRule,
} from './ops/arrangement.ts';
import { batchNormRule } from './ops/batch-norm.ts';
import { convolutionRule, transposedConvolutionRule } from './ops/convolution.ts';
import { denseRule, embeddingRule, matrixProductRule } from './ops/dense.ts';
import { constantRule, dropoutRule, elementwiseRule } from './ops/elementwise.ts';
import { groupNormRule, layerNormRule } from './ops/group-norm.ts';
import { adaptivePoolRule, poolRule, resizeRule } from './ops/pool.ts';
import { reduceRule, softmaxRule } from './ops/reduce.ts';
import { inOrder, networkShape, type Placed, plain } from './placed.ts';
import { scoped } from './scope.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** Rules by kind. Inputs are no ops here: the batch stands in for them. */
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

function applyRule<K extends TrainableKind>(
  kind: K,
  attributes: AttributesByKind[K],
  shared: Omit<RuleContext<K>, 'attributes'>,
): Applied {
  return rules[kind]({ ...shared, attributes });
}

/** What a network asks of its walk, worked out once. */
export interface WalkPlan {
  readonly graph: NetworkGraph;
  readonly targets: readonly ValueId[];
  /** Ops that the targets are computed from, inputs left out, in order. */
  readonly ops: readonly Op[];
  /** Network shapes at the real batch size. */
  readonly shapes: ReadonlyMap<ValueId, readonly number[]>;
  /** How many of `ops` read a value. */
  readonly readers: ReadonlyMap<ValueId, number>;
  /** Values that a parameter (or a wanted value) stands behind: only through them need gradients flow. */
  readonly flowing: ReadonlySet<ValueId>;
  readonly wanted: ReadonlySet<ValueId>;
}

/** `wanted` are values whose own gradients are asked for (tests ask for the input's). */
export function planWalk(
  graph: NetworkGraph,
  targets: readonly ValueId[],
  batchSize: number,
  wanted: readonly ValueId[] = [],
): WalkPlan {
  const found = batchShapes(graph, batchSize);
  if (!found.ok) throw new Error(`${opOf(graph, found.op).name}: ${found.reason}`);
  const needed = neededOps(graph, targets);
  const ops = graph.ops.filter((op) => needed.has(op) && op.attributes.kind !== 'input');
  const readers = new Map<ValueId, number>();
  const flowing = new Set<ValueId>(wanted);
  for (const op of ops) {
    for (const id of op.inputs) readers.set(id, (readers.get(id) ?? 0) + 1);
    const isTrained = op.parameters.some(({ role }) => role !== 'running-mean' && role !== 'running-variance');
    if (isTrained || op.inputs.some((id) => flowing.has(id))) for (const output of op.outputs) flowing.add(output);
  }
  const shapes = new Map([...found.shapes].map(([id, { shape }]) => [id, shape]));
  return { graph, targets, ops, shapes, readers, flowing, wanted: new Set(wanted) };
}

/** Counts who still needs a tensor. */
class TensorUses {
  readonly #counts = new Map<Tensor, number>();

  add(tensor: Tensor, count = 1): void {
    this.#counts.set(tensor, (this.#counts.get(tensor) ?? 0) + count);
  }

  /** Frees the tensor when nobody is left who needs it. */
  drop(tensor: Tensor): void {
    const count = (this.#counts.get(tensor) ?? 0) - 1;
    if (count > 0) {
      this.#counts.set(tensor, count);
      return;
    }
    this.#counts.delete(tensor);
    tensor.dispose();
  }
}

/** A network that has been computed. */
export interface ForwardPass {
  /** The targets' values; they live until `backward` or `dispose`, of which one must be called. */
  readonly targets: readonly Placed[];
  /** From the gradients of the targets, in the network's own order; takes them over. */
  readonly backward: (gradients: readonly Tensor[]) => BackwardPass;
  readonly dispose: () => void;
}

export interface BackwardPass {
  /**
   * By parameter id, and by masks of gates under the gates' names; parameters that the targets do not depend on have
   * none. The caller's to dispose of.
   */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Of the wanted values. */
  readonly values: ReadonlyMap<ValueId, Placed>;
}

function outputOf(op: Op): ValueId {
  const [output] = op.outputs;
  if (output === undefined) throw new Error(`${op.name} has no output`);
  return output;
}

/** Computes the plan's targets from the images, which have the input's network shape and stay the caller's. */
export function forward(plan: WalkPlan, pass: Pass, images: Tensor): ForwardPass {
  const { tf } = pass.backend;
  const uses = new TensorUses();
  const values = new Map<ValueId, Placed>();
  const [inputId] = plan.graph.inputs;
  if (inputId === undefined) throw new Error('The network has no input');
  values.set(inputId, plain(images));
  uses.add(images, (plan.readers.get(inputId) ?? 0) + 1);
  const valueOf = (id: ValueId): Placed => {
    const value = values.get(id);
    if (value === undefined) throw new Error(`Value ${String(id)} is read before it is computed`);
    return value;
  };
  const foreign = new Set(pass.parameters.values());
  const timesWanted = (id: ValueId): number => plan.targets.filter((target) => target === id).length;
  const steps: { readonly op: Op; readonly applied: Applied; readonly needs: readonly Tensor[] }[] = [];
  for (const op of plan.ops) {
    const outputId = outputOf(op);
    const inputs = op.inputs.map(valueOf);
    const outputShape = plan.shapes.get(outputId) ?? [];
    const applied = compute(tf, pass, op, inputs, outputShape, foreign);
    const isFollowed = pass.mode === 'training' && plan.flowing.has(outputId) && applied.pullback !== undefined;
    const needs = (applied.needs ?? []).filter((tensor) => !foreign.has(tensor));
    for (const tensor of needs) uses.add(tensor);
    uses.add(applied.output.tensor, (plan.readers.get(outputId) ?? 0) + timesWanted(outputId));
    values.set(outputId, applied.output);
    for (const { tensor } of inputs) uses.drop(tensor);
    if (!isFollowed) for (const tensor of needs) uses.drop(tensor);
    else steps.push({ op, applied, needs });
  }
  const targets = plan.targets.map(valueOf);
  const backward = (ofTargets: readonly Tensor[]): BackwardPass => {
    const gradients = new GradientSums(tf);
    for (const [index, gradient] of ofTargets.entries()) gradients.addValue(plan.targets[index] ?? -1, plain(gradient));
    for (const { op, applied, needs } of steps.toReversed()) {
      const outputId = outputOf(op);
      const total = plan.wanted.has(outputId) ? gradients.value(outputId) : gradients.takeValue(outputId);
      if (total !== undefined && applied.pullback !== undefined) {
        pullBack(tf, plan, op, applied.pullback, total, gradients);
        if (!plan.wanted.has(outputId)) total.tensor.dispose();
      }
      for (const tensor of needs) uses.drop(tensor);
    }
    for (const { tensor } of targets) uses.drop(tensor);
    return { parameters: gradients.parameters, values: gradients.values };
  };
  const dispose = (): void => {
    for (const { needs } of steps) for (const tensor of needs) uses.drop(tensor);
    for (const { tensor } of targets) uses.drop(tensor);
  };
  return { targets, backward, dispose };
}

/** Computes one op; of what it makes only its output and what its pullback needs are left. */
function compute(
  tf: TensorFlow,
  pass: Pass,
  op: Op,
  inputs: readonly Placed[],
  outputShape: readonly number[],
  foreign: ReadonlySet<Tensor>,
): Applied {
  const attributes = trainableAttributes(op.attributes);
  if (attributes === undefined) throw new Error(`${op.name} should have been refused`);
  const applied = scoped(
    tf,
    () => {
      const ungated = applyRule(attributes.kind, attributes, { ...pass, op, inputs, outputShape });
      const mask = pass.gateMasks?.get(op.id);
      const found = mask === undefined ? ungated : gated(tf, op, ungated, mask);
      const { tensor } = found.output;
      // A tensor of its own, so that each value can be freed on its own; also a parameter is not the walk's to free.
      const isForeign = foreign.has(tensor) || inputs.some((input) => input.tensor === tensor);
      return isForeign ? { ...found, output: { ...found.output, tensor: tensor.clone() } } : found;
    },
    ({ output, needs = [] }) => [output.tensor, ...needs],
  );
  const shape = networkShape(applied.output);
  if (!sameShape(shape, outputShape)) {
    throw new Error(`${op.name} gave ${shape.join('×')} in place of ${outputShape.join('×')}`);
  }
  return applied;
}

function pullBack(
  tf: TensorFlow,
  plan: WalkPlan,
  op: Op,
  pullback: NonNullable<Applied['pullback']>,
  gradient: Placed,
  gradients: GradientSums,
): void {
  const wanted = op.inputs.map((id) => plan.flowing.has(id));
  const kept = scoped(
    tf,
    () => {
      const found = pullback(gradient, wanted);
      const seen = new Set<Tensor>([gradient.tensor]);
      // Each gradient has a tensor of its own, since each is freed on its own.
      const own = (tensor: Tensor): Tensor => {
        if (seen.has(tensor)) return tensor.clone();
        seen.add(tensor);
        return tensor;
      };
      return {
        values: op.inputs.flatMap((id, index) => {
          const input = found.inputs[index];
          return input === undefined || wanted[index] !== true
            ? []
            : [{ id, placed: { ...input, tensor: own(input.tensor) } }];
        }),
        parameters: [
          ...(found.parameters ?? []).map(([{ id }, tensor]) => ({ id, tensor: own(tensor) })),
          ...(found.gateMask === undefined ? [] : [{ id: gateName(op.id), tensor: own(found.gateMask) }]),
        ],
      };
    },
    ({ values, parameters }) => [
      ...values.map(({ placed }) => placed.tensor),
      ...parameters.map(({ tensor }) => tensor),
    ],
  );
  for (const { id, placed } of kept.values) gradients.addValue(id, placed);
  for (const { id, tensor } of kept.parameters) gradients.addParameter(id, tensor);
}

/** Gradients so far; each sum takes over the tensors that it is given. */
class GradientSums {
  readonly #tf: TensorFlow;
  readonly values = new Map<ValueId, Placed>();
  readonly parameters = new Map<string, Tensor>();

  constructor(tf: TensorFlow) {
    this.#tf = tf;
  }

  value(id: ValueId): Placed | undefined {
    return this.values.get(id);
  }

  takeValue(id: ValueId): Placed | undefined {
    const value = this.values.get(id);
    this.values.delete(id);
    return value;
  }

  addValue(id: ValueId, part: Placed): void {
    const known = this.values.get(id);
    if (known === undefined) {
      this.values.set(id, part);
      return;
    }
    const tensor = this.#tf.tidy(() => this.#tf.add(known.tensor, inOrder(this.#tf, part, known.channelsLast)));
    known.tensor.dispose();
    part.tensor.dispose();
    this.values.set(id, { ...known, tensor });
  }

  addParameter(id: string, part: Tensor): void {
    const known = this.parameters.get(id);
    this.parameters.set(id, known === undefined ? part : this.#tf.add(known, part));
    if (known === undefined) return;
    known.dispose();
    part.dispose();
  }
}
