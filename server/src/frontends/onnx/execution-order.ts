// The order in which nodes have their inputs. Files keep it as a rule; nothing relies on that.

import type { StoredNode } from './model-file.ts';

export interface ExecutionOrder {
  readonly order: readonly StoredNode[];
  /** A node that waits for itself; those that hang on it are in no order. */
  readonly circle?: StoredNode;
}

export function inExecutionOrder(nodes: readonly StoredNode[]): ExecutionOrder {
  const producers = new Map(
    nodes.flatMap((node) => node.outputs.filter((name) => name !== '').map((name) => [name, node])),
  );
  const waiting = new Map<StoredNode, number>();
  const readers = new Map<StoredNode, StoredNode[]>();
  for (const node of nodes) {
    const needed = new Set(
      namesReadBy(node).flatMap((name) => {
        const producer = producers.get(name);
        return producer === undefined ? [] : [producer];
      }),
    );
    waiting.set(node, needed.size);
    for (const producer of needed) {
      const known = readers.get(producer);
      if (known === undefined) readers.set(producer, [node]);
      else known.push(node);
    }
  }
  const order = nodes.filter((node) => waiting.get(node) === 0);
  for (const node of order) {
    for (const reader of readers.get(node) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) order.push(reader);
    }
  }
  const circle = nodes.find((node) => (waiting.get(node) ?? 0) > 0);
  return { order: isSorted(nodes, producers) ? nodes : order, ...(circle && { circle }) };
}

/** Whether each node stands behind those that it reads: then the file's own order is the one that people know. */
function isSorted(nodes: readonly StoredNode[], producers: ReadonlyMap<string, StoredNode>): boolean {
  const seen = new Set<StoredNode>();
  for (const node of nodes) {
    for (const name of namesReadBy(node)) {
      const producer = producers.get(name);
      if (producer !== undefined && !seen.has(producer)) return false;
    }
    seen.add(node);
  }
  return true;
}

/** Names that a node reads itself, and those that graphs inside it take from around them. */
function namesReadBy({ inputs, attributes }: StoredNode): readonly string[] {
  const inner = [...attributes.values()].flatMap((attribute) => {
    if (attribute.kind !== 'graph') return [];
    const { nodes, outputs } = attribute.value;
    return [...nodes.flatMap(namesReadBy), ...outputs.map(({ name }) => name)];
  });
  return [...inputs, ...inner];
}
