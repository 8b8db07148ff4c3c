// What a device has to do for each op of a network: amounts of the terms that its time is made of.

import { valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { Op, OpAttributes, ValueId } from '../../network/op.ts';
import { bytesOfProducts, isMixed, type Execution } from './execution.ts';
import { RecentAnswers } from './recent-answers.ts';
import { storageOf, type OpStorage, type Storage, type Stored } from './storage.ts';
import type { Term } from './terms.ts';

/** An amount of one term: multiply-adds, elements, bytes, or kernels. */
export interface Work {
  readonly term: Term;
  readonly amount: number;
}

type GraphWork = readonly (readonly Work[] | undefined)[];

/** The work of each op, by op id, for one step. Undefined where a shape is unknown; empty where nothing runs. */
export function workOf(graph: NetworkGraph, execution: Execution): GraphWork {
  const { precision, batch, fusion, channelsLast, processor } = execution;
  const key = [precision, batch, fusion, channelsLast, processor].join(' ');
  return recent.of(graph, key, () => workedOut(graph, execution));
}

const recent = new RecentAnswers<GraphWork>();

function workedOut(graph: NetworkGraph, execution: Execution): GraphWork {
  const storage = storageOf(graph, execution);
  const traffic = new FusedTraffic(graph, storage, execution);
  return graph.ops.map((op) => {
    const place = storage.ops[op.id];
    if (op.attributes.kind === 'opaque' || place === undefined) return undefined;
    if (place.isView) return [];
    const work: Work[] = [];
    const add = (term: Term, amount: number): void => {
      if (amount > 0) work.push({ term, amount });
    };
    addWork(add, new Amounts(graph, op, place, storage, execution), traffic);
    return work;
  });
}

type Add = (term: Term, amount: number) => void;

/** Sizes of what one op reads and writes. */
class Amounts {
  readonly op: Op;
  readonly place: OpStorage;
  readonly execution: Execution;
  readonly inputs: readonly Stored[];
  readonly outputs: readonly Stored[];
  readonly innerSize: number;
  readonly outSize: number;

  constructor(graph: NetworkGraph, op: Op, place: OpStorage, storage: Storage, execution: Execution) {
    this.op = op;
    this.place = place;
    this.execution = execution;
    this.inputs = op.inputs.flatMap((id) => storage.values[id] ?? []);
    this.outputs = op.outputs.flatMap((id) => storage.values[id] ?? []);
    this.innerSize = lastSize(graph, op.inputs[0]);
    this.outSize = lastSize(graph, op.outputs[0]);
  }

  /** Elements that are read, but for weights. */
  get read(): number {
    return sum(this.inputs, ({ dependsOnInput, elements }) => (dependsOnInput ? elements : 0));
  }

  get written(): number {
    return sum(this.outputs, ({ elements }) => elements);
  }

  get dependsOnInput(): boolean {
    return this.outputs.some(({ dependsOnInput }) => dependsOnInput);
  }

  /** Bytes of an op by itself, for a batch. */
  get traffic(): number {
    const { batch, precision } = this.execution;
    const narrow = bytesOfProducts(precision);
    const bytes = ({ elements, bytes: own, dependsOnInput }: Stored): number =>
      dependsOnInput ? elements * Math.max(own, narrow) : 0;
    return batch * (sum(this.inputs, bytes) + sum(this.outputs, bytes));
  }

  /** Bytes of casting 32-bit operands of a product to 16 bits. */
  get cast(): number {
    const { batch, precision } = this.execution;
    if (!isMixed(precision)) return 0;
    return (
      batch *
      sum(this.inputs, ({ bytes, elements, dependsOnInput }) => (dependsOnInput && bytes === 4 ? 6 * elements : 0))
    );
  }
}

function lastSize(graph: NetworkGraph, id: ValueId | undefined): number {
  const size = id === undefined ? undefined : valueOf(graph, id).shape.at(-1);
  return typeof size === 'number' ? size : 1;
}

const sum = <T>(items: readonly T[], amount: (item: T) => number): number =>
  items.reduce((total, item) => total + amount(item), 0);

const product = (factors: readonly number[]): number => factors.reduce((left, right) => left * right, 1);

function addWork(add: Add, amounts: Amounts, traffic: FusedTraffic): void {
  const { op, place, execution } = amounts;
  const { attributes } = op;
  if (!amounts.dependsOnInput) {
    add('weight work bytes', 8 * amounts.written);
    add('weight work started', 1);
    return;
  }
  const isCopy = attributes.kind === 'reshape';
  if (place.copied > 0 && !(isCopy && execution.fusion === 'pointwise')) {
    add(
      'copied bytes',
      2 *
        execution.batch *
        place.copied *
        Math.max(amounts.inputs[0]?.bytes ?? 0, bytesOfProducts(execution.precision)),
    );
  }
  switch (attributes.kind) {
    case 'convolution':
    case 'transposed-convolution':
      addConvolution(add, amounts, attributes);
      return;
    case 'dense':
      addProduct(
        add,
        amounts,
        'dense',
        attributes.inFeatures,
        attributes.outFeatures,
        amounts.written * attributes.inFeatures,
      );
      addTraffic(add, amounts, 'dense', attributes.inFeatures * attributes.outFeatures, 'dense weight bytes');
      return;
    case 'matmul':
      addMatmul(add, amounts);
      return;
    default:
      if (traffic.isFolded(op)) return;
      if (execution.fusion === 'pointwise') addFused(add, amounts, traffic);
      else if (!isCopy) addSingle(add, amounts);
  }
}

type Product = 'convolution' | 'pointwise' | 'grouped' | 'dense' | 'product';

/** Multiply-adds with what thin and small layers lose: by channels read and made, and by places. */
function addProduct(
  add: Add,
  { execution, written }: Amounts,
  kind: Product,
  read: number,
  made: number,
  macs: number,
): void {
  const { batch, processor } = execution;
  add(kind, macs * batch);
  add(`${kind} over input channels`, (16 * macs * batch) / read);
  add(`${kind} over output channels`, (16 * macs * batch) / made);
  const places = written / made;
  if (processor === 'gpu') add('product over places', (64 * macs) / places);
  else if (kind !== 'product') add(`${kind} over places`, (16 * macs) / places);
}

function addTraffic(
  add: Add,
  amounts: Amounts,
  kind: 'convolution' | 'dense',
  weights: number,
  weightTerm: Term,
): void {
  const { batch, precision, fusion } = amounts.execution;
  const bytes = bytesOfProducts(precision);
  if (fusion !== 'pointwise') add('cast bytes', amounts.cast);
  add(`${kind} input bytes`, batch * amounts.read * bytes);
  add(`${kind} output bytes`, batch * amounts.written * bytes);
  // Weights in 32 bits are read and written once more in 16.
  add(weightTerm, weights * (precision === 'fp32' ? 4 : 6));
  add('products started', 1);
}

type Convolution = Extract<OpAttributes, { readonly kind: 'convolution' | 'transposed-convolution' }>;

function addConvolution(add: Add, amounts: Amounts, attributes: Convolution): void {
  const { execution, written, read } = amounts;
  const kernel = product(attributes.kernel);
  const from = attributes.inChannels / attributes.groups;
  const to = attributes.outChannels / attributes.groups;
  const macs =
    attributes.kind === 'convolution' ? written * kernel * from : (amounts.inputs[0]?.elements ?? 0) * kernel * to;
  if (attributes.groups > 1 && from === 1) {
    const order = amounts.inputs[0]?.order ?? [];
    const isLast =
      execution.processor === 'gpu' && (execution.channelsLast || execution.fusion === 'pointwise' || order[1] === 2);
    const size = kernel > 49 ? ', huge kernel' : kernel > 25 ? ', large kernel' : '';
    add(`depthwise${size}${isLast ? ', channels last' : ''}`, execution.batch * macs);
    add(
      isLast ? 'depthwise bytes, channels last' : 'depthwise bytes',
      execution.batch * (read + written) * bytesOfProducts(execution.precision),
    );
    add('depthwise started', 1);
    return;
  }
  const kind = attributes.groups > 1 ? 'grouped' : kernel === 1 ? 'pointwise' : 'convolution';
  addProduct(add, amounts, kind, from, to, macs);
  addTraffic(add, amounts, 'convolution', kernel * from * attributes.outChannels, `${kind} weight bytes`);
}

function addMatmul(add: Add, amounts: Amounts): void {
  const { execution, place, written, read, innerSize, outSize, inputs } = amounts;
  const { batch, precision, fusion } = execution;
  const bytes = bytesOfProducts(precision);
  const macs = written * innerSize;
  if (fusion !== 'pointwise') add('cast bytes', amounts.cast);
  if (place.attention === undefined) {
    addProduct(add, amounts, 'product', innerSize, outSize, macs);
    add('product bytes', batch * (read + written) * bytes);
    add('products started', 1);
    return;
  }
  add('attention', macs * batch);
  add('attentions started', 0.5);
  if (place.attention === 'scores') {
    add('attention scores', 64 * batch * written);
    add('attention bytes', batch * bytes * read);
  } else {
    const values = sum(inputs.slice(1), ({ elements }) => elements);
    add('attention bytes', batch * bytes * (values + written));
  }
}

/** An op that is a kernel of its own. */
function addSingle(add: Add, amounts: Amounts): void {
  const { op, traffic, execution, written } = amounts;
  add('other ops started', 1);
  add(bytesTerm(op.attributes), traffic);
  if (op.attributes.kind === 'pool') add('pool work', (execution.batch * written * product(op.attributes.kernel)) / 16);
}

function bytesTerm(attributes: OpAttributes): Term {
  switch (attributes.kind) {
    case 'activation':
      return isRelu(attributes) ? 'relu bytes' : 'activation bytes';
    case 'elementwise':
      return 'element bytes';
    case 'batch-norm':
      return 'batch norm bytes';
    case 'layer-norm':
      return 'layer norm bytes';
    case 'group-norm':
      return 'group norm bytes';
    case 'softmax':
      return 'softmax bytes';
    case 'pool':
      return 'pool bytes';
    case 'reduce':
    case 'adaptive-pool':
      return 'reduction bytes';
    case 'rearrange':
    case 'resize':
    case 'embedding':
      return 'gather bytes';
    default:
      return 'concat bytes';
  }
}

function isRelu(attributes: OpAttributes): boolean {
  return attributes.kind === 'activation' && (attributes.function === 'relu' || attributes.function === 'relu6');
}

/** An op as a part of a chain: only what enters and leaves the chain reaches memory. */
function addFused(add: Add, amounts: Amounts, traffic: FusedTraffic): void {
  const { op, execution, written, read } = amounts;
  const { bytes, writes } = traffic.of(op);
  const elements = execution.batch * written;
  add('fused kernels started', writes ? 1 : 0);
  switch (op.attributes.kind) {
    case 'pool':
      add('pool bytes', bytes);
      add('pool work', (elements * product(op.attributes.kernel)) / 16);
      return;
    case 'rearrange':
    case 'resize':
      add('gather bytes', bytes);
      add('gather work', elements);
      return;
    default:
      add('fused bytes', bytes);
  }
  switch (op.attributes.kind) {
    case 'activation':
      add(isRelu(op.attributes) ? 'element work' : 'activation work', elements);
      return;
    case 'layer-norm':
    case 'group-norm':
      add('norm work', elements);
      add('fused norm bytes', bytes);
      return;
    case 'softmax':
      add('softmax work', elements);
      return;
    case 'reshape':
    case 'concat':
    case 'pad':
      add('copy work', elements);
      return;
    case 'reduce':
    case 'adaptive-pool':
      add('reduction work', execution.batch * read);
      add('fused reduction bytes', bytes);
      return;
    default:
      add('element work', elements);
  }
}

/** Which ops join their neighbors, and what then still goes through memory. */
class FusedTraffic {
  readonly #storage: Storage;
  readonly #execution: Execution;
  readonly #graph: NetworkGraph;
  /** The ops that read each tensor, through views. */
  readonly #readers = new Map<ValueId, Op[]>();
  readonly #results: ReadonlySet<ValueId>;

  constructor(graph: NetworkGraph, storage: Storage, execution: Execution) {
    this.#graph = graph;
    this.#storage = storage;
    this.#execution = execution;
    this.#results = new Set(graph.outputs.map((id) => storage.values[id]?.source ?? id));
    for (const op of graph.ops) {
      if (storage.ops[op.id]?.isView !== false) continue;
      for (const id of op.inputs) {
        const source = storage.values[id]?.source ?? id;
        const readers = this.#readers.get(source);
        if (readers === undefined) this.#readers.set(source, [op]);
        else readers.push(op);
      }
    }
  }

  /** Whether ONNX Runtime makes the op a part of the product before it. */
  isFolded(op: Op): boolean {
    if (this.#execution.fusion !== 'after-products') return false;
    if (op.attributes.kind !== 'batch-norm' && op.attributes.kind !== 'activation') return false;
    const [input] = op.inputs;
    if (input === undefined || this.#readersOf(input).length !== 1) return false;
    const before = this.#producer(input);
    if (before === undefined) return false;
    if (op.attributes.kind === 'batch-norm') return isConvolution(before);
    if (!foldedActivations.has(op.attributes.function)) return false;
    return isConvolution(before) || (before.attributes.kind === 'batch-norm' && this.isFolded(before));
  }

  /** Bytes of a batch that an op of a chain moves, and whether it writes at all. */
  of(op: Op): { readonly bytes: number; readonly writes: boolean } {
    const { batch, precision } = this.#execution;
    const narrow = bytesOfProducts(precision);
    const starts = startsChain(op);
    let elements = 0;
    let writes = false;
    const size = (id: ValueId): number => {
      const stored = this.#storage.values[id];
      return stored === undefined ? 0 : stored.elements * Math.max(stored.bytes, narrow);
    };
    for (const source of new Set(op.inputs.map((id) => this.#storage.values[id]?.source ?? id))) {
      if (this.#storage.values[source]?.dependsOnInput !== true) continue;
      const before = this.#producer(source);
      if (!starts && before !== undefined && this.#joins(before)) continue;
      elements += size(source);
    }
    for (const id of op.outputs) {
      const readers = this.#readersOf(id);
      const stays =
        !starts &&
        !this.#results.has(id) &&
        readers.length > 0 &&
        readers.every((reader) => this.#joins(reader) && !startsChain(reader));
      if (stays) continue;
      elements += size(id);
      writes = true;
    }
    return { bytes: batch * elements, writes };
  }

  #readersOf(id: ValueId): readonly Op[] {
    return this.#readers.get(this.#storage.values[id]?.source ?? id) ?? [];
  }

  #producer(id: ValueId): Op | undefined {
    return this.#graph.ops[valueOf(this.#graph, this.#storage.values[id]?.source ?? id).producer];
  }

  #joins(op: Op): boolean {
    if (this.#storage.ops[op.id]?.isView !== false || !joined.has(op.attributes.kind)) return false;
    return op.outputs.some((id) => this.#storage.values[id]?.dependsOnInput === true);
  }
}

/** A pool reads neighbors, so what it reads has to be in memory. */
function startsChain({ attributes }: Op): boolean {
  return attributes.kind === 'pool' || attributes.kind === 'adaptive-pool';
}

function isConvolution({ attributes }: Op): boolean {
  return attributes.kind === 'convolution' || attributes.kind === 'transposed-convolution';
}

/** Activations that ONNX Runtime computes within a convolution. */
const foldedActivations: ReadonlySet<string> = new Set([
  'relu',
  'relu6',
  'leaky-relu',
  'sigmoid',
  'tanh',
  'hard-sigmoid',
]);

/** What TorchInductor makes chains of. */
const joined: ReadonlySet<string> = new Set([
  'activation',
  'elementwise',
  'batch-norm',
  'layer-norm',
  'group-norm',
  'softmax',
  'reduce',
  'concat',
  'pad',
  'resize',
  'reshape',
  'rearrange',
  'channel-shuffle',
  'depth-to-space',
  'space-to-depth',
  'pool',
  'adaptive-pool',
  'local-response-norm',
]);
