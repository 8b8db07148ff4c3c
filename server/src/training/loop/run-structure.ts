// The channel groups of an analysis as the dashboard reads them.

import type { NetworkGraph } from '../../network/network-graph.ts';
import type { RunStructure } from '../../protocol/run-files.ts';
import type { StructureAnalysis } from '../../structure/analyze-structure.ts';

const withWidth = new Set(['convolution', 'transposed-convolution', 'dense', 'embedding']);

/** Groups in the order of alive counts, each with the layers whose width it is. */
export function structureOf({ algorithm, groups }: StructureAnalysis, graph: NetworkGraph): RunStructure {
  return {
    version: 1,
    algorithm,
    groups: groups.map(({ name, size, members, fixed }) => {
      const ids = new Set(members.map(({ op }) => op));
      const layers = graph.ops.filter((op) => ids.has(op.id) && withWidth.has(op.attributes.kind)).map((op) => op.name);
      return { name, size, layers, ...(fixed && { fixed: fixed.reason }) };
    }),
  };
}
