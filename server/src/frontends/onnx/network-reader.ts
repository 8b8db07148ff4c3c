// From the graph of an ONNX file to a network: nodes in an order in which each has its inputs, every name followed to what
// stands behind it. What no input flows into is worked out; the rest becomes ops.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import { inferShapes } from '../../network/infer-shapes.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { Shape } from '../../network/shape.ts';
import type { ValueId } from '../../network/op.ts';
import { limitMessage, type EvaluationLimits } from '../shared/frontend.ts';
import { inExecutionOrder } from './execution-order.ts';
import type { StoredFunction, StoredGraph, StoredModel, StoredNode, StoredTensor, StoredValue } from './model-file.ts';
import { NodeCall, NotKnown, type Emission, type GraphWriter } from './node-call.ts';
import { findOperator } from './operators/operator-table.ts';
import { constantOf, parametersOf, type Constant, type Known, type Tensor } from './tensor.ts';

/** Functions that call functions, and graphs inside graphs. */
const deepestCall = 16;
/** Types of TensorProto that weights have: floats of all kinds, and the whole numbers of quantized ones. */
const weightTypes: ReadonlySet<number> = new Set([1, 2, 3, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23]);
/** As many kinds of operators that are not understood are told of. */
const mostToldKinds = 20;

type Names = Map<string, Tensor>;

export class NetworkReader implements GraphWriter {
  readonly #model: StoredModel;
  readonly #entry: ModelEntry;
  readonly #limits: EvaluationLimits;
  readonly #cancellation: Cancellation;
  readonly #report: (problem: Problem) => void;
  readonly #builder = new GraphBuilder();
  readonly #told = new Set<string>();
  /** What the file says of the shapes of names. */
  readonly #written = new Map<string, StoredValue>();
  /** Names by graph, the innermost last. */
  readonly #scopes: Names[] = [];
  #nodesLeft: number;
  #isCutOff = false;

  constructor(
    model: StoredModel,
    entry: ModelEntry,
    limits: EvaluationLimits,
    cancellation: Cancellation,
    report: (problem: Problem) => void,
  ) {
    this.#model = model;
    this.#entry = entry;
    this.#limits = limits;
    this.#cancellation = cancellation;
    this.#report = report;
    // What only works out shapes makes no ops, and is many times as much in some files.
    this.#nodesLeft = 10 * limits.ops;
  }

  /** `inputs` are the shapes of the graph's inputs, in its order. */
  read(inputs: readonly { readonly name: string; readonly shape: Shape }[]): NetworkGraph {
    const { graph } = this.#model;
    const names: Names = new Map();
    for (const { name, shape } of inputs) {
      const attributes = { kind: 'input', shape, ...(shape.length > 2 && { channelAxis: 1 }) } as const;
      const added = this.#builder.add({ name, label: 'input', attributes, inputs: [] });
      const value = added.ok ? added.value[0] : undefined;
      if (value !== undefined) names.set(name, { kind: 'flow', value, shape });
    }
    const outputs = this.#graph(graph, names);
    const values = outputs.flatMap((tensor) => (tensor.kind === 'flow' ? [tensor.value] : []));
    return this.#builder.build('onnx', this.#entry, [...new Set(values)]);
  }

  emit(node: StoredNode, { attributes, inputs, parameters = [], part, elements }: Emission): Tensor {
    const stored = inputs.flatMap((input) => (input.kind === 'constant' ? input.stored : []));
    if (inputs.length > 0 && inputs.every((input) => input.kind === 'constant')) {
      const shapes = inferShapes(
        attributes,
        inputs.map(({ shape }) => shape),
      );
      if (!shapes.ok) throw new NotKnown(shapes.error);
      const all = [...new Map([...stored, ...constantParameters(parameters)].map((each) => [each.id, each])).values()];
      return constantOf(shapes.value[0] ?? [], elements, all, node.outputs[0]);
    }
    const added = this.#builder.add({
      name: part === undefined ? nameOf(node) : `${nameOf(node)}.${part}`,
      label: part ?? node.operator,
      attributes,
      inputs: inputs.map((input) => this.#valueOf(input)),
      parameters,
    });
    if (!added.ok) throw new NotKnown(added.error);
    const value = added.value[0];
    if (value === undefined) throw new NotKnown('the node gives nothing');
    return { kind: 'flow', value, shape: this.#builder.shapeOf(value) };
  }

