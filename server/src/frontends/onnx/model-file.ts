// An ONNX file as far as shapes and costs need it: nodes, names, sizes, and the few small tensors that tell shapes. Weights are
// passed over where they stand, and those in other files are never looked for. Field numbers are those of onnx.proto.

import { MalformedMessage, type Field, type MessageReader } from './message-reader.ts';

/** A tensor that stands in the file. `values` only where it is small and of numbers that can tell a shape. */
export interface StoredTensor {
  readonly name: string;
  /** A number of TensorProto.DataType. */
  readonly elementType: number;
  readonly shape: readonly number[];
  readonly values?: readonly number[] | undefined;
}

export type NodeAttribute =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'numbers'; readonly value: readonly number[] }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: StoredTensor }
  | { readonly kind: 'graph'; readonly value: StoredGraph }
  | { readonly kind: 'other' };

export interface StoredNode {
  readonly name: string;
  readonly operator: string;
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, NodeAttribute>;
}

/** A size of an input: a number, a name, or nothing said. */
export type StoredSize = number | string | undefined;

export interface StoredValue {
  readonly name: string;
  readonly elementType: number;
  /** Undefined where the file gives no shape. */
  readonly shape: readonly StoredSize[] | undefined;
}

export interface StoredGraph {
  readonly nodes: readonly StoredNode[];
  readonly initializers: readonly StoredTensor[];
  readonly inputs: readonly StoredValue[];
  readonly outputs: readonly StoredValue[];
  /** Shapes that the exporter wrote down. */
  readonly values: readonly StoredValue[];
}

/** A function of the file's own: its nodes stand in place of those that call it. */
export interface StoredFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly StoredNode[];
}

export interface StoredModel {
  readonly graph: StoredGraph;
  /** Version of the operator set by domain; the standard one is ''. */
  readonly operatorSets: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, StoredFunction>;
  readonly producer: string;
}

/** What makes reading end, whatever a file claims. */
export interface FileLimits {
  /** Nodes of all graphs together. */
  readonly nodes: number;
}

/** Elements of a tensor that may tell a shape: sizes, axes, scales, anchors. Larger ones are weights to us. */
const mostValues = 4_096;
const mostAxes = 64;
const deepestGraph = 16;
/** Names, attributes and tensors for each node, more than they have on average. */
const mostPerNode = 10;

export class TooLarge extends Error {}

export function readModelFile(reader: MessageReader, limits: FileLimits): StoredModel {
  return new ModelFileReader(reader, limits).model();
}

class ModelFileReader {
  readonly #reader: MessageReader;
  #left: number;
  readonly #limit: number;

  constructor(reader: MessageReader, { nodes }: FileLimits) {
    this.#reader = reader;
    this.#limit = nodes;
    this.#left = nodes * mostPerNode;
  }

  model(): StoredModel {
    let graph: StoredGraph | undefined;
    let producer = '';
    const operatorSets = new Map<string, number>();
    const functions = new Map<string, StoredFunction>();
    for (const field of this.#reader.fields(0, this.#reader.size)) {
      if (field.number === 2 && isBytes(field)) producer = this.#reader.text(field);
      else if (field.number === 7 && isBytes(field)) graph = this.#graph(field, 0);
      else if (field.number === 8 && isBytes(field)) {
        const { domain, version } = this.#operatorSet(field);
        operatorSets.set(domain, version);
      } else if (field.number === 25 && isBytes(field)) {
        const read = this.#function(field);
        functions.set(`${read.domain}:${read.name}`, read);
      }
    }
    if (graph === undefined) throw new MalformedMessage('there is no graph in it');
    return { graph, operatorSets, functions, producer };
  }

  /** One thing more that is kept. */
  #count(): void {
    if (--this.#left < 0)
      throw new TooLarge(`The file has more parts than ${this.#limit.toLocaleString('en')} nodes have`);
  }

