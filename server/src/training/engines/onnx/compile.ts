// Compiles a network into two ONNX models: one that does a whole training step, and one that evaluates.
// Everything that lives from step to step is an input of the step's model and, as it is after the step, an output.

import type { NetworkGraph } from '../../../network/network-graph.ts';
import { opOf } from '../../../network/network-graph.ts';
import type { OpId } from '../../../network/op.ts';
import type { CompileRequest } from '../engine.ts';
import { batchShapes } from '../batch-shapes.ts';
import { gateName, gatesOf } from '../gates.ts';
import { type ImageFigures, judgedTerm, type LossTerm, lossTerms, targetSize } from '../loss-terms.ts';
import { slotsOf } from '../optimizer-state.ts';
import {
  runningStatistics,
  slotName,
  sourceParameter,
  stateEntries,
  type StateEntry,
  trainedParameters,
  type TrainedParameter,
} from '../training-state.ts';
import { emitBackward, emitForward } from './differentiate.ts';
import { GraphEmitter, type Tensor } from './graph-emitter.ts';
import { type EmittedLoss, emitLoss, totalLoss } from './loss.ts';
import { encodeModel, type OnnxValue } from './onnx-model.ts';
import type { DropoutMask, Emission, Mode } from './op-rule.ts';
import { sumOf } from './operators.ts';
import { emitUpdate } from './optimizer.ts';
import { emitRegularizerGradients } from './regularizer.ts';

/** Names of the fed values that are no state. */
export const feedNames = {
  images: 'batch/images',
  learningRate: 'step/learning-rate',
  stepSize: 'step/step-size',
  secondMomentFactor: 'step/second-moment-factor',
  count: 'step/count',
} as const;

/** The feed that holds what a loss is held against. */
export function targetName(index: number): string {
  return `batch/target/${String(index)}`;
}

/** Whether a feed comes with each batch, as it is given. */
export function isOfBatch(feed: string): boolean {
  return feed.startsWith('batch/');
}

export interface CompiledModel {
  readonly bytes: Uint8Array;
  /** The inputs that the model has; what it does not need it does not have. */
  readonly inputs: readonly OnnxValue[];
  /** By role: `loss`, `hits`, figures of terms (`figureName`), the name of a state entry, or that of a gate for the gradient by its mask. */
  readonly outputs: ReadonlyMap<string, OnnxValue>;
}

export interface CompiledTraining {
  readonly state: readonly StateEntry[];
  readonly imageShape: readonly number[];
  readonly terms: readonly LossTerm[];
  readonly step: CompiledModel;
  readonly dropoutMasks: readonly DropoutMask[];
  /** What each term came to on each image, under the names of `figureName`. */
  readonly evaluation: () => CompiledModel;
}

/** The graph must be trainable (`Engine.untrainable` names no op). `channelBlock` is what `findChannelBlock` found. */
export function compileTraining(request: CompileRequest, channelBlock: number): CompiledTraining {
  const { graph } = request;
  const trained = trainedParameters(graph);
  const state = stateEntries(request);
  const found = lossTerms(graph, request.losses);
  if (!found.ok) throw new Error(`${opOf(graph, found.op).name}: ${found.reason}`);
  const { terms } = found;
  const imageShape = imageShapeOf(graph, request.batchSize);
  const context = { request, trained, state, imageShape, channelBlock, terms };
  const step = compileStep(context);
  return {
    state,
    imageShape,
    terms,
    ...step,
    evaluation: () => compileEvaluation(context),
  };
}

function imageShapeOf(graph: NetworkGraph, batchSize: number): readonly number[] {
  const shapes = batchShapes(graph, batchSize);
  const [input] = graph.inputs;
  const shape = shapes.ok && input !== undefined ? shapes.shapes.get(input)?.shape : undefined;
  if (shape === undefined) throw new Error('The network has no input of known shape');
  return shape;
}

interface Compilation {
  readonly request: CompileRequest;
  readonly trained: readonly TrainedParameter[];
  readonly state: readonly StateEntry[];
  readonly imageShape: readonly number[];
  readonly channelBlock: number;
  readonly terms: readonly LossTerm[];
}

