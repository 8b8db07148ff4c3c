// How little of its cost a network can keep: with one channel left of all that can get narrower. On a device that takes its time
// to start a kernel, that is no small part of it.

import type { StructureAnalysis } from './analyze-structure.ts';
import { costAtCounts, seedCost } from './evaluate-regularizer.ts';
import { settledCost } from './settled-cost.ts';

export interface ReachableShare {
  /** Of the seed's cost, with one channel in each group. */
  readonly share: number;
  /** Whether a whole group may die without cutting the network, so that less can remain. */
  readonly canLoseBranches: boolean;
}

/** What remains at the least. Costs as many rebuilt networks as there are groups where none of them may die. */
export function reachableShare(analysis: StructureAnalysis): ReachableShare {
  const ones = analysis.groups.map(() => 1);
  const share = costAtCounts(analysis, ones) / seedCost(analysis);
  const canLoseBranches = analysis.groups.some((_, index) => settledCost(analysis, ones.with(index, 0)) > 0);
  return { share, canLoseBranches };
}
