// A network in training in PyTorch. The state lies in the other process; here are the gates, the order in which tensors travel,
// and the regularization vectors of the present weights, which come with each answer.

import type { OpId } from '../../../network/op.ts';
import { opOf } from '../../../network/network-graph.ts';
import { weightLayout } from '../../../structure/op-regularizers.ts';
import { checkBatch, targetsOf } from '../batch-check.ts';
import type { Batch, CompileRequest, StepRequest, StepResult, TensorState, TrainingSession } from '../engine.ts';
import { Gates, gatesOf } from '../gates.ts';
import { type LossTerm, targetSize } from '../loss-terms.ts';
import { decays, scalarsAt, slotsOf } from '../optimizer-state.ts';
import { sizeOf } from '../shape-arithmetic.ts';
import { checkedStepCount, savedState, sourceParameter, stateEntries, trainedParameters } from '../training-state.ts';
import type { Frame, Worker } from './worker.ts';

/** The network as text that PyTorch runs; see frontends/python/libraries/torch/trainable-module.ts. */
export interface NetworkText {
  readonly text: string;
  readonly className: string;
  readonly tensors: Readonly<Record<string, string>>;
  readonly modules: ReadonlyMap<OpId, string>;
  /** In place of the text: the user's own class, and which of its outputs the losses take. */
  readonly imported?: ImportedModel & { readonly outputs: readonly number[] };
}

/** A class of the user's own. */
export interface ImportedModel {
  readonly file: string;
  /** What makes the model in the file: `Net`, `ResNet(18)`, `model`. */
  readonly expression: string;
  /** Where it works: its paths are relative to this. */
  readonly folder: string;
}

export interface TorchRequest {
  readonly request: CompileRequest;
  readonly terms: readonly LossTerm[];
  readonly network: NetworkText;
  readonly imageShape: readonly number[];
  /** The axis of a gated op's channels. */
  readonly axisOf: (op: OpId) => number;
  readonly precision: string;
}

interface Source {
  readonly op: OpId;
  readonly channels: number;
}

export class TorchTrainingSession implements TrainingSession {
  readonly #worker: Worker;
  readonly #request: CompileRequest;
  readonly #imageShape: readonly number[];
  readonly #terms: readonly LossTerm[];
  readonly #entries: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly #gates: Gates;
  /** Those whose r is made of a parameter; others act as scales of 1. */
  readonly #sources: readonly Source[];
  #vectors = new Map<OpId, Float32Array>();
  #stepCount = 0;

  private constructor(worker: Worker, { request, imageShape, terms }: TorchRequest) {
    this.#worker = worker;
    this.#request = request;
    this.#terms = terms;
    this.#imageShape = [request.batchSize, ...imageShape];
    this.#entries = stateEntries(request);
    this.#gates = new Gates(request);
    this.#sources = request.sources.filter((source) => sourceParameter(request.graph, source) !== undefined);
  }

  /** Makes the network in the other process, with the initial weights that every engine starts from. */
  static async open(worker: Worker, wanted: TorchRequest): Promise<TorchTrainingSession> {
    const { request, network, imageShape, axisOf, precision } = wanted;
    const { graph, optimizer, sources } = request;
    const session = new TorchTrainingSession(worker, wanted);
    await worker.ask({
      kind: 'open',
      module: network.text,
      class: network.className,
      tensors: network.tensors,
      shapes: Object.fromEntries(stateEntries(request).map(({ name, shape }) => [name, shape])),
      ...(network.imported && { imported: network.imported }),
      batch: request.batchSize,
      image: imageShape,
      seed: request.seed,
      labelSmoothing: request.labelSmoothing,
      losses: wanted.terms.map((term) => ({
        kind: term.kind,
        weight: term.weight,
        axis: 1 + term.classAxis,
        size: targetSize(term),
      })),
      optimizer,
      slots: slotsOf(optimizer),
      decaying: trainedParameters(graph).flatMap(({ parameter }) => (decays(parameter.role) ? [parameter.id] : [])),
      precision,
      gates: gatesOf(request).map(({ op, channels }) => ({
        op,
        channels,
        axis: axisOf(op),
        module: network.modules.get(op),
      })),
      sources: sources.flatMap((source) => {
        const parameter = sourceParameter(graph, source);
        if (parameter === undefined) return [];
        const { outer, inputs, outputs, inner } = weightLayout(opOf(graph, source.op), parameter.shape.map(Number));
        const { op, kind, channels, l1Fraction } = source;
        return [{ op, kind, channels, l1Fraction, parameter: parameter.id, layout: [outer, inputs, outputs, inner] }];
      }),
    });
    const initial = stateEntries(request).map(
      ({ name, shape, initial: first }) => [name, { shape, data: first() }] as const,
    );
    await session.#give(new Map(initial));
    return session;
  }