  refuse(node: StoredNode, reason: string, inputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const flowing = inputs.flatMap((input) => (input?.kind === 'flow' ? [input.value] : []));
    const parameters = inputs.flatMap((input) => parametersOf(input, 'other'));
    const inner = [...node.attributes.values()].flatMap((attribute) =>
      attribute.kind === 'graph' ? storedIn(attribute.value) : [],
    );
    const shapes = node.outputs.map((name) => this.#writtenShape(name));
    const known = shapes.map((shape) => shape ?? [{ kind: 'unknown', reason } as const]);
    const added = this.#builder.add({
      name: nameOf(node),
      label: node.operator,
      attributes: { kind: 'opaque', operation: node.operator, reason, shapes: known },
      inputs: flowing,
      parameters: [...parameters, ...inner.flatMap((tensor) => parametersOf(this.#stored(tensor), 'other'))],
    });
    return shapes.map((shape, index): Tensor => {
      const value = added.ok ? added.value[index] : undefined;
      return shape === undefined || value === undefined ? { kind: 'lost', reason } : { kind: 'flow', value, shape };
    });
  }

  inline(graph: StoredGraph, node: StoredNode): readonly Tensor[] {
    if (this.#scopes.length > deepestCall) throw new NotKnown(`${node.operator} stands in itself too deeply`);
    return this.#graph(graph, new Map());
  }

  /** Follows a graph; `names` are those that are known before its nodes. */
  #graph(graph: StoredGraph, names: Names): readonly Tensor[] {
    this.#scopes.push(names);
    for (const tensor of graph.initializers) if (tensor.name !== '') names.set(tensor.name, this.#stored(tensor));
    for (const value of [...graph.values, ...graph.outputs]) this.#written.set(value.name, value);
    this.#nodes(graph.nodes, names);
    const outputs = graph.outputs.map(({ name }) => this.#lookUp(name));
    this.#scopes.pop();
    return outputs;
  }

  #nodes(nodes: readonly StoredNode[], names: Names): void {
    const { order, circle } = inExecutionOrder(nodes);
    if (circle !== undefined) {
      const message = `The graph runs in a circle through ${nameOf(circle)}, which ONNX does not allow; what hangs on it is not read. Export the model again.`;
      this.#report({ code: 'onnx-circle', severity: 'error', message });
      this.#builder.addUnknown({ reason: 'the graph runs in a circle' });
    }
    for (const node of order) {
      if (this.#isStopped()) return;
      const outputs = this.#node(node);
      for (const [index, name] of node.outputs.entries()) {
        const tensor = outputs[index];
        if (name !== '' && tensor !== undefined) names.set(name, tensor);
      }
    }
  }

  #isStopped(): boolean {
    if (this.#isCutOff) return true;
    if (this.#cancellation.isCancellationRequested) {
      this.#isCutOff = true;
      this.#builder.addUnknown({ reason: 'reading was cancelled' });
    } else if (this.#builder.opCount >= this.#limits.ops || --this.#nodesLeft < 0) {
      this.#isCutOff = true;
      const message = limitMessage(
        'limit-ops',
        `The network has more than ${this.#limits.ops.toLocaleString('en')} operations`,
      );
      this.#report({ code: 'limit-ops', severity: 'warning', message });
      this.#builder.addUnknown({ reason: message });
    }
    return this.#isCutOff;
  }

  #node(node: StoredNode): readonly Tensor[] {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : this.#lookUp(name)));
    if (node.operator === 'Constant' && node.domain === '') return [constantNode(node)];
    const called = this.#model.functions.get(`${node.domain}:${node.operator}`);
    const operator = findOperator(node.domain, node.operator);
    const version = this.#model.operatorSets.get(node.domain) ?? 1;
    const call = new NodeCall(node, version, inputs, this);
    try {
      if (called !== undefined) return this.#called(called, node, inputs);
      if (node.operator === 'If' && node.domain === '') return this.#branch(call);
      if (operator === undefined) {
        const name = node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;
        return this.#unsupported(node, `the operator ${name} is not understood`, inputs);
      }
      const result = operator(call);
      if (result === undefined) return [];
      return 'kind' in result ? [result] : result;
    } catch (error) {
      if (!(error instanceof NotKnown)) throw error;
      const lost = inputs.find((input) => input?.kind === 'lost');
      // What hangs on something that was told of needs no word of its own.
      if (lost?.kind === 'lost') return this.refuse(node, lost.reason, inputs);
      return this.#unsupported(node, error.message, inputs);
    }
  }

  #unsupported(node: StoredNode, reason: string, inputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const key = `${node.operator} ${reason}`;
    if (!this.#told.has(key) && this.#told.size < mostToldKinds) {
      this.#told.add(key);
      const message = `${nameOf(node)} (${node.operator}): ${reason}; its cost is not known`;
      this.#report({ code: 'onnx-unsupported', severity: 'warning', message });
    }
    return this.refuse(node, `${nameOf(node)}: ${reason}`, inputs);
  }

  /** Of two ways the one that the file itself decides. */
  #branch(call: NodeCall): readonly Tensor[] {
    const [chosen] = call.numbers(0, 'which way the node goes') ?? [];
    const graph = call.graph(chosen === 0 ? 'else_branch' : 'then_branch');
    if (chosen === undefined || graph === undefined) throw new NotKnown('which way the node goes is not known');
    return this.inline(graph, call.node);
  }

  /** A function of the file's own: names inside it are its own. */
  #called(called: StoredFunction, node: StoredNode, inputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    if (this.#scopes.length > deepestCall) throw new NotKnown(`${node.operator} calls itself too deeply`);
    const names: Names = new Map(
      called.inputs.flatMap((name, index) => {
        const input = inputs[index];
        return input === undefined ? [] : [[name, input] as const];
      }),
    );
    const outer = this.#scopes.splice(0);
    this.#scopes.push(...outer.map(() => new Map<string, Tensor>()), names);
    this.#nodes(
      called.nodes.map((inner) => ({ ...inner, name: `${nameOf(node)}/${nameOf(inner)}` })),
      names,
    );
    const outputs = called.outputs.map((name) => this.#lookUp(name));
    this.#scopes.splice(0, this.#scopes.length, ...outer);
    return outputs;
  }

