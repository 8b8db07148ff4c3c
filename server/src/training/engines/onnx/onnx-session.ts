// A network in training on onnxruntime. The state lives in arrays that the runtime reads and writes in place: two
// arrays an entry, of which one holds the present and the other receives the next step.

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { opOf } from '../../../network/network-graph.ts';
import type { OpId } from '../../../network/op.ts';
import { regularizationVector } from '../../../structure/op-regularizers.ts';
import type { Batch, CompileRequest, StepRequest, StepResult, TensorState, TrainingSession } from '../engine.ts';
import { randomStream } from '../random.ts';
import { type CompiledModel, type CompiledTraining, coefficientName, feedNames } from './compile.ts';
import type { OnnxRuntime } from './onnx-runtime.ts';
import { scalarsAt } from './optimizer.ts';
import { sourceParameter } from './regularizer.ts';

/** Steps done; kept among the state so that a restored session goes on with the same random numbers and averages. */
const COUNT_NAME = 'step-count';

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
  readonly #results: ReadonlyMap<'loss' | 'hits', FloatTensor>;
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
      if (input.type !== 'float32' || this.#state.has(input.name) || input.name === feedNames.images) continue;
      this.#feeds.set(input.name, this.#tensorOf(input.shape));
    }
    this.#results = new Map([
      ['loss', this.#tensorOf([])],
      ['hits', this.#tensorOf([])],
    ]);
  }

  async step(request: StepRequest): Promise<StepResult> {
    const count = this.#stepCount + 1;
    this.#setScalars(request.learningRate, count);
    this.#setCoefficients(request.coefficients);
    this.#drawDropout(count);
    const images = this.#imagesOf(request, this.#request.batchSize);
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
    this.#stepCount = count;
    return { loss: this.#receiver('loss').data[0] ?? NaN, correct: this.#receiver('hits').data[0] ?? 0 };
  }

  async evaluate(batch: Batch): Promise<StepResult> {
    this.#evaluationSession ??= await this.#openEvaluation();
    const { model, session } = this.#evaluationSession;
    const { batchSize } = this.#request;
    const count = batch.labels.length;
    if (count > batchSize) throw new Error(`${String(count)} images are more than the batch size ${String(batchSize)}`);
    const images = this.#imagesOf(
      count === batchSize ? batch : padded(batch, batchSize, this.#compiled.imageShape),
      batchSize,
    );
    const feeds: Record<string, Tensor> = {};
    for (const { name } of model.inputs) {
      const tensor = images.get(name) ?? this.#state.get(name)?.present.tensor;
      if (tensor === undefined) throw new Error(`No value for ${name}`);
      feeds[name] = tensor;
    }
    const results = await session.run(feeds);
    const sum = (role: 'loss' | 'hits'): number => {
      const name = model.outputs.get(role)?.name ?? '';
      const data = results[name]?.data;
      if (!(data instanceof Float32Array)) throw new Error(`The evaluation gave no ${role}`);
      return data.subarray(0, count).reduce((total, value) => total + value, 0);
    };
    return { loss: count === 0 ? 0 : sum('loss') / count, correct: count === 0 ? 0 : sum('hits') };
  }

  regularizationVectors(): ReadonlyMap<OpId, Float32Array> {
    const { graph, sources } = this.#request;
    const vectors = new Map<OpId, Float32Array>();
    for (const source of sources) {
      const parameter = sourceParameter(graph, source);
      const buffer = parameter && this.#state.get(parameter.id);
      // A batch norm without a scale acts as one of scales 1 (spec 2.1).
      const vector =
        buffer === undefined
          ? new Float32Array(source.channels).fill(1)
          : regularizationVector(opOf(graph, source.op), source, buffer.shape, buffer.present.data);
      vectors.set(source.op, vector);
    }
    return vectors;
  }

  state(): TensorState {
    const copies = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
    for (const [name, { shape, present }] of this.#state) copies.set(name, { shape, data: present.data.slice() });
    copies.set(COUNT_NAME, { shape: [], data: Float32Array.of(this.#stepCount) });
    return copies;
  }

  restore(state: TensorState): void {
    const count = state.get(COUNT_NAME)?.data[0];
    if (count === undefined) throw new Error('The state does not say how many steps were done');
    if (state.size !== this.#state.size + 1)
      throw new Error(`The state has ${String(state.size)} tensors in place of ${String(this.#state.size + 1)}`);
    for (const [name, { shape }] of this.#state) {
      const saved = state.get(name);
      if (saved === undefined) throw new Error(`The state lacks ${name}`);
      if (
        saved.shape.join() !== shape.join() ||
        saved.data.length !== shape.reduce((product, size) => product * size, 1)
      ) {
        throw new Error(`The state has ${name} as ${saved.shape.join('×')} in place of ${shape.join('×')}`);
      }
    }
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
    if (role === 'loss' || role === 'hits') {
      const result = this.#results.get(role);
      if (result !== undefined) return result;
    }
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
      const random = randomStream(this.#request.seed, `dropout ${op.name} ${String(count)}`);
      const kept = rate >= 1 ? 0 : 1 / (1 - rate);
      const { data } = feed;
      for (let index = 0; index < data.length; index += 1) data[index] = random.uniform() < rate ? 0 : kept;
    }
  }

  #imagesOf(batch: Batch, count: number): ReadonlyMap<string, Tensor> {
    const shape = this.#compiled.imageShape;
    const expected = shape.reduce((product, size) => product * size, 1);
    if (batch.images.length !== expected || batch.labels.length !== count) {
      throw new Error(
        `A batch has ${String(expected)} numbers (${shape.join('×')}) and ${String(count)} labels, not ${String(batch.images.length)} and ${String(batch.labels.length)}`,
      );
    }
    return new Map([
      [feedNames.images, this.#runtime.floatTensor(batch.images, shape)],
      [feedNames.labels, this.#runtime.integerTensor(batch.labels, [count])],
    ]);
  }
}

/** A batch filled up to the batch size; the images that fill it are zeros and are not counted. */
function padded(batch: Batch, batchSize: number, imageShape: readonly number[]): Batch {
  const images = new Float32Array(imageShape.reduce((product, size) => product * size, 1));
  images.set(batch.images);
  const labels = new Int32Array(batchSize);
  labels.set(batch.labels);
  return { images, labels };
}