  async step(request: StepRequest): Promise<StepResult> {
    checkBatch(request, this.#imageShape, this.#terms);
    const { optimizer } = this.#request;
    const count = this.#stepCount + 1;
    const masks = [...this.#gates.trainingMasks(count).values()];
    const coefficients = this.#sources.map(
      ({ op, channels }) => request.coefficients.get(op) ?? new Float32Array(channels),
    );
    const answer = await this.#worker.ask(
      { kind: 'step', count, ...scalarsAt(optimizer, request.learningRate, count) },
      [request.images, ...targetsOf(request), ...masks, ...coefficients],
    );
    const gated = gatesOf(this.#request);
    const numbers = numbersOf(answer);
    const ofMasks = new Map(gated.map(({ op, channels }) => [op, numbers(channels)]));
    this.#takeVectors(numbers);
    this.#gates.update(count, request.learningRate, ofMasks, request.coefficients);
    this.#stepCount = count;
    return resultOf(answer);
  }

  async evaluate(batch: Batch): Promise<StepResult> {
    const masks = [...this.#gates.inferenceMasks().values()];
    const { images, labels } = batch;
    const numbers = [images, ...targetsOf(batch), ...masks];
    return resultOf(await this.#worker.ask({ kind: 'evaluate', count: labels.length }, numbers));
  }

  regularizationVectors(): ReadonlyMap<OpId, Float32Array> {
    // A batch norm without a scale acts as one of scales 1 (spec 2.1).
    const unscaled = this.#request.sources
      .filter(({ kind, op }) => kind !== 'gate' && !this.#vectors.has(op))
      .map(({ op, channels }) => [op, new Float32Array(channels).fill(1)] as const);
    return new Map([...this.#vectors, ...unscaled, ...this.#gates.regularizationVectors(this.#stepCount + 1)]);
  }

  async state(): Promise<TensorState> {
    const answer = await this.#worker.ask({ kind: 'state', names: this.#entries.map(({ name }) => name) });
    const numbers = numbersOf(answer);
    const own = this.#entries.map(({ name, shape }) => [name, { shape, data: numbers(sizeOf(shape)) }] as const);
    return savedState(new Map([...own, ...this.#gates.state()]), this.#stepCount);
  }

  async restore(state: TensorState): Promise<void> {
    const count = checkedStepCount(state, [...this.#entries, ...this.#gates.entries]);
    this.#gates.restore(state);
    await this.#give(state);
    this.#stepCount = count;
  }

  dispose(): Promise<void> {
    return this.#worker.close();
  }

  async #give(state: TensorState): Promise<void> {
    const names = this.#entries.map(({ name }) => name);
    const tensors = names.map((name) => state.get(name)?.data ?? new Float32Array(0));
    this.#takeVectors(numbersOf(await this.#worker.ask({ kind: 'restore', names }, tensors)));
  }

  #takeVectors(numbers: (count: number) => Float32Array): void {
    this.#vectors = new Map(this.#sources.map(({ op, channels }) => [op, numbers(channels)]));
  }
}

/** Takes the numbers of an answer one after the other. */
function numbersOf({ body }: Frame): (count: number) => Float32Array {
  let at = 0;
  return (count) => {
    const taken = new Float32Array(body.buffer, body.byteOffset + at, count).slice();
    at += 4 * count;
    return taken;
  };
}

function resultOf({ header }: Frame): StepResult {
  const { loss, correct } = header;
  return { loss: typeof loss === 'number' ? loss : NaN, ...(typeof correct === 'number' && { correct }) };
}