  #lookUp(name: string): Tensor {
    for (let scope = this.#scopes.length - 1; scope >= 0; scope--) {
      const tensor = this.#scopes[scope]?.get(name);
      if (tensor !== undefined) return tensor;
    }
    return { kind: 'lost', reason: `nothing gives the value ${name === '' ? 'without a name' : name}` };
  }

  /** What the file says of a name's shape, where it leaves nothing open. */
  #writtenShape(name: string): Shape | undefined {
    const shape = this.#written.get(name)?.shape;
    const sizes = shape?.filter((size) => typeof size === 'number');
    return sizes !== undefined && sizes.length === shape?.length ? sizes : undefined;
  }

  #stored(tensor: StoredTensor): Constant {
    return storedConstant(tensor);
  }

  /** The value of a tensor; one that is known beforehand becomes an op once. */
  #valueOf(tensor: Known): ValueId {
    if (tensor.kind === 'flow') return tensor.value;
    if (tensor.made.value !== undefined) return tensor.made.value;
    const [first, ...others] = tensor.elements ?? [];
    const isUniform = typeof first === 'number' && others.every((element) => element === first);
    const added = this.#builder.add({
      name: tensor.name === '' ? 'constant' : tensor.name,
      label: 'initializer',
      attributes: { kind: 'constant', shape: tensor.shape, ...(isUniform && { value: first }) },
      inputs: [],
      parameters: parametersOf(tensor, 'other'),
    });
    const value = added.ok ? added.value[0] : undefined;
    if (value === undefined) throw new NotKnown('the tensor has no value');
    tensor.made.value = value;
    return value;
  }
}

/** A node's name, or that of what it gives: exporters leave names out. */
function nameOf({ name, outputs, operator }: StoredNode): string {
  return name !== '' ? name : (outputs[0] ?? operator);
}

function constantParameters(
  parameters: NonNullable<Emission['parameters']>,
): readonly { readonly id: string; readonly shape: readonly number[] }[] {
  return parameters.map(({ id, shape }) => ({
    id,
    shape: shape.filter((size): size is number => typeof size === 'number'),
  }));
}

/** A tensor of one element is a number of the computation; larger ones are weights, if their type is one of weights. */
function storedConstant({ name, shape, values, elementType }: StoredTensor, id = name): Constant {
  const count = shape.reduce((product, size) => product * size, 1);
  const isWeight = count > 1 && weightTypes.has(elementType);
  return constantOf(shape, values, isWeight ? [{ id, shape }] : [], id);
}

/**
 * A tensor that stands in a node of its own. Exporters write numbers of the computation so; only some old ones weights: what is
 * all the same number is none.
 */
function constantNode(node: StoredNode): Tensor {
  // Nodes may share a name; what they give has one of its own.
  const id = node.outputs[0] ?? nameOf(node);
  for (const [name, attribute] of node.attributes) {
    if (attribute.kind === 'tensor') {
      const { values = [] } = attribute.value;
      const isUniform = values.length > 0 && values.every((value) => value === values[0]);
      const constant = storedConstant(attribute.value, id);
      return isUniform ? { ...constant, stored: [] } : constant;
    }
    if (attribute.kind === 'number' && name.startsWith('value')) return constantOf([], [attribute.value], [], id);
    if (attribute.kind === 'numbers' && name.startsWith('value'))
      return constantOf([attribute.value.length], attribute.value, [], id);
  }
  return { kind: 'lost', reason: `the constant ${id} has a form that is not understood` };
}

/** All tensors stored in a graph and those inside it. */
function storedIn(graph: StoredGraph): readonly StoredTensor[] {
  const inner = graph.nodes.flatMap(({ attributes }) =>
    [...attributes.values()].flatMap((attribute) => (attribute.kind === 'graph' ? storedIn(attribute.value) : [])),
  );
  return [...graph.initializers, ...inner];
}
