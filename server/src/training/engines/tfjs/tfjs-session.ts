// A network in training on TensorFlow.js. The state stays in tensors of the backend between steps.

import { opOf } from '../../../network/network-graph.ts';
import type { OpId } from '../../../network/op.ts';
import { checkBatch, filledBatch, targetsOf } from '../batch-check.ts';
import { fillDropoutMask } from '../dropout-mask.ts';
import type { Batch, CompileRequest, StepRequest, StepResult, TensorState, TrainingSession } from '../engine.ts';
import { gateName, Gates, gatesOf } from '../gates.ts';
import { type ImageFigures, type LossTerm, lossTerms, resultOf } from '../loss-terms.ts';
import { scalarsAt, slotsOf } from '../optimizer-state.ts';
import { sizeOf } from '../shape-arithmetic.ts';
import {
  checkedStepCount,
  regularizationVectorsOf,
  runningStatistics,
  savedState,
  slotName,
  stateEntries,
  type StateEntry,
  trainedParameters,
  type TrainedParameter,
} from '../training-state.ts';
import { forward, planWalk, type WalkPlan } from './differentiate.ts';
import { lossOf } from './loss.ts';
import type { Pass } from './op-rule.ts';
import { updated } from './optimizer.ts';
import { asPlain, type Placed } from './placed.ts';
import { regularizerGradients } from './regularizer.ts';
import { scoped } from './scope.ts';
import type { Backend, Tensor } from './tensorflow.ts';

export class TfjsTrainingSession implements TrainingSession {
  readonly #backend: Backend;
  readonly #request: CompileRequest;
  readonly #plan: WalkPlan;
  readonly #terms: readonly LossTerm[];
  readonly #imageShape: readonly number[];
  readonly #trained: readonly TrainedParameter[];
  readonly #buffers: readonly StateEntry[];
  readonly #entries: readonly StateEntry[];
  readonly #state = new Map<string, Tensor>();
  readonly #gates: Gates;
  #stepCount = 0;

  /** The graph must be trainable (`Engine.untrainable` names no op). */
  constructor(backend: Backend, request: CompileRequest) {
    const { graph, batchSize } = request;
    const found = lossTerms(graph, request.losses);
    if (!found.ok) throw new Error(`${opOf(graph, found.op).name}: ${found.reason}`);
    this.#terms = found.terms;
    this.#backend = backend;
    this.#request = request;
    this.#plan = planWalk(
      graph,
      found.terms.map(({ value }) => value),
      batchSize,
    );
    const [input = -1] = graph.inputs;
    const imageShape = this.#plan.shapes.get(input);
    if (imageShape === undefined) throw new Error('The network has no input of known shape');
    this.#imageShape = imageShape;
    this.#trained = trainedParameters(graph);
    this.#buffers = runningStatistics(graph);
    this.#entries = stateEntries(request);
    this.#gates = new Gates(request);
    for (const { name, shape, initial } of this.#entries) this.#set(name, this.#tensorOf(initial(), shape));
  }

