// Memory of a training step: weights, their gradients, what the optimizer remembers, and the activations that wait for the
// backward pass. What an op keeps is what PyTorch's formulas of derivatives read again (its tools/autograd/derivatives.yaml).

import { exactly, type Count } from '../common/count.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { ActivationFunction, Op, ValueId } from '../network/op.ts';
import { elementCount } from '../network/shape.ts';
import { bytesOfProducts, isMixed, type Precision } from './latency/execution.ts';
import type { Storage } from './latency/storage.ts';
import { allParameters, eagerStorage, parameterBytes, unknownActivations } from './memory.ts';
import { isTrained } from './op-cost.ts';

export interface TrainingMemory {
  /** Bytes of activations that the forward pass leaves for the backward pass, by the op for whose derivative they are kept. */
  readonly keptBy: readonly number[];
  /** All of them together. */
  readonly kept: Count;
  /** Bytes of the trained weights, and as many of their gradients. */
  readonly weights: Count;
  /**
   * The most that exists at once, without what the optimizer remembers between steps: a momentum is as large as the weights,
   * Adam's two are twice as large. The loss and the workspaces of convolutions are not counted.
   */
  readonly peak: Count;
}

/** What the derivative of an op reads again. */
interface Kept {
  /** Which of its inputs, by place. */
  readonly inputs: readonly number[];
  readonly output: boolean;
  /** Bytes beside them that one image adds, such as the places of maxima. */
  readonly perImage: number;
  /** Bytes beside them however large the batch is, such as a batch's mean. */
  readonly once: number;
}

const nothing: Kept = { inputs: [], output: false, perImage: 0, once: 0 };
const itsInput: Kept = { ...nothing, inputs: [0] };
const itsOutput: Kept = { ...nothing, output: true };

/** Functions whose derivative is told by their result: PyTorch keeps that, or works in place. */
const toldByResult: ReadonlySet<ActivationFunction> = new Set<ActivationFunction>([
  'relu',
  'sigmoid',
  'tanh',
  'exp',
  'sqrt',
  'rsqrt',
]);

const floatBytes = 4;
const indexBytes = 8;

/** How the backward pass needs what an op has seen. */
class Keeping {
  readonly #graph: NetworkGraph;
  readonly #storage: Storage;

  constructor(graph: NetworkGraph, storage: Storage) {
    this.#graph = graph;
    this.#storage = storage;
  }

  of(op: Op, isDifferentiated: (id: ValueId) => boolean): Kept {
    const { attributes } = op;
    const outputs = this.#elements(op.outputs[0]);
    const [first, second] = op.inputs;
    const part = this.#storage.ops[op.id]?.attention;
    switch (attributes.kind) {
      case 'convolution':
      case 'transposed-convolution':
      case 'dense':
        return itsInput;
      case 'batch-norm':
        return { ...itsInput, once: 2 * floatBytes * attributes.channels };
      case 'layer-norm': {
        const shape = this.#shape(first);
        const rows = shape.filter(
          (_, axis) =>
            axis > 0 && !attributes.normalizedAxes.some((one) => one === axis || one + shape.length === axis),
        );
        return { ...itsInput, perImage: 2 * floatBytes * rows.reduce((left, right) => left * right, 1) };
      }
      case 'group-norm':
        return { ...itsInput, perImage: 2 * floatBytes * attributes.groups };
      case 'local-response-norm':
        // Its squares, padded and averaged, and their power: PyTorch makes it of single ops.
        return { ...itsInput, perImage: 3 * floatBytes * outputs };
      case 'activation':
        return toldByResult.has(attributes.function) ? itsOutput : itsInput;
      case 'pool':
        return attributes.mode === 'max' ? { ...itsInput, perImage: indexBytes * outputs } : itsInput;
      case 'adaptive-pool':
        if (attributes.mode === 'max') return { ...itsInput, perImage: indexBytes * outputs };
        // To one place each it is a mean, whose derivative reads nothing.
        return attributes.outputSize.every((size) => size === 1) ? nothing : itsInput;
      case 'reduce':
        switch (attributes.reducer) {
          case 'mean':
          case 'sum':
            return nothing;
          case 'variance':
            return itsInput;
          case 'max':
          case 'min':
          case 'product':
          case 'norm':
            return { ...itsInput, output: true };
        }
        return nothing;
      case 'elementwise':
        switch (attributes.operator) {
          case 'multiply':
            return {
              ...nothing,
              inputs: [
                ...(second !== undefined && isDifferentiated(second) ? [0] : []),
                ...(first !== undefined && isDifferentiated(first) ? [1] : []),
              ],
            };
          case 'divide':
            return { ...nothing, inputs: [...(second !== undefined && isDifferentiated(second) ? [0] : []), 1] };
          case 'power':
          case 'maximum':
          case 'minimum':
            return { ...nothing, inputs: [0, 1] };
          case 'add':
          case 'subtract':
          case 'compare':
          case 'where':
            return nothing;
        }
        return nothing;
      case 'matmul':
        if (part === 'scores') return { ...nothing, inputs: [0, 1] };
        return part === 'mix' ? { ...nothing, inputs: [1], output: true } : { ...nothing, inputs: [0, 1] };
      case 'softmax':
        return part === undefined ? itsOutput : nothing;
      case 'dropout':
        // The mask; the result is a tensor of its own.
        return attributes.rate > 0 ? { ...nothing, perImage: outputs } : nothing;
      case 'embedding':
        return itsInput;
      case 'input':
      case 'constant':
      case 'identity':
      case 'concat':
      case 'slice':
      case 'reshape':
      case 'permute':
      case 'expand':
      case 'pad':
      case 'resize':
      case 'channel-shuffle':
      case 'depth-to-space':
      case 'space-to-depth':
      case 'rearrange':
      case 'opaque':
        return nothing;
    }
  }

