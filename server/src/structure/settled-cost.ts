// The cost once dead branches are really gone. The formula of spec 3 leaves the last layer of a dead branch its count,
// so where a whole group is dead the network is rebuilt and costed anew.

import type { StructureAnalysis } from './analyze-structure.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import { costAtCounts } from './evaluate-regularizer.ts';
import { compileProgram } from './regularizer-program.ts';
import { channelCounts, rebuildGraph } from './rebuild-graph.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { ResourceOptions } from './resource.ts';
import { scopeOf } from './scope.ts';

/** The cost of a network as it stands, in the units of the resource. Ops whose size is not known count nothing. */
export function networkCost(graph: NetworkGraph, options: ResourceOptions): number {
  const nothingToChoose = { algorithm: 'gamma', sources: [], groups: [], notices: [] } as const;
  const { program } = compileProgram(asItStands(graph), nothingToChoose, scopeOf(graph, {}, []).includes, {
    ...options,
    threshold: 0,
  });
  return costAtCounts({ groups: [], program }, []);
}

/** A network in which no channel can be told from another: all widths are constants. */
function asItStands(graph: NetworkGraph): ChannelGrouping {
  return {
    graph,
    mode: 'exact',
    groups: [],
    offsets: new Int32Array(1),
    groupOfChannel: new Int32Array(0),
    valueChannels: [],
    inScope: [],
    notices: [],
  };
}

/**
 * The cost of the network that these alive counts leave; 0 when they cut it. `formula` saves the sum where it is known
 * already. Without dead groups it is the formula's cost.
 */
export function settledCost(
  analysis: StructureAnalysis,
  aliveCounts: ArrayLike<number>,
  formula: number = costAtCounts(analysis, aliveCounts),
): number {
  if (!analysis.groups.some(({ id }) => aliveCounts[id] === 0)) return formula;
  const { grouping, groups, options } = analysis;
  const widths = new Map(groups.map(({ id, name }) => [name, aliveCounts[id] ?? 0]));
  const rebuilt = rebuildGraph(grouping, channelCounts(grouping, widths));
  return rebuilt.ok ? networkCost(rebuilt.value.graph, options) : 0;
}
