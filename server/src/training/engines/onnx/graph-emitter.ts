// Grows an ONNX graph node by node, with static shapes. Equal nodes are made once, and what no output needs is left out.
// What single operators compute and which shapes they give stands in operators.ts.

import type { ElementType, OnnxAttribute, OnnxConstant, OnnxModel, OnnxNode, OnnxValue } from './onnx-model.ts';

/** A value of the graph being emitted. */
export interface Tensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** Type and shape of a node's output. */
type TensorType = Pick<Tensor, 'type' | 'shape'>;

/** A node to be: attributes with plain numbers are taken as integers, lists as integer lists. */
export interface NewNode {
  readonly operator: string;
  readonly domain?: string;
  /** `undefined` leaves an optional input out. */
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs: readonly TensorType[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** The standard operators' version, and those of the runtime's own domains that are used. */
const OPERATOR_SETS: ReadonlyMap<string, number> = new Map([
  ['', 17],
  ['com.microsoft', 1],
  ['com.microsoft.nchwc', 1],
]);

interface EmittedNode extends OnnxNode {
  readonly tensors: readonly Tensor[];
}

export class GraphEmitter {
  /**
   * How many channels the runtime's blocked convolutions keep side by side on this processor (see blocked-layout.ts);
   * 1 where it has none.
   */
  readonly channelBlock: number;
  readonly #nodes: EmittedNode[] = [];
  readonly #producers = new Map<string, EmittedNode>();
  readonly #known = new Map<string, readonly Tensor[]>();
  readonly #constants = new Map<string, OnnxConstant>();
  readonly #inputs = new Map<string, OnnxValue>();
  #names = 0;

  constructor(channelBlock: number) {
    this.channelBlock = channelBlock;
  }

  /** A value that is fed at each run. */
  input(name: string, type: ElementType, shape: readonly number[]): Tensor {
    const value = { name, type, shape };
    this.#inputs.set(name, value);
    return value;
  }

  /** A value that stands in the model; equal small ones are stored once. */
  constant(type: ElementType, shape: readonly number[], data: OnnxConstant['data']): Tensor {
    const key = data.length <= 16 ? `constant ${type} ${shape.join()}: ${data.join()}` : undefined;
    const known = key === undefined ? undefined : this.#known.get(key)?.[0];
    if (known !== undefined) return known;
    const tensor = { name: this.#newName('c'), type, shape };
    this.#constants.set(tensor.name, { type, shape, data });
    if (key !== undefined) this.#known.set(key, [tensor]);
    return tensor;
  }

  scalar(value: number): Tensor {
    return this.constant('float32', [], Float32Array.of(value));
  }

  /** A list of integers, as shapes and axes are given to operators. */
  integers(values: readonly number[]): Tensor {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** Adds a node, or finds the one that already computes the same, and returns its outputs. */
  node(node: NewNode): readonly Tensor[] {
    const inputs = node.inputs.map((input) => input?.name ?? '');
    const domain = node.domain ?? '';
    const attributes = node.attributes ?? {};
    const key = `${domain}.${node.operator}(${inputs.join()})${String(node.outputs.length)}${describe(attributes)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const tensors = node.outputs.map((output) => ({ name: this.#newName('v'), ...output }));
    const emitted: EmittedNode = {
      operator: node.operator,
      domain,
      inputs,
      outputs: tensors.map((tensor) => tensor.name),
      attributes,
      tensors,
    };
    this.#nodes.push(emitted);
    for (const tensor of tensors) this.#producers.set(tensor.name, emitted);
    this.#known.set(key, tensors);
    return tensors;
  }

  /** The node that computes a value; undefined for inputs and constants. Used to undo or join neighbouring nodes. */
  producerOf(tensor: Tensor): OnnxNode | undefined {
    return this.#producers.get(tensor.name);
  }

  /** A value that this emitter made or was given, by name. */
  tensorNamed(name: string): Tensor {
    const constant = this.#constants.get(name);
    const found =
      this.#producers.get(name)?.tensors.find((tensor) => tensor.name === name) ??
      this.#inputs.get(name) ??
      (constant && { name, type: constant.type, shape: constant.shape });
    if (found === undefined) throw new Error(`No value ${name} in the graph being emitted`);
    return found;
  }

  /**
   * The model that computes `outputs`, with just the nodes, constants and inputs needed for it. An output that is an
   * input or a constant gets a node that copies it, so that it can be fetched; `names` tells what to fetch.
   */
  finish<Role extends string>(
    outputs: ReadonlyMap<Role, Tensor>,
  ): { model: OnnxModel; names: ReadonlyMap<Role, OnnxValue> } {
    const names = new Map<Role, OnnxValue>();
    for (const [role, tensor] of outputs) {
      const taken = [...names.values()].some((value) => value.name === tensor.name);
      names.set(role, this.#producers.has(tensor.name) && !taken ? tensor : this.#copyOf(tensor));
    }
    const needed = new Set<string>([...names.values()].map((value) => value.name));
    const nodes: OnnxNode[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const input of node.inputs) needed.add(input);
      nodes.push(node);
    }
    return {
      model: {
        nodes: nodes.reverse(),
        constants: new Map([...this.#constants].filter(([name]) => needed.has(name))),
        inputs: [...this.#inputs.values()].filter((input) => needed.has(input.name)),
        outputs: [...names.values()],
        operatorSets: OPERATOR_SETS,
      },
      names,
    };
  }

  #copyOf(tensor: Tensor): Tensor {
    const copy = { ...tensor, name: this.#newName('v') };
    const node = {
      operator: 'Identity',
      domain: '',
      inputs: [tensor.name],
      outputs: [copy.name],
      attributes: {},
      tensors: [copy],
    };
    this.#nodes.push(node);
    this.#producers.set(copy.name, node);
    return copy;
  }

  #newName(prefix: string): string {
    this.#names += 1;
    return `${prefix}${String(this.#names)}`;
  }
}

function describe(attributes: Readonly<Record<string, OnnxAttribute>>): string {
  return Object.entries(attributes)
    .map(
      ([name, { value }]) =>
        ` ${name}=${typeof value === 'object' && 'data' in value ? value.data.join() : String(value)}`,
    )
    .join('');
}

/** Attribute of one integer. */
export function int(value: number): OnnxAttribute {
  return { type: 'int', value };
}

/** Attribute of a list of integers. */
export function ints(value: readonly number[]): OnnxAttribute {
  return { type: 'ints', value };
}

/** Attribute of one number. */
export function float(value: number): OnnxAttribute {
  return { type: 'float', value };
}

/** Attribute of a text. */
export function text(value: string): OnnxAttribute {
  return { type: 'string', value };
}