  #elements(id: ValueId | undefined): number {
    return id === undefined ? 0 : (elementCount(valueOf(this.#graph, id).shape) ?? 0);
  }

  #shape(id: ValueId | undefined): readonly number[] {
    const shape = id === undefined ? [] : valueOf(this.#graph, id).shape;
    return shape.filter((size): size is number => typeof size === 'number');
  }
}

/** Memory of a step of training on a batch. Unknown where a part of the network is, and for whole numbers, which nothing trains. */
export function trainingMemory(graph: NetworkGraph, batch: number, precision: Precision = 'fp32'): TrainingMemory {
  const unknown: Count | undefined =
    unknownActivations(graph) ??
    (precision === 'int8' ? { kind: 'unknown', reason: 'networks of int8 are not trained' } : undefined);
  if (unknown !== undefined) return { keptBy: [], kept: unknown, weights: unknown, peak: unknown };
  // Autocast keeps weights in 32 bits.
  const weightBytes = isMixed(precision) ? floatBytes : bytesOfProducts(precision);
  const weights = parameterBytes(allParameters(graph).filter(isTrained), weightBytes);
  if (weights.kind !== 'exact') return { keptBy: [], kept: weights, weights, peak: weights };
  const step = new Step(graph, batch, precision);
  step.forward();
  const kept = exactly(step.keptBy.reduce((sum, bytes) => sum + bytes, 0));
  step.backward(weightBytes);
  return { keptBy: step.keptBy, kept, weights, peak: exactly(weights.value + step.peak) };
}

/** One step of training, tensor by tensor: what exists when. */
class Step {
  /** Bytes, by op id. */
  readonly keptBy: number[] = [];
  /** The most bytes of activations, gradients and what is kept that existed at once. */
  peak = 0;
  readonly #graph: NetworkGraph;
  readonly #batch: number;
  readonly #storage: Storage;
  readonly #keeping: Keeping;
  /** Whose memory a value lies in. */
  readonly #sources: ValueId[] = [];
  /** Whether a gradient of a value is computed: it follows from a trained weight. */
  readonly #differentiated: boolean[] = [];
  /** By op: the memory that it keeps. */
  readonly #keptValues: (readonly ValueId[])[] = [];
  /** By memory: how many ops keep it still. */
  readonly #keepers = new Map<ValueId, number>();
  #now = 0;

  constructor(graph: NetworkGraph, batch: number, precision: Precision) {
    this.#graph = graph;
    this.#batch = batch;
    this.#storage = eagerStorage(graph, precision);
    this.#keeping = new Keeping(graph, this.#storage);
    for (const op of graph.ops) this.#place(op);
  }

  /** Where an op's results lie, and whether they have gradients. */
  #place(op: Op): void {
    const isView = this.#storage.ops[op.id]?.isView === true && op.attributes.kind !== 'input';
    const masks = op.attributes.kind === 'dropout' && op.attributes.rate > 0;
    const [first] = op.inputs;
    const viewed = isView && !masks && first !== undefined ? this.#sources[first] : undefined;
    const trained = op.parameters.some(isTrained) || op.inputs.some((id) => this.#differentiated[id] === true);
    for (const id of op.outputs) {
      this.#sources[id] = viewed ?? id;
      this.#differentiated[id] = trained;
    }
  }

  #size(id: ValueId): number {
    const stored = this.#storage.values[id];
    return stored?.dependsOnInput === true ? this.#batch * stored.bytes * stored.elements : 0;
  }

  #add(bytes: number): void {
    this.#now += bytes;
    this.peak = Math.max(this.peak, this.#now);
  }

  #isMade(id: ValueId): boolean {
    return this.#sources[id] === id;
  }