  #operatorSet({ start, end }: Field): { readonly domain: string; readonly version: number } {
    let [domain, version] = ['', 0];
    for (const field of this.#reader.fields(start, end)) {
      if (field.number === 1 && isBytes(field)) domain = this.#reader.text(field);
      else if (field.number === 2) version = field.value;
    }
    return { domain: standardDomain(domain), version };
  }

  #graph({ start, end }: Field, depth: number): StoredGraph {
    if (depth > deepestGraph) throw new TooLarge(`Graphs stand in each other more than ${String(deepestGraph)} deep`);
    const nodes: StoredNode[] = [];
    const initializers: StoredTensor[] = [];
    const [inputs, outputs, values]: StoredValue[][] = [[], [], []];
    for (const field of this.#reader.fields(start, end)) {
      if (!isBytes(field)) continue;
      if (field.number === 1) nodes.push(this.#node(field, depth));
      else if (field.number === 5) initializers.push(this.#tensor(field));
      else if (field.number === 11) inputs?.push(this.#value(field));
      else if (field.number === 12) outputs?.push(this.#value(field));
      else if (field.number === 13) values?.push(this.#value(field));
      else if (field.number === 15) initializers.push(this.#sparseTensor(field));
    }
    return { nodes, initializers, inputs: inputs ?? [], outputs: outputs ?? [], values: values ?? [] };
  }

  #function({ start, end }: Field): StoredFunction {
    let [name, domain] = ['', ''];
    const inputs: string[] = [];
    const outputs: string[] = [];
    const nodes: StoredNode[] = [];
    for (const field of this.#reader.fields(start, end)) {
      if (!isBytes(field)) continue;
      if (field.number === 1) name = this.#reader.text(field);
      else if (field.number === 4) inputs.push(this.#reader.text(field));
      else if (field.number === 5) outputs.push(this.#reader.text(field));
      else if (field.number === 7) nodes.push(this.#node(field, 0));
      else if (field.number === 10) domain = standardDomain(this.#reader.text(field));
    }
    return { name, domain, inputs, outputs, nodes };
  }

  #node({ start, end }: Field, depth: number): StoredNode {
    this.#count();
    let [name, operator, domain] = ['', '', ''];
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes = new Map<string, NodeAttribute>();
    for (const field of this.#reader.fields(start, end)) {
      if (!isBytes(field)) continue;
      if (field.number === 1) inputs.push(this.#name(field));
      else if (field.number === 2) outputs.push(this.#name(field));
      else if (field.number === 3) name = this.#reader.text(field);
      else if (field.number === 4) operator = this.#reader.text(field);
      else if (field.number === 5) attributes.set(...this.#attribute(field, depth));
      else if (field.number === 7) domain = standardDomain(this.#reader.text(field));
    }
    return { name, operator, domain, inputs, outputs, attributes };
  }

  #name(field: Field): string {
    this.#count();
    return this.#reader.text(field);
  }

  #attribute({ start, end }: Field, depth: number): [string, NodeAttribute] {
    let name = '';
    let attribute: NodeAttribute = { kind: 'other' };
    const numbers: number[] = [];
    let isList = false;
    for (const field of this.#reader.fields(start, end)) {
      if (field.number === 1 && isBytes(field)) name = this.#reader.text(field);
      else if (field.number === 2 && field.wire === 'fixed32')
        attribute = { kind: 'number', value: this.#reader.floats(field, 1)[0] ?? 0 };
      else if (field.number === 3 && field.wire === 'varint') attribute = { kind: 'number', value: field.value };
      else if (field.number === 4 && isBytes(field))
        attribute =
          field.end - field.start > mostValues ? { kind: 'other' } : { kind: 'text', value: this.#reader.text(field) };
      else if (field.number === 5 && isBytes(field)) attribute = { kind: 'tensor', value: this.#tensor(field) };
      else if (field.number === 6 && isBytes(field))
        attribute = { kind: 'graph', value: this.#graph(field, depth + 1) };
      else if (field.number === 7 || field.number === 8) {
        isList = true;
        const room = mostValues - numbers.length;
        const more = field.number === 7 ? this.#reader.floats(field, room) : this.#reader.integers(field, room);
        numbers.push(...more);
      } else if (field.number === 22 && isBytes(field)) {
        this.#count();
      }
    }
    return [name, isList ? { kind: 'numbers', value: numbers } : attribute];
  }

  #tensor({ start, end }: Field): StoredTensor {
    this.#count();
    let [name, elementType] = ['', 0];
    const shape: number[] = [];
    const listed: number[] = [];
    let raw: Field | undefined;
    let isTold = true;
    for (const field of this.#reader.fields(start, end)) {
      if (field.number === 1)
        shape.push(...this.#reader.integers(field, mostAxes - shape.length).map((size) => sizeOf(size, field)));
      else if (field.number === 2) elementType = field.value;
      else if (field.number === 8 && isBytes(field)) name = this.#reader.text(field);
      else if (field.number === 9 && isBytes(field)) raw = field;
      else if (field.number === 13 || (field.number === 14 && field.value !== 0)) isTold = false;
      else if (field.number === 4 || field.number === 5 || field.number === 7) {
        // More than can tell a shape: weights, which stay where they are.
        if (field.end - field.start > 10 * mostValues || listed.length >= mostValues) isTold = false;
        else if (field.number === 4) listed.push(...this.#reader.floats(field, mostValues * 10));
        else listed.push(...this.#reader.integers(field, mostValues * 10));
      }
    }
    const count = shape.reduce((product, size) => product * size, 1);
    if (!Number.isSafeInteger(count))
      throw new MalformedMessage(`the tensor ${name} has more elements than can be counted`);
    const values =
      !isTold || count > mostValues ? undefined : raw === undefined ? listed : this.#rawValues(raw, elementType);
    return { name, elementType, shape, ...(values?.length === count && { values }) };
  }

  /** Dimensions and values of a sparse one: its name and shape are all that is asked. */
  #sparseTensor({ start, end }: Field): StoredTensor {
    let values: StoredTensor = { name: '', elementType: 1, shape: [] };
    const shape: number[] = [];
    for (const field of this.#reader.fields(start, end)) {
      if (field.number === 1 && isBytes(field)) values = this.#tensor(field);
      else if (field.number === 3)
        shape.push(...this.#reader.integers(field, mostAxes - shape.length).map((size) => sizeOf(size, field)));
    }
    return { name: values.name, elementType: values.elementType, shape };
  }

  #rawValues({ start, end }: Field, elementType: number): readonly number[] | undefined {
    const width = widthOf(elementType);
    if (width === undefined || end - start > 8 * mostValues) return undefined;
    const bytes = this.#reader.slice(start, end);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: Math.floor(bytes.length / width) }, (_, i) => elementAt(view, elementType, i * width));
  }

  #value({ start, end }: Field): StoredValue {
    this.#count();
    let name = '';
    let type: Pick<StoredValue, 'elementType' | 'shape'> = { elementType: 0, shape: undefined };
    for (const field of this.#reader.fields(start, end)) {
      if (!isBytes(field)) continue;
      if (field.number === 1) name = this.#reader.text(field);
      else if (field.number === 2) type = this.#type(field);
    }
    return { name, ...type };
  }

  #type({ start, end }: Field): Pick<StoredValue, 'elementType' | 'shape'> {
    let elementType = 0;
    let shape: readonly StoredSize[] | undefined;
    for (const kind of this.#reader.fields(start, end)) {
      if (kind.number !== 1 || !isBytes(kind)) continue;
      for (const field of this.#reader.fields(kind.start, kind.end)) {
        if (field.number === 1) elementType = field.value;
        else if (field.number === 2 && isBytes(field)) shape = this.#sizes(field);
      }
    }
    return { elementType, shape };
  }

  #sizes({ start, end }: Field): readonly StoredSize[] {
    const sizes: StoredSize[] = [];
    for (const dimension of this.#reader.fields(start, end)) {
      if (dimension.number !== 1 || !isBytes(dimension)) continue;
      if (sizes.length >= mostAxes) throw new MalformedMessage(`a shape has more than ${String(mostAxes)} axes`);
      let size: StoredSize;
      for (const field of this.#reader.fields(dimension.start, dimension.end)) {
        // Exporters write 0 or -1 where they mean that a size is open.
        if (field.number === 1) {
          const value = field.value;
          size = value > 0 && Number.isSafeInteger(value) ? value : undefined;
        } else if (field.number === 2 && isBytes(field)) size = this.#reader.text(field);
      }
      sizes.push(size);
    }
    return sizes;
  }
}

function isBytes(field: Field): boolean {
  return field.wire === 'bytes';
}

function standardDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function sizeOf(size: number, { start }: Field): number {
  if (size < 0 || size > Number.MAX_SAFE_INTEGER)
    throw new MalformedMessage(`a tensor at byte ${start.toLocaleString('en')} has a size of ${String(size)}`);
  return size;
}

/** Bytes of an element of those types that can tell a shape. */
function widthOf(elementType: number): number | undefined {
  switch (elementType) {
    case 1:
    case 6:
      return 4;
    case 2:
    case 3:
    case 9:
      return 1;
    case 7:
    case 11:
      return 8;
    case 10:
      return 2;
    default:
      return undefined;
  }
}

function elementAt(view: DataView, elementType: number, at: number): number {
  switch (elementType) {
    case 1:
      return view.getFloat32(at, true);
    case 6:
      return view.getInt32(at, true);
    case 7:
      return Number(view.getBigInt64(at, true));
    case 11:
      return view.getFloat64(at, true);
    case 10:
      return halfFloat(view.getUint16(at, true));
    case 3:
      return view.getInt8(at);
    default:
      return view.getUint8(at);
  }
}

/** A number of 16 bits: 1 of sign, 5 of exponent, 10 of fraction. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
