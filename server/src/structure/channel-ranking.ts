// Which channels would go first, and how far down the cut would have to lie for a given cost. Channels are ranked by
// their regularization over their group's threshold, so a ratio of 1 is the cut that is in force.

import type { StructureAnalysis } from './analyze-structure.ts';
import { costAtCounts } from './evaluate-regularizer.ts';

/** A ranking of the channels that may go, at one step. */
export interface ChannelRanking {
  /** r over threshold, by channel; infinite for channels that always stay. */
  readonly ratios: Float64Array;
  /** The finite ratios, ascending. */
  readonly sorted: Float64Array;
}

/** `kept` channels (by number) are ranked as if nothing could kill them. */
export function rankChannels(
  analysis: StructureAnalysis,
  regularization: Float64Array,
  kept: Iterable<number> = [],
): ChannelRanking {
  const { grouping, groups, program } = analysis;
  const ratios = new Float64Array(regularization.length).fill(Infinity);
  for (const group of groups) {
    if (group.fixed !== undefined) continue;
    const start = grouping.offsets[group.id] ?? 0;
    const threshold = Math.max(program.groupThresholds[group.id] ?? 1, Number.MIN_VALUE);
    for (let channel = start; channel < start + group.size; channel += 1) {
      ratios[channel] = (regularization[channel] ?? 0) / threshold;
    }
  }
  for (const channel of kept) ratios[channel] = Infinity;
  return { ratios, sorted: ratios.filter((ratio) => ratio < Infinity).sort() };
}

/** Alive channels of each group when the cut lies at this ratio. */
export function countsAtRatio(analysis: StructureAnalysis, { ratios }: ChannelRanking, cut: number): Int32Array {
  const counts = new Int32Array(analysis.groups.length);
  for (let channel = 0; channel < ratios.length; channel += 1) {
    if ((ratios[channel] ?? 0) > cut) {
      const group = analysis.grouping.groupOfChannel[channel] ?? 0;
      counts[group] = (counts[group] ?? 0) + 1;
    }
  }
  return counts;
}

/**
 * The lowest cut at which the cost is at most `target`: above 1 while the network is too expensive. Infinite when no cut
 * comes down to the target. The cost never rises with the cut, so the cuts are searched by halving.
 */
export function criticalRatio(analysis: StructureAnalysis, ranking: ChannelRanking, target: number): number {
  const { sorted } = ranking;
  const costAt = (cut: number): number => costAtCounts(analysis, countsAtRatio(analysis, ranking, cut));
  if (costAt(-1) <= target) return 0;
  let low = -1;
  let high = sorted.length - 1;
  if (high < 0 || costAt(sorted[high] ?? 0) > target) return Infinity;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (costAt(sorted[middle] ?? 0) <= target) high = middle;
    else low = middle;
  }
  return sorted[high] ?? 0;
}
