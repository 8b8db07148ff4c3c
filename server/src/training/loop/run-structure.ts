// The channel groups of an analysis as the dashboard reads them.

import type { NetworkGraph } from '../../network/network-graph.ts';
import { hasOwnWidth } from '../../network/op-traits.ts';
import type { RunStructure } from '../../protocol/run-files.ts';
import type { StructureAnalysis } from '../../structure/analyze-structure.ts';

/** Groups in the order of alive counts, each with the layers whose width it is. */
export function structureOf({ algorithm, groups }: StructureAnalysis, graph: NetworkGraph): RunStructure {
  return {
    version: 1,
    algorithm,
    groups: groups.map(({ name, size, members, fixed }) => {
      const ids = new Set(members.map(({ op }) => op));
      const layers = graph.ops.filter((op) => ids.has(op.id) && hasOwnWidth(op)).map((op) => op.name);
      return { name, size, layers, ...(fixed && { fixed: fixed.reason }) };
    }),
  };
}
