// Runs a TensorFlow graph on shapes, node by node in an order in which each has what it takes. What a node does not tell is
// unknown from there on.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { Op, OpAttributes, Parameter, ParameterRole, ValueId } from '../../network/op.ts';
import { elementCount, type Shape } from '../../network/shape.ts';
import { limitMessage, type EvaluationLimits, type FileBytes } from '../shared/frontend.ts';
import { numbersOf, typeOf, type GraphFile, type GraphNode, type NodeOutput } from './graph-file.ts';
import { NodeRefused, type NodeCall, type NodeValue } from './node-call.ts';
import { nodeRows } from './node-table.ts';

/** Nodes that only choose, count or keep lists: what they do depends on what the graph is fed. */
const mostReasons = 20;

export class GraphReader {
  readonly #file: GraphFile;
  readonly #entry: ModelEntry;
  readonly #limits: EvaluationLimits;
  readonly #cancellation: Cancellation;
  readonly #report: (problem: Problem) => void;
  readonly #open: (file: string) => FileBytes | undefined;
  readonly #builder = new GraphBuilder();
  readonly #known = new Map<string, readonly NodeValue[]>();
  /** Stored weights that became tensors of their own, by name. */
  readonly #constants = new Map<string, ValueId>();
  readonly #reasons = new Set<string>();

  constructor(
    file: GraphFile,
    entry: ModelEntry,
    limits: EvaluationLimits,
    cancellation: Cancellation,
    open: (file: string) => FileBytes | undefined,
    report: (problem: Problem) => void,
  ) {
    this.#file = file;
    this.#entry = entry;
    this.#limits = limits;
    this.#cancellation = cancellation;
    this.#open = open;
    this.#report = report;
  }

