// Groups that a network can't do without: removing all their channels cuts every path from input to output.

import type { ChannelGrouping } from './channel-grouping.ts';
import { channelCounts, isCut } from './rebuild-graph.ts';

/** The ids of the groups without which nothing comes out. Fixed groups are left out: they never die. */
export function essentialGroups(grouping: ChannelGrouping): ReadonlySet<number> {
  const essential = new Set<number>();
  for (const { id, name, fixed } of grouping.groups) {
    if (fixed === undefined && isCut(grouping, channelCounts(grouping, new Map([[name, 0]])))) essential.add(id);
  }
  return essential;
}
