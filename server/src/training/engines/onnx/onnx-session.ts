// A network in training on onnxruntime. The state lives in arrays that the runtime reads and writes in place: two
// arrays an entry, of which one holds the present and the other receives the next step.

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { OpId } from '../../../network/op.ts';
import { checkBatch, filledBatch, targetsOf } from '../batch-check.ts';
import { fillDropoutMask } from '../dropout-mask.ts';
import type { Batch, CompileRequest, StepRequest, StepResult, TensorState, TrainingSession } from '../engine.ts';
import { gateName, Gates, gatesOf } from '../gates.ts';
import { type ImageFigures, judgedTerm, resultOf } from '../loss-terms.ts';
import { scalarsAt } from '../optimizer-state.ts';
import { checkedStepCount, regularizationVectorsOf, savedState } from '../training-state.ts';
import {
  type CompiledModel,
  type CompiledTraining,
  coefficientName,
  feedNames,
  figureName,
  isOfBatch,
  targetName,
} from './compile.ts';
import type { OnnxRuntime } from './onnx-runtime.ts';

interface DoubleBuffer {
  readonly shape: readonly number[];
  present: FloatTensor;
  next: FloatTensor;
}

/** A runtime tensor over an array of ours. */
interface FloatTensor {
  readonly tensor: Tensor;
  readonly data: Float32Array;
}

export class OnnxTrainingSession implements TrainingSession {
  readonly #runtime: OnnxRuntime;
  readonly #request: CompileRequest;
  readonly #compiled: CompiledTraining;
  readonly #stepSession: InferenceSession;
  #evaluationSession: { readonly model: CompiledModel; readonly session: InferenceSession } | undefined;
  readonly #state = new Map<string, DoubleBuffer>();
  readonly #feeds = new Map<string, FloatTensor>();
  /** What a step gives beside the state: `loss`, `hits`, and for each gate the gradient by its mask. */
  readonly #results = new Map<string, FloatTensor>();
  readonly #gates: Gates;
  #stepCount = 0;

  static async open(
    runtime: OnnxRuntime,
    request: CompileRequest,
    compiled: CompiledTraining,
  ): Promise<OnnxTrainingSession> {
    return new OnnxTrainingSession(runtime, request, compiled, await runtime.open(compiled.step.bytes));
  }