  read(placeholders: readonly GraphNode[]): NetworkGraph {
    for (const [i, node] of placeholders.entries()) {
      const shape: Shape = [1, ...(this.#entry.input.shapes[i] ?? [])];
      this.#known.set(node.name, [
        this.#add(node, { kind: 'input', shape, ...(shape.length > 2 && { channelAxis: -1 }) }, []),
      ]);
    }
    const order = inOrder(this.#file.nodes);
    for (const node of order.nodes) {
      if (this.#known.has(node.name)) continue;
      if (this.#isStopped(node)) break;
      this.#known.set(node.name, this.#run(node));
    }
    if (order.circle !== undefined) {
      const message = `${order.circle.name} (${order.circle.operation}) stands in a circle of nodes; it and what follows are not read`;
      this.#lose(order.circle, message);
    }
    const outputs = (this.#file.outputs.length > 0 ? this.#file.outputs : looseEnds(this.#file.nodes)).flatMap(
      ({ node, output }) => this.#known.get(node)?.[output]?.tensor ?? [],
    );
    return this.#builder.build('tensorflow-js', this.#entry, [...new Set(outputs)]);
  }

  #isStopped(node: GraphNode): boolean {
    if (this.#cancellation.isCancellationRequested) {
      this.#builder.addUnknown({ reason: 'reading was cancelled', span: node.span });
      return true;
    }
    if (this.#builder.opCount < this.#limits.ops) return false;
    const what = `The network has more than ${this.#limits.ops.toLocaleString('en')} operations`;
    this.#lose(node, limitMessage('limit-ops', what));
    return true;
  }

  #lose(node: GraphNode, message: string): void {
    this.#report({ code: 'tensorflow-graph', severity: 'warning', message, span: node.span });
    this.#builder.addUnknown({ reason: message, span: node.span });
  }

  #run(node: GraphNode): readonly NodeValue[] {
    if (node.operation === 'Const') return this.#constant(node);
    if (node.operation === 'NoOp') return [];
    const row = nodeRows.get(node.operation);
    const inputs = node.inputs.flatMap((input) => this.#valueOf(input) ?? []);
    const restore = this.#builder.moment();
    try {
      if (row === undefined) throw new NodeRefused(`the operation ${node.operation} is not modelled`);
      if (inputs.length < node.inputs.length) throw new NodeRefused('it takes what is not there');
      return row(this.#call(node, inputs));
    } catch (error) {
      if (!(error instanceof NodeRefused)) throw error;
      restore();
      this.#forgetUndone();
      return this.#opaque(node, inputs, error.message);
    }
  }

  #valueOf({ node, output }: NodeOutput): NodeValue | undefined {
    const outputs = this.#known.get(node);
    return outputs?.[output] ?? outputs?.[0];
  }

  /** Tensors of weights that were made for a node which was then taken back. */
  #forgetUndone(): void {
    for (const [name, value] of this.#constants) if (!this.#builder.holds(value)) this.#constants.delete(name);
  }

  #constant(node: GraphNode): readonly NodeValue[] {
    const weight = this.#file.weights.get(node.name);
    if (weight === undefined) return this.#opaque(node, [], 'the manifest does not list this constant');
    const numbers = numbersOf(weight, this.#open);
    return [{ shape: weight.shape, weight, ...(numbers && { numbers }) }];
  }

  #call(node: GraphNode, inputs: readonly NodeValue[]): NodeCall {
    return {
      node,
      inputs,
      tensor: (input) => this.#tensorOf(node, input),
      weight: (input, shape, role) => this.#weightOf(input, shape, role),
      emit: (attributes, given, { weights = [], part } = {}) => this.#add(node, attributes, given, weights, part),
    };
  }

  #tensorOf(node: GraphNode, { tensor, weight, shape, numbers }: NodeValue): ValueId {
    if (tensor !== undefined) return tensor;
    const known = weight && this.#constants.get(weight.name);
    if (known !== undefined) return known;
    const [value] = numbers ?? [];
    const alike = numbers?.every((each) => each === value) === true && value !== undefined ? { value } : {};
    const isTrained = weight?.type === 'float32' && (elementCount(weight.shape) ?? 0) > 1;
    const made = this.#builder.add({
      name: weight?.name ?? `${node.name}/constant`,
      label: 'Const',
      attributes: { kind: 'constant', shape, ...alike },
      inputs: [],
      parameters: isTrained ? [{ id: weight.name, role: 'other', shape }] : [],
      site: { span: node.span, callChain: [] },
    });
    const id = made.ok ? made.value[0] : undefined;
    if (id === undefined) throw new Error('A constant always fits');
    if (weight !== undefined) this.#constants.set(weight.name, id);
    return id;
  }

  #weightOf({ weight, tensor }: NodeValue, shape: Shape, role: ParameterRole): Parameter | undefined {
    if (weight !== undefined) return { id: weight.name, role, shape };
    throw new NodeRefused(tensor === undefined ? 'its weight is not stored' : 'its weight is computed by the graph');
  }

  #add(
    node: GraphNode,
    attributes: OpAttributes,
    inputs: readonly ValueId[],
    weights: readonly (Parameter | undefined)[] = [],
    part?: string,
  ): NodeValue {
    const added = this.#builder.add({
      name: part === undefined ? node.name : `${node.name}/${part}`,
      label: node.operation,
      attributes,
      inputs,
      parameters: weights.filter((weight) => weight !== undefined),
      site: { span: node.span, callChain: [] },
    });
    if (!added.ok) throw new NodeRefused(added.error);
    const [tensor] = added.value;
    return tensor === undefined ? { shape: [] } : { shape: this.#builder.shapeOf(tensor), tensor };
  }

  /** Nothing is known of what the node gives. */
  #opaque(node: GraphNode, inputs: readonly NodeValue[], why: string): readonly NodeValue[] {
    const reason = `${node.operation}: ${why}`;
    if (!this.#reasons.has(reason) && this.#reasons.size < mostReasons) {
      const message = `${node.name} (${node.operation}): ${why}; what it costs and gives is not known`;
      this.#report({ code: 'tensorflow-graph', severity: 'warning', message, span: node.span });
    }
    this.#reasons.add(reason);
    const rank = inputs.find(({ tensor }) => tensor !== undefined)?.shape.length ?? 1;
    const shape: Shape = Array.from({ length: rank }, () => ({ kind: 'unknown', reason, span: node.span }));
    const isShapeOnly = inputs.every(({ tensor }) => tensor === undefined) && typeOf(node, 'T') === 'DT_INT32';
    const attributes: Op['attributes'] = { kind: 'opaque', operation: node.operation, reason: why, shapes: [shape] };
    const tensors = isShapeOnly ? [] : inputs.flatMap(({ tensor }) => tensor ?? []);
    return [this.#add(node, attributes, tensors)];
  }
}

/** Nodes behind what they take; a graph with a circle has one that is named. */
function inOrder(nodes: readonly GraphNode[]): { readonly nodes: readonly GraphNode[]; readonly circle?: GraphNode } {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const taken = nodes.map((node) => new Set(node.inputs.flatMap(({ node: name }) => (byName.has(name) ? [name] : []))));
  const left = new Map(nodes.map((node, i) => [node.name, taken[i]?.size ?? 0]));
  const takers = new Map<string, GraphNode[]>();
  for (const [i, node] of nodes.entries())
    for (const name of taken[i] ?? []) {
      const known = takers.get(name);
      if (known === undefined) takers.set(name, [node]);
      else known.push(node);
    }
  const ready = nodes.filter((node) => left.get(node.name) === 0);
  // Grows as it is gone through.
  for (const node of ready)
    for (const taker of takers.get(node.name) ?? []) {
      const rest = (left.get(taker.name) ?? 0) - 1;
      left.set(taker.name, rest);
      if (rest === 0) ready.push(taker);
    }
  const done = new Set(ready);
  const circle = nodes.find((node) => !done.has(node));
  return { nodes: ready, ...(circle && { circle }) };
}

/** What no node takes. */
function looseEnds(nodes: readonly GraphNode[]): readonly NodeOutput[] {
  const taken = new Set(nodes.flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  return nodes.filter(({ name }) => !taken.has(name)).map(({ name }) => ({ node: name, output: 0 }));
}
