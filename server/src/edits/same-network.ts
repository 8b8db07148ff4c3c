// Whether a generated module is just the network that it was written from. Its functions have other names there, so ops are
// compared place by place, and layers by the attributes that were given to them.

import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import { firstDifference } from './prove.ts';

/** The first difference in words, or undefined when the networks are the same. */
export function slimDifference(
  expected: NetworkGraph,
  actual: NetworkGraph,
  isNamedAfter: (written: string, name: string) => boolean,
): string | undefined {
  if (actual.unknowns.length > expected.unknowns.length) return actual.unknowns[0]?.reason;
  const renamed = actual.ops.map((op): Op => {
    const wanted = expected.ops[op.id];
    if (wanted === undefined) return op;
    const isSame =
      op.parameters.length === 0 || isNamedAfter(ownName(op), wanted.name) || sharesLayer(expected, wanted);
    return isSame ? { ...op, name: wanted.name } : op;
  });
  // Layers that are made and never called are left out of the module.
  return firstDifference({ ...expected, idle: [] }, { ...actual, ops: renamed });
}

/** A layer's second use has a name of its own in the network. */
function sharesLayer(graph: NetworkGraph, { id, parameters }: Op): boolean {
  const ids = new Set(parameters.map((parameter) => parameter.id));
  return graph.ops.some((other) => other.id < id && other.parameters.some((parameter) => ids.has(parameter.id)));
}

/** Where two layers would have the same attribute, the second has `_` behind its name. */
function ownName({ name }: Op): string {
  return name.replace(/_+$/, '');
}