  private constructor(
    runtime: OnnxRuntime,
    request: CompileRequest,
    compiled: CompiledTraining,
    stepSession: InferenceSession,
  ) {
    this.#runtime = runtime;
    this.#request = request;
    this.#compiled = compiled;
    this.#stepSession = stepSession;
    for (const entry of compiled.state) {
      const present = this.#tensorOf(entry.shape, entry.initial());
      const next = compiled.step.outputs.has(entry.name) ? this.#tensorOf(entry.shape) : present;
      this.#state.set(entry.name, { shape: entry.shape, present, next });
    }
    for (const input of compiled.step.inputs) {
      if (isOfBatch(input.name) || this.#state.has(input.name)) continue;
      this.#feeds.set(input.name, this.#tensorOf(input.shape));
    }
    this.#gates = new Gates(request);
    for (const [role, { shape }] of compiled.step.outputs) {
      if (!this.#state.has(role)) this.#results.set(role, this.#tensorOf(shape));
    }
  }

  async step(request: StepRequest): Promise<StepResult> {
    const count = this.#stepCount + 1;
    this.#setScalars(request.learningRate, count);
    this.#setCoefficients(request.coefficients);
    this.#drawDropout(count);
    for (const [op, mask] of this.#gates.trainingMasks(count)) this.#feeds.get(gateName(op))?.data.set(mask);
    const images = this.#imagesOf(request);
    const feeds: Record<string, Tensor> = {};
    for (const { name } of this.#compiled.step.inputs) {
      feeds[name] = images.get(name) ?? this.#state.get(name)?.present.tensor ?? this.#fed(name).tensor;
    }
    const fetches: Record<string, Tensor> = {};
    for (const [role, { name }] of this.#compiled.step.outputs) fetches[name] = this.#receiver(role).tensor;
    await this.#stepSession.run(feeds, fetches);
    for (const role of this.#compiled.step.outputs.keys()) {
      const buffer = this.#state.get(role);
      if (buffer !== undefined) [buffer.present, buffer.next] = [buffer.next, buffer.present];
    }
    const maskGradients = new Map<OpId, Float32Array>();
    for (const { op } of gatesOf(this.#request)) {
      const gradient = this.#results.get(gateName(op));
      if (gradient !== undefined) maskGradients.set(op, gradient.data);
    }
    this.#gates.update(count, request.learningRate, maskGradients, request.coefficients);
    this.#stepCount = count;
    const loss = this.#receiver('loss').data[0] ?? NaN;
    return judgedTerm(this.#compiled.terms) < 0 ? { loss } : { loss, correct: this.#receiver('hits').data[0] ?? 0 };
  }

  async evaluate(batch: Batch): Promise<StepResult> {
    this.#evaluationSession ??= await this.#openEvaluation();
    const { model, session } = this.#evaluationSession;
    const count = batch.labels.length;
    const images = this.#imagesOf(filledBatch(batch, this.#compiled.imageShape));
    const masks = new Map<string, Tensor>();
    for (const [op, mask] of this.#gates.inferenceMasks()) {
      masks.set(gateName(op), this.#runtime.floatTensor(mask, [mask.length]));
    }
    const feeds: Record<string, Tensor> = {};
    for (const { name } of model.inputs) {
      const tensor = images.get(name) ?? masks.get(name) ?? this.#state.get(name)?.present.tensor;
      if (tensor === undefined) throw new Error(`No value for ${name}`);
      feeds[name] = tensor;
    }
    const results = await session.run(feeds);
    const { terms } = this.#compiled;
    const figure = (which: keyof ImageFigures, term: number): Float32Array | undefined => {
      const name = model.outputs.get(figureName(which, term))?.name;
      const data = name === undefined ? undefined : results[name]?.data;
      return data instanceof Float32Array ? data : undefined;
    };
    const figures = terms.map((_, index): ImageFigures => {
      const losses = figure('losses', index);
      if (losses === undefined) throw new Error('The evaluation gave no loss');
      return { losses, hits: figure('hits', index), counts: figure('counts', index) };
    });
    return resultOf(terms, figures, count);
  }

  regularizationVectors(): ReadonlyMap<OpId, Float32Array> {
    const ofParameters = regularizationVectorsOf(this.#request, (id) => {
      const buffer = this.#state.get(id);
      if (buffer === undefined) throw new Error(`No state ${id}`);
      return buffer.present.data;
    });
    return new Map([...ofParameters, ...this.#gates.regularizationVectors(this.#stepCount + 1)]);
  }

  state(): Promise<TensorState> {
    const copies = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
    for (const [name, { shape, present }] of this.#state) copies.set(name, { shape, data: present.data.slice() });
    return Promise.resolve(savedState(new Map([...copies, ...this.#gates.state()]), this.#stepCount));
  }

  restore(state: TensorState): Promise<void> {
    // What throws in here rejects.
    return new Promise((resolve) => {
      this.#take(state);
      resolve();
    });
  }

  #take(state: TensorState): void {
    const count = checkedStepCount(state, [...this.#compiled.state, ...this.#gates.entries]);
    this.#gates.restore(state);
    for (const [name, { present }] of this.#state) present.data.set(state.get(name)?.data ?? []);
    this.#stepCount = count;
  }

  async dispose(): Promise<void> {
    await this.#stepSession.release();
    await this.#evaluationSession?.session.release();
    this.#evaluationSession = undefined;
    this.#state.clear();
  }

  async #openEvaluation() {
    const model = this.#compiled.evaluation();
    return { model, session: await this.#runtime.open(model.bytes) };
  }

  #tensorOf(
    shape: readonly number[],
    data: Float32Array = new Float32Array(shape.reduce((product, size) => product * size, 1)),
  ): FloatTensor {
    return { data, tensor: this.#runtime.floatTensor(data, shape) };
  }

  #fed(name: string): FloatTensor {
    const feed = this.#feeds.get(name);
    if (feed === undefined) throw new Error(`No value for ${name}`);
    return feed;
  }

  #receiver(role: string): FloatTensor {
    const result = this.#results.get(role);
    if (result !== undefined) return result;
    const buffer = this.#state.get(role);
    if (buffer === undefined) throw new Error(`Nothing receives ${role}`);
    return buffer.next;
  }

  #setScalars(learningRate: number, count: number): void {
    const scalars = scalarsAt(this.#request.optimizer, learningRate, count);
    const set = (name: string, value: number): void => {
      const feed = this.#feeds.get(name);
      if (feed !== undefined) feed.data[0] = value;
    };
    set(feedNames.learningRate, scalars.learningRate);
    set(feedNames.stepSize, scalars.stepSize);
    set(feedNames.secondMomentFactor, scalars.secondMomentFactor);
    set(feedNames.count, count);
  }

  #setCoefficients(coefficients: StepRequest['coefficients']): void {
    for (const { op, channels } of this.#request.sources) {
      const feed = this.#feeds.get(coefficientName(op));
      if (feed === undefined) continue;
      const given = coefficients.get(op);
      if (given === undefined) feed.data.fill(0);
      else if (given.length !== channels)
        throw new Error(`Op ${String(op)} has ${String(channels)} channels, not ${String(given.length)}`);
      else feed.data.set(given);
    }
  }

  /** The masks of a step depend on the seed, the op and the step's number alone. */
  #drawDropout(count: number): void {
    for (const { op, rate, tensor } of this.#compiled.dropoutMasks) {
      const feed = this.#feeds.get(tensor.name);
      if (feed === undefined) continue;
      fillDropoutMask(feed.data, op, rate, this.#request.seed, count);
    }
  }

  #imagesOf(batch: Batch): ReadonlyMap<string, Tensor> {
    const { imageShape, terms } = this.#compiled;
    checkBatch(batch, imageShape, terms);
    const [count = 0] = imageShape;
    const targets = targetsOf(batch).map((numbers, index): [string, Tensor] => {
      const shape = [count, numbers.length / count];
      const tensor =
        numbers instanceof Int32Array
          ? this.#runtime.integerTensor(numbers, shape)
          : this.#runtime.floatTensor(numbers, shape);
      return [targetName(index), tensor];
    });
    return new Map([[feedNames.images, this.#runtime.floatTensor(batch.images, imageShape)], ...targets]);
  }
}
