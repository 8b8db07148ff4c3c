// A functional model as the calls between its inputs and its outputs: its layers in Keras's order, and running it again.
// The order is that of `map_graph_network` in keras/src/ops/function.py: by depth from the outputs, then as found.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { unknown } from '../../evaluator/values.ts';
import type { InstanceValue, Machine, PyValue, TensorValue } from '../../evaluator/machine.ts';
import { mapArguments, mapTensors, nodeOf, tensorsGiven, tensorsOf, type CallNode } from './symbolic-tensors.ts';

export interface FunctionalGraph {
  readonly inputs: readonly TensorValue[];
  readonly outputs: PyValue;
  /** Calls in an order in which each comes behind those whose results it takes. */
  readonly calls: readonly CallNode[];
  /** The layers and operations, inputs included, in the order in which Keras lists them. */
  readonly operations: readonly InstanceValue[];
}

/** The graph between tensors; `isInput` tells an input layer. */
export function functionalGraph(inputs: readonly TensorValue[], outputs: PyValue): FunctionalGraph {
  const given = new Set(inputs.map((tensor) => nodeOf(tensor)?.value));
  const calls: CallNode[] = [];
  const seen = new Set<InstanceValue>();
  const found: InstanceValue[] = [];
  // Depth first with a stack of our own: published networks are hundreds of calls deep.
  const visit = (start: CallNode): void => {
    const stack: { readonly node: CallNode; readonly parents: readonly CallNode[]; next: number }[] = [];
    const open = (node: CallNode): void => {
      if (seen.has(node.value)) return;
      seen.add(node.value);
      if (!found.includes(node.callee)) found.push(node.callee);
      stack.push({ node, parents: given.has(node.value) ? [] : parentsOf(node), next: 0 });
    };
    open(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const parent = top.parents[top.next++];
      if (parent !== undefined) open(parent);
      else {
        calls.push(top.node);
        stack.pop();
      }
    }
  };
  for (const tensor of tensorsOf(outputs)) {
    const node = nodeOf(tensor);
    if (node) visit(node);
  }
  return { inputs, outputs, calls, operations: inOrder(inputs, calls, found, given) };
}

function parentsOf({ args }: CallNode): readonly CallNode[] {
  return tensorsGiven(args).flatMap((tensor) => nodeOf(tensor) ?? []);
}

function inOrder(
  inputs: readonly TensorValue[],
  calls: readonly CallNode[],
  found: readonly InstanceValue[],
  given: ReadonlySet<InstanceValue | undefined>,
): readonly InstanceValue[] {
  const depthOfCall = new Map<InstanceValue, number>();
  const depthOf = new Map<InstanceValue, number>();
  for (const node of calls.toReversed()) {
    const depth = Math.max(depthOfCall.get(node.value) ?? 0, depthOf.get(node.callee) ?? 0);
    depthOf.set(node.callee, depth);
    depthOfCall.set(node.value, depth);
    if (given.has(node.value)) continue;
    for (const parent of parentsOf(node))
      depthOfCall.set(parent.value, Math.max(depth + 1, depthOfCall.get(parent.value) ?? 0));
  }
  const all = [...found];
  for (const tensor of inputs) {
    const callee = nodeOf(tensor)?.callee;
    if (callee === undefined || depthOf.has(callee)) continue;
    depthOf.set(callee, 0);
    all.push(callee);
  }
  const place = new Map(all.map((operation, i) => [operation, i]));
  return all.toSorted(
    (one, other) =>
      (depthOf.get(other) ?? 0) - (depthOf.get(one) ?? 0) || (place.get(one) ?? 0) - (place.get(other) ?? 0),
  );
}

/** Runs the calls of a functional model on other tensors. */
export function runGraph(
  machine: Machine,
  graph: FunctionalGraph,
  given: readonly TensorValue[],
  span: SourceSpan,
): PyValue {
  if (given.length !== graph.inputs.length)
    return machine.raise(
      'ValueError',
      `the model has ${String(graph.inputs.length)} inputs but is given ${String(given.length)}`,
      span,
    );
  const values = new Map<TensorValue, PyValue>(graph.inputs.map((tensor, i) => [tensor, given[i] ?? tensor]));
  const missing = unknown('What this model is given does not reach this tensor', span);
  const replace = (tensor: TensorValue): PyValue =>
    nodeOf(tensor) === undefined ? tensor : (values.get(tensor) ?? missing);
  for (const node of graph.calls) {
    const made = tensorsOf(node.result);
    if (made.every((tensor) => values.has(tensor))) continue;
    machine.tick(span);
    const result = machine.call(node.callee, mapArguments(node.args, replace), node.span);
    const results = tensorsOf(result);
    for (const [i, tensor] of made.entries())
      values.set(tensor, results[i] ?? (result.kind === 'tensor' ? missing : result));
  }
  return mapTensors(graph.outputs, replace);
}
