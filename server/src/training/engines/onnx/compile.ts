// Compiles a network into two ONNX models: one that does a whole training step, and one that evaluates.
// Everything that lives from step to step is an input of the step's model and, as it is after the step, an output.

import type { NetworkGraph } from '../../../network/network-graph.ts';
import { opOf } from '../../../network/network-graph.ts';
import type { OpId } from '../../../network/op.ts';
import type { CompileRequest } from '../engine.ts';
import { batchShapes } from '../batch-shapes.ts';
import { gateName, gatesOf } from '../gates.ts';
import { logitsOf } from '../logits.ts';
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
import { emitLoss, total } from './loss.ts';
import { encodeModel, type OnnxValue } from './onnx-model.ts';
import type { DropoutMask, Emission, Mode } from './op-rule.ts';
import { affine, sumOf } from './operators.ts';
import { emitUpdate } from './optimizer.ts';
import { emitRegularizerGradients } from './regularizer.ts';

/** Names of the fed values that are no state. */
export const feedNames = {
  images: 'batch/images',
  labels: 'batch/labels',
  learningRate: 'step/learning-rate',
  stepSize: 'step/step-size',
  secondMomentFactor: 'step/second-moment-factor',
  count: 'step/count',
} as const;

export interface CompiledModel {
  readonly bytes: Uint8Array;
  /** The inputs that the model has; what it does not need it does not have. */
  readonly inputs: readonly OnnxValue[];
  /** By role: `loss`, `hits`, the name of a state entry, or that of a gate for the gradient by its mask. */
  readonly outputs: ReadonlyMap<string, OnnxValue>;
}

export interface CompiledTraining {
  readonly state: readonly StateEntry[];
  readonly imageShape: readonly number[];
  readonly classes: number;
  readonly step: CompiledModel;
  readonly dropoutMasks: readonly DropoutMask[];
  /** Losses and hits of each image, under `loss` and `hits`. */
  readonly evaluation: () => CompiledModel;
}

/** The graph must be trainable (`Engine.untrainable` names no op). `channelBlock` is what `findChannelBlock` found. */
export function compileTraining(request: CompileRequest, channelBlock: number): CompiledTraining {
  const { graph } = request;
  const trained = trainedParameters(graph);
  const state = stateEntries(request);
  const found = logitsOf(graph);
  if (!found.ok) throw new Error(`${opOf(graph, found.op).name}: ${found.reason}`);
  const imageShape = imageShapeOf(graph, request.batchSize);
  const context = { request, trained, state, imageShape, channelBlock };
  const step = compileStep(context);
  return {
    state,
    imageShape,
    classes: found.logits.classes,
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
}

/** The common start of both models: inputs for the batch and the state, and the network forwards. */
function emitNetwork({ request, trained, state, imageShape, channelBlock }: Compilation, mode: Mode) {
  const emitter = new GraphEmitter(channelBlock);
  const images = emitter.input(feedNames.images, 'float32', imageShape);
  const labels = emitter.input(feedNames.labels, 'int32', [request.batchSize]);
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
  const found = logitsOf(request.graph);
  if (!found.ok) throw new Error(found.reason);
  const forward = emitForward(request.graph, [found.logits.value], request.batchSize, emission, images);
  const logits = forward.values.get(found.logits.value);
  if (logits === undefined) throw new Error('The logits were not emitted');
  return { emitter, emission, labels, forward, logits, logitsValue: found.logits.value, tensor };
}

function compileStep(context: Compilation): Pick<CompiledTraining, 'step' | 'dropoutMasks'> {
  const { request, trained } = context;
  const { graph, optimizer, sources, batchSize } = request;
  const { emitter, emission, labels, forward, logits, logitsValue, tensor } = emitNetwork(context, 'training');
  const loss = emitLoss(emitter, logits, labels, request.labelSmoothing);
  const backward = emitBackward(emission, forward, logitsValue, loss.gradient);
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

  const outputs = new Map<string, Tensor>([
    ['loss', affine(emitter, total(emitter, loss.losses), 1 / batchSize, 0)],
    ['hits', total(emitter, loss.hits)],
    ...emission.buffers,
  ]);
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
  const { emitter, labels, logits } = emitNetwork(context, 'inference');
  const loss = emitLoss(emitter, logits, labels, 0);
  const { model, names } = emitter.finish(
    new Map([
      ['loss', loss.losses],
      ['hits', loss.hits],
    ]),
  );
  return { bytes: encodeModel(model), inputs: model.inputs, outputs: names };
}

/** The feed that holds a source's coefficients. */
export function coefficientName(op: OpId): string {
  return `coefficients/${String(op)}`;
}