  async step(request: StepRequest): Promise<StepResult> {
    checkBatch(request, this.#imageShape, this.#terms);
    await aTurn();
    const { tf } = this.#backend;
    const { graph, sources, optimizer, labelSmoothing } = this.#request;
    const count = this.#stepCount + 1;
    const statistics = new Map<string, Tensor>();
    const images = this.#tensorOf(request.images, this.#imageShape);
    const passed = forward(this.#plan, this.#pass('training', count, statistics), images);
    const { gradients: ofOutputs, figures } = this.#losses(passed.targets, request, labelSmoothing);
    const { parameters: gradients } = passed.backward(ofOutputs);
    images.dispose();
    const penalties = scoped(
      tf,
      () => regularizerGradients(tf, graph, sources, this.#state, request.coefficients),
      (made) => [...made.values()],
    );
    const scalars = scalarsAt(optimizer, request.learningRate, count);
    for (const trained of this.#trained) {
      const { id } = trained.parameter;
      this.#update(trained, [gradients.get(id), penalties.get(id)], scalars);
    }
    const maskGradients = new Map<OpId, Float32Array>();
    for (const { op } of gatesOf(this.#request)) {
      const found = gradients.get(gateName(op));
      if (found !== undefined) maskGradients.set(op, Float32Array.from(await found.data()));
    }
    this.#gates.update(count, request.learningRate, maskGradients, request.coefficients);
    tf.dispose([...gradients.values(), ...penalties.values()]);
    for (const [name, tensor] of statistics) this.#set(name, tensor);
    this.#stepCount = count;
    return resultOf(this.#terms, await read(figures), request.labels.length);
  }

  async evaluate(batch: Batch): Promise<StepResult> {
    const filled = filledBatch(batch, this.#imageShape);
    checkBatch(filled, this.#imageShape, this.#terms);
    await aTurn();
    const images = this.#tensorOf(filled.images, this.#imageShape);
    const passed = forward(this.#plan, this.#pass('inference', this.#stepCount, new Map()), images);
    const { gradients, figures } = this.#losses(passed.targets, filled, 0);
    for (const gradient of gradients) gradient.dispose();
    passed.dispose();
    images.dispose();
    return resultOf(this.#terms, await read(figures), batch.labels.length);
  }

  /** Of each term its gradient, and its figures an image; all for the caller to dispose of. */
  #losses(outputs: readonly Placed[], batch: Batch, labelSmoothing: number) {
    const { tf } = this.#backend;
    const targets = targetsOf(batch);
    return scoped(
      tf,
      () => {
        const losses = this.#terms.map((term, index) => {
          const [output, target] = [outputs[index], targets[index]];
          if (output === undefined || target === undefined) throw new Error('An output or its target is missing');
          return lossOf(tf, term, asPlain(tf, output), target, labelSmoothing);
        });
        return {
          gradients: losses.map(({ gradient }) => gradient),
          figures: losses.map(({ losses: sums, hits, counts }): TermTensors => ({ losses: sums, hits, counts })),
        };
      },
      ({ gradients, figures }) => [
        ...gradients,
        ...figures.flatMap((figure) =>
          [figure.losses, figure.hits, figure.counts].filter((part) => part !== undefined),
        ),
      ],
    );
  }

  regularizationVectors(): ReadonlyMap<OpId, Float32Array> {
    const ofParameters = regularizationVectorsOf(this.#request, (id) => this.#read(id));
    return new Map([...ofParameters, ...this.#gates.regularizationVectors(this.#stepCount + 1)]);
  }

  state(): Promise<TensorState> {
    const own = this.#entries.map(({ name, shape }) => [name, { shape, data: this.#read(name) }] as const);
    return Promise.resolve(savedState(new Map([...own, ...this.#gates.state()]), this.#stepCount));
  }

  restore(state: TensorState): Promise<void> {
    // What throws in here rejects.
    return new Promise((resolve) => {
      this.#take(state);
      resolve();
    });
  }

  #take(state: TensorState): void {
    const count = checkedStepCount(state, [...this.#entries, ...this.#gates.entries]);
    this.#gates.restore(state);
    for (const { name, shape } of this.#entries) {
      this.#set(name, this.#tensorOf(state.get(name)?.data ?? new Float32Array(sizeOf(shape)), shape));
    }
    this.#stepCount = count;
  }

  dispose(): Promise<void> {
    for (const tensor of this.#state.values()) tensor.dispose();
    this.#state.clear();
    return Promise.resolve();
  }

  #pass(mode: Pass['mode'], stepCount: number, statistics: Map<string, Tensor>): Pass {
    return {
      backend: this.#backend,
      mode,
      parameters: new Map(this.#trained.map(({ parameter: { id } }) => [id, this.#tensor(id)])),
      // Ops that share a batch norm update its statistics one after the other.
      buffers: { get: (id) => statistics.get(id) ?? this.#state.get(id) },
      updateBuffer: (id, tensor) => {
        statistics.get(id)?.dispose();
        statistics.set(id, tensor);
      },
      dropoutMask: (op, rate, size) => {
        const mask = new Float32Array(size);
        fillDropoutMask(mask, op, rate, this.#request.seed, stepCount);
        return mask;
      },
      gateMasks: mode === 'training' ? this.#gates.trainingMasks(stepCount) : this.#gates.inferenceMasks(),
      stepCount,
    };
  }

  /** Moves one parameter. One that nothing depends on stays as it is, as in PyTorch. */
  #update(
    { parameter: { id, role } }: TrainedParameter,
    parts: readonly (Tensor | undefined)[],
    scalars: ReturnType<typeof scalarsAt>,
  ): void {
    const { tf } = this.#backend;
    const { optimizer } = this.#request;
    const [first, second] = parts.filter((part) => part !== undefined);
    if (first === undefined) return;
    const names = slotsOf(optimizer).map((slot) => slotName(slot, id));
    const next = scoped(
      tf,
      () => {
        const gradient = second === undefined ? first : tf.add(first, second);
        const slots = names.map((name) => this.#tensor(name));
        const found = updated(tf, optimizer, { value: this.#tensor(id), gradient, slots, role }, scalars);
        // The gradient is freed by whoever made it; a slot that is it needs a tensor of its own.
        return { ...found, slots: found.slots.map((slot) => (slot === first ? slot.clone() : slot)) };
      },
      ({ value, slots }) => [value, ...slots],
    );
    this.#set(id, next.value);
    next.slots.forEach((slot, index) => {
      this.#set(names[index] ?? '', slot);
    });
  }

  #tensorOf(data: Float32Array, shape: readonly number[]): Tensor {
    // A copy: the backend may read the array only when an op first needs it.
    return this.#backend.tf.tensor(data.slice(), [...shape], 'float32');
  }

  #tensor(name: string): Tensor {
    const tensor = this.#state.get(name);
    if (tensor === undefined) throw new Error(`No state ${name}`);
    return tensor;
  }

  #set(name: string, tensor: Tensor): void {
    this.#state.get(name)?.dispose();
    this.#state.set(name, tensor);
  }

  #read(name: string): Float32Array {
    return Float32Array.from(this.#tensor(name).dataSync());
  }
}

/** A term's figures, one number an image each. */
interface TermTensors {
  readonly losses: Tensor;
  readonly hits: Tensor | undefined;
  readonly counts: Tensor | undefined;
}

/** Reads figures, and frees them. */
async function read(figures: readonly TermTensors[]): Promise<readonly ImageFigures[]> {
  const taken = async (tensor: Tensor): Promise<Float32Array> => {
    const numbers = Float32Array.from(await tensor.data());
    tensor.dispose();
    return numbers;
  };
  const found: ImageFigures[] = [];
  for (const { losses, hits, counts } of figures)
    found.push({
      losses: await taken(losses),
      hits: hits && (await taken(hits)),
      counts: counts && (await taken(counts)),
    });
  return found;
}

/** Lets the process hear its parent: the backend computes a step without giving way. */
function aTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