  forward(): void {
    const { ops, outputs } = this.#graph;
    const lastRead = new Map<ValueId, number>();
    for (const op of ops) for (const id of op.inputs) lastRead.set(this.#sources[id] ?? id, op.id);
    for (const id of outputs) lastRead.set(this.#sources[id] ?? id, ops.length);
    const ending = new Map<number, ValueId[]>();
    for (const [id, at] of lastRead) ending.set(at, [...(ending.get(at) ?? []), id]);
    for (const op of ops) {
      for (const id of op.outputs) if (this.#isMade(id)) this.#add(this.#size(id));
      this.#keep(op);
      for (const id of op.outputs) {
        if (this.#isMade(id) && !lastRead.has(id) && !this.#keepers.has(id)) this.#now -= this.#size(id);
      }
      for (const id of ending.get(op.id) ?? []) if (!this.#keepers.has(id)) this.#now -= this.#size(id);
    }
  }

  #keep(op: Op): void {
    const isDifferentiated = (id: ValueId): boolean => this.#differentiated[id] === true;
    const isKeeping = op.outputs.some(isDifferentiated);
    const { inputs, output, perImage, once } = isKeeping ? this.#keeping.of(op, isDifferentiated) : nothing;
    const values = [...inputs.flatMap((place) => op.inputs[place] ?? []), ...(output ? op.outputs : [])];
    const memory = [...new Set(values.map((id) => this.#sources[id] ?? id))];
    const beside = this.#batch * perImage + once;
    let bytes = beside;
    for (const id of memory) {
      const keepers = this.#keepers.get(id) ?? 0;
      if (keepers === 0) bytes += this.#size(id);
      this.#keepers.set(id, keepers + 1);
    }
    this.#add(beside);
    this.keptBy[op.id] = bytes;
    this.#keptValues[op.id] = memory;
    this.#beside[op.id] = beside;
  }

  /** By op: bytes that it keeps beside tensors of the network. */
  readonly #beside: number[] = [];

  /** Gradients flow back; what an op has kept is let go when its own are computed. */
  backward(weightBytes: number): void {
    const { ops, outputs } = this.#graph;
    const gradients = new Map<ValueId, number>();
    const held = new Map<number, number>();
    // Gradients that are the very tensors of others are counted where they were made, and live as long as who holds them.
    const hold = (tensor: number): void => void held.set(tensor, (held.get(tensor) ?? 0) + 1);
    const sizes = new Map<number, number>();
    const release = (tensor: number): void => {
      const left = (held.get(tensor) ?? 1) - 1;
      held.set(tensor, left);
      if (left === 0) this.#now -= sizes.get(tensor) ?? 0;
    };
    let tensors = 0;
    const make = (bytes: number): number => {
      const tensor = tensors++;
      sizes.set(tensor, bytes);
      this.#add(bytes);
      return tensor;
    };
    const give = (id: ValueId, tensor: number): void => {
      const before = gradients.get(id);
      if (before === undefined) {
        hold(tensor);
        gradients.set(id, tensor);
        return;
      }
      // Where a value was read twice its gradients are added up: in place if nobody else holds the first.
      if ((held.get(before) ?? 0) > 1) {
        const sum = make(this.#size(id));
        hold(sum);
        release(before);
        gradients.set(id, sum);
      }
      if ((held.get(tensor) ?? 0) === 0) {
        held.set(tensor, 1);
        release(tensor);
      }
    };
    for (const id of outputs) if (this.#differentiated[id] === true) give(id, make(this.#size(id)));
    const seen = new Set<string>();
    for (const op of ops.toReversed()) {
      const arrived = op.outputs.flatMap((id) => gradients.get(id) ?? []);
      if (arrived.length > 0) this.#differentiate(op, arrived, { make, give, seen, weightBytes });
      for (const tensor of arrived) release(tensor);
      this.#now -= this.#beside[op.id] ?? 0;
      for (const id of this.#keptValues[op.id] ?? []) {
        const keepers = (this.#keepers.get(id) ?? 0) - 1;
        this.#keepers.set(id, keepers);
        if (keepers === 0) this.#now -= this.#size(id);
      }
    }
  }

  #differentiate(
    op: Op,
    arrived: readonly number[],
    {
      make,
      give,
      seen,
      weightBytes,
    }: {
      readonly make: (bytes: number) => number;
      readonly give: (id: ValueId, tensor: number) => void;
      readonly seen: Set<string>;
      readonly weightBytes: number;
    },
  ): void {
    const passesOn = passedOn.has(op.attributes.kind) || isSum(op);
    const wanted = op.inputs.filter((id) => this.#differentiated[id] === true);
    for (const id of wanted) {
      const isSame = passesOn && this.#size(id) <= this.#size(op.outputs[0] ?? id);
      give(id, isSame ? (arrived[0] ?? 0) : make(this.#size(id)));
    }
    for (const parameter of op.parameters) {
      if (!isTrained(parameter) || seen.has(parameter.id)) continue;
      seen.add(parameter.id);
      this.#add(weightBytes * (elementCount(parameter.shape) ?? 0));
    }
  }
}

/** Kinds whose gradient is the arriving one, seen another way. */
const passedOn: ReadonlySet<string> = new Set(['identity', 'reshape', 'permute', 'concat']);

function isSum({ attributes }: Op): boolean {
  return attributes.kind === 'elementwise' && (attributes.operator === 'add' || attributes.operator === 'subtract');
}