/** The common start of both models: inputs for the batch and the state, and the network forwards. */
function emitNetwork({ request, trained, state, imageShape, channelBlock, terms }: Compilation, mode: Mode) {
  const emitter = new GraphEmitter(channelBlock);
  const images = emitter.input(feedNames.images, 'float32', imageShape);
  const targets = terms.map((term, index) =>
    emitter.input(targetName(index), term.kind === 'cross-entropy' ? 'int32' : 'float32', [
      request.batchSize,
      targetSize(term),
    ]),
  );
  const inputs = new Map(state.map((entry) => [entry.name, emitter.input(entry.name, 'float32', entry.shape)]));
  const tensor = (name: string): Tensor => {
    const input = inputs.get(name);
    if (input === undefined) throw new Error(`No state ${name}`);
    return input;
  };
  const emission: Emission = {
    graph: emitter,
    mode,
    parameters: new Map(trained.map(({ parameter }) => [parameter.id, tensor(parameter.id)])),
    buffers: new Map(runningStatistics(request.graph).map(({ name }) => [name, tensor(name)])),
    dropoutMasks: [],
    gateMasks: new Map(
      gatesOf(request).map(({ op, channels }) => [op, emitter.input(gateName(op), 'float32', [channels])]),
    ),
    stepCount: emitter.input(feedNames.count, 'float32', []),
  };
  const wanted = terms.map(({ value }) => value);
  const forward = emitForward(request.graph, wanted, request.batchSize, emission, images);
  const lossOf = (labelSmoothing: number): readonly EmittedLoss[] =>
    terms.map((term, index) => {
      const [output, target] = [forward.values.get(term.value), targets[index]];
      if (output === undefined || target === undefined) throw new Error('An output was not emitted');
      return emitLoss(emitter, term, output, target, labelSmoothing);
    });
  return { emitter, emission, forward, lossOf, tensor };
}

function compileStep(context: Compilation): Pick<CompiledTraining, 'step' | 'dropoutMasks'> {
  const { request, trained, terms } = context;
  const { graph, optimizer, sources } = request;
  const { emitter, emission, forward, lossOf, tensor } = emitNetwork(context, 'training');
  const losses = lossOf(request.labelSmoothing);
  const backward = emitBackward(
    emission,
    forward,
    losses.map(({ gradient }, index) => [terms[index]?.value ?? -1, gradient]),
  );
  const coefficients = new Map<OpId, Tensor>();
  for (const source of sources) {
    if (sourceParameter(graph, source) === undefined) continue;
    coefficients.set(source.op, emitter.input(coefficientName(source.op), 'float32', [source.channels]));
  }
  const penalties = emitRegularizerGradients(emitter, graph, sources, emission.parameters, coefficients);
  const scalars = {
    learningRate: emitter.input(feedNames.learningRate, 'float32', []),
    stepSize: emitter.input(feedNames.stepSize, 'float32', []),
    secondMomentFactor: emitter.input(feedNames.secondMomentFactor, 'float32', []),
  };

  const outputs = new Map<string, Tensor>([['loss', totalLoss(emitter, terms, losses)], ...emission.buffers]);
  const hits = losses[judgedTerm(terms)]?.batchHits;
  if (hits !== undefined) outputs.set('hits', hits);
  for (const [op, gradient] of backward.gateMasks) outputs.set(gateName(op), gradient);
  for (const { parameter } of trained) {
    const gradients = [backward.parameters.get(parameter.id), penalties.get(parameter.id)];
    const gradient = sumOf(
      emitter,
      gradients.filter((part) => part !== undefined),
    );
    // A parameter that the loss does not depend on stays as it is, as in PyTorch.
    if (gradient === undefined) continue;
    const names = slotsOf(optimizer).map((slot) => slotName(slot, parameter.id));
    const update = emitUpdate(
      emitter,
      optimizer,
      { value: tensor(parameter.id), gradient, slots: names.map(tensor), role: parameter.role },
      scalars,
    );
    outputs.set(parameter.id, update.value);
    names.forEach((name, index) => {
      const slot = update.slots[index];
      if (slot !== undefined) outputs.set(name, slot);
    });
  }
  const { model, names } = emitter.finish(outputs);
  return {
    step: { bytes: encodeModel(model), inputs: model.inputs, outputs: names },
    dropoutMasks: emission.dropoutMasks,
  };
}

function compileEvaluation(context: Compilation): CompiledModel {
  const { emitter, lossOf } = emitNetwork(context, 'inference');
  const outputs = new Map<string, Tensor>();
  for (const [index, { losses, hits, counts }] of lossOf(0).entries()) {
    outputs.set(figureName('losses', index), losses);
    if (hits !== undefined) outputs.set(figureName('hits', index), hits);
    if (counts !== undefined) outputs.set(figureName('counts', index), counts);
  }
  const { model, names } = emitter.finish(outputs);
  return { bytes: encodeModel(model), inputs: model.inputs, outputs: names };
}

/** Under which an evaluation gives a figure of a term, one number an image. */
export function figureName(figure: keyof ImageFigures, term: number): string {
  return `${figure}/${String(term)}`;
}

/** The feed that holds a source's coefficients. */
export function coefficientName(op: OpId): string {
  return `coefficients/${String(op)}`;
}
