// The ops that the reference counts: those connected to a source by any path, but for what lies behind a leaf op (spec 4.1).

import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, OpId } from '../network/op.ts';
import type { RegularizerSource } from './channel-group.ts';

function isLeaf(op: Op): boolean {
  switch (op.attributes.kind) {
    case 'reshape':
    case 'slice':
    case 'space-to-depth':
    case 'input':
    case 'constant':
      return true;
    default:
      return false;
  }
}

/** Indexed by op id. */
export function connectedOps(
  graph: NetworkGraph,
  inScope: readonly boolean[],
  sources: readonly RegularizerSource[],
): readonly boolean[] {
  const reached = graph.ops.map(() => false);
  const open: OpId[] = sources.map(({ op }) => op);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached[id] === true || inScope[id] !== true) continue;
    reached[id] = true;
    const op = opOf(graph, id);
    if (!isLeaf(op)) open.push(...op.inputs.map((value) => valueOf(graph, value).producer));
    open.push(...op.outputs.flatMap((value) => valueOf(graph, value).consumers));
  }
  return reached;
}
