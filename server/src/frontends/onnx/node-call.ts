// One node of an ONNX graph as its operator sees it: inputs, attributes by name, and what it can say of its outputs.

import type { OpAttributes, Parameter } from '../../network/op.ts';
import type { Dimension, Shape } from '../../network/shape.ts';
import type { StoredGraph, StoredNode } from './model-file.ts';
import { constantOf, type Elements, type Known, type Tensor } from './tensor.ts';

/** Adds an op, or works out what it gives where nothing flows into it. */
export interface Emission {
  readonly attributes: OpAttributes;
  readonly inputs: readonly Known[];
  readonly parameters?: readonly Parameter[];
  /** Names an op inside a node that is several: `recurrent`. */
  readonly part?: string;
  /** The elements of the result where all inputs are known beforehand. */
  readonly elements?: Elements | undefined;
}

/** What the reader of the network does for operators. */
export interface GraphWriter {
  emit(node: StoredNode, emission: Emission): Tensor;
  /** An op that is not understood stands for the node; its outputs are as the file says, if it does. */
  refuse(node: StoredNode, reason: string, inputs: readonly (Tensor | undefined)[]): readonly Tensor[];
  /** The outputs of a graph that stands in the place of a node. */
  inline(graph: StoredGraph, node: StoredNode): readonly Tensor[];
}

/** Thrown inside an operator where something that it needs is not known; the node becomes one that is not understood. */
export class NotKnown extends Error {}

export class NodeCall {
  readonly node: StoredNode;
  /** Version of the node's operator set. */
  readonly version: number;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly #writer: GraphWriter;

  constructor(node: StoredNode, version: number, inputs: readonly (Tensor | undefined)[], writer: GraphWriter) {
    this.node = node;
    this.version = version;
    this.inputs = inputs;
    this.#writer = writer;
  }

  /** An input that may be left out. */
  optional(index: number): Known | undefined {
    const tensor = this.inputs[index];
    if (tensor?.kind === 'lost') throw new NotKnown(tensor.reason);
    return tensor;
  }

  input(index = 0): Known {
    const tensor = this.optional(index);
    if (tensor === undefined) throw new NotKnown(`the node lacks its input ${String(index + 1)}`);
    return tensor;
  }

  /** All inputs that are there. */
  all(): readonly Known[] {
    return this.inputs.flatMap((_, index) => this.optional(index) ?? []);
  }

  rank(index = 0): number {
    return this.input(index).shape.length;
  }

  integer(name: string, fallback: number): number {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'number' ? attribute.value : fallback;
  }

  integers(name: string): readonly number[] | undefined {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'numbers' ? attribute.value : undefined;
  }

  text(name: string, fallback: string): string {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'text' ? attribute.value : fallback;
  }

  graph(name: string): StoredGraph | undefined {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'graph' ? attribute.value : undefined;
  }

  /** The elements of an input, all of them numbers; undefined where the input is left out. */
  numbers(index: number, what: string): readonly number[] | undefined {
    const tensor = this.optional(index);
    if (tensor === undefined) return undefined;
    const elements = elementsOf(tensor);
    const unknown = elements?.find((element) => typeof element !== 'number');
    if (unknown !== undefined && typeof unknown !== 'number')
      throw new NotKnown(`${what} is not known: ${unknown.reason}`);
    if (elements === undefined) throw new NotKnown(`${what} depends on the network's input`);
    return elements.filter((element) => typeof element === 'number');
  }

  /** Axes and their like: an attribute in older versions, an input since. */
  setting(name: string, index: number, what: string): readonly number[] | undefined {
    return this.integers(name) ?? this.numbers(index, what);
  }

  /** An axis counted from the front. */
  axis(axis: number, rank = this.rank()): number {
    const resolved = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(resolved) || resolved < 0 || resolved >= Math.max(1, rank))
      throw new NotKnown(`there is no axis ${String(axis)} among ${String(rank)}`);
    return resolved;
  }

  emit(emission: Emission): Tensor {
    return this.#writer.emit(this.node, emission);
  }

  /** As `emit`, for what is worked on further. */
  made(emission: Emission): Known {
    const tensor = this.emit(emission);
    if (tensor.kind === 'lost') throw new NotKnown(tensor.reason);
    return tensor;
  }

  /** Elements moved about, of which only the shape is followed. */
  rearranged(operation: string, inputs: readonly Known[], shape: Shape, elements?: Elements): Tensor {
    return this.emit({ attributes: { kind: 'rearrange', operation, shape }, inputs, elements });
  }

  inline(graph: StoredGraph): readonly Tensor[] {
    return this.#writer.inline(graph, this.node);
  }

  /** A result that is known without an input. */
  constant(shape: Shape, elements: Elements | undefined): Tensor {
    return constantOf(shape, elements);
  }

  /** A size that depends on what the network is fed. */
  open(reason: string): Dimension {
    return { kind: 'unknown', reason };
  }
}

/** What is known of a tensor's elements. */
export function elementsOf(tensor: Known): Elements | undefined {
  return tensor.kind === 'constant' ? tensor.elements : undefined;
}

/** A size as a number, or the reason why it is not one. */
export function knownSize(size: Dimension | undefined, what: string): number {
  if (typeof size === 'number') return size;
  throw new NotKnown(size === undefined ? `${what} is missing` : `${what} is not known: ${size.reason}`);
}
