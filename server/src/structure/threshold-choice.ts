// Thresholds after the fact: where the dead and the living channels part, and what another threshold would leave.

import type { StructureAnalysis } from './analyze-structure.ts';
import { rankChannels } from './channel-ranking.ts';

/** One bar of a histogram over [from, to). */
export interface HistogramBar {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** How r over threshold is spread; bars are equally wide on a logarithmic scale, the first takes all that is smaller. */
export function ratioHistogram(analysis: StructureAnalysis, regularization: Float64Array): readonly HistogramBar[] {
  const { sorted } = rankChannels(analysis, regularization);
  const perDecade = 4;
  const lowest = -3 * perDecade;
  const highest = 3 * perDecade;
  const counts = new Map<number, number>();
  for (const ratio of sorted) {
    const bar = ratio > 0 ? Math.max(lowest, Math.min(highest - 1, Math.floor(Math.log10(ratio) * perDecade))) : lowest;
    counts.set(bar, (counts.get(bar) ?? 0) + 1);
  }
  return Array.from({ length: highest - lowest }, (_, index) => ({
    from: index === 0 ? 0 : 10 ** ((lowest + index) / perDecade),
    to: 10 ** ((lowest + index + 1) / perDecade),
    count: counts.get(lowest + index) ?? 0,
  }));
}

/** The widest gap, as a factor, between neighbouring ratios; a threshold in its middle changes least with noise. */
export interface RatioGap {
  /** Both over the present threshold. */
  readonly below: number;
  readonly above: number;
  /** How many channels are below. */
  readonly dead: number;
}

/** Undefined with fewer than two channels, or when all are alike. A ratio under `floor` counts as it. */
export function widestGap(
  analysis: StructureAnalysis,
  regularization: Float64Array,
  floor = 1e-3,
): RatioGap | undefined {
  const { sorted } = rankChannels(analysis, regularization);
  let best: RatioGap | undefined;
  let widest = 1;
  for (let index = 1; index < sorted.length; index += 1) {
    const below = Math.max(floor, sorted[index - 1] ?? 0);
    const above = Math.max(floor, sorted[index] ?? 0);
    if (above / below <= widest) continue;
    widest = above / below;
    best = { below, above, dead: index };
  }
  return best;
}

/** The analysis at other thresholds, for regularization vectors that were kept. */
export function withThreshold(analysis: StructureAnalysis, factor: number): StructureAnalysis {
  const { options, program } = analysis;
  const { threshold } = options;
  const scaled =
    typeof threshold === 'number'
      ? threshold * factor
      : {
          gamma: threshold.gamma * factor,
          'group-lasso': threshold['group-lasso'] * factor,
          ...(threshold.gate !== undefined && { gate: threshold.gate * factor }),
        };
  return {
    ...analysis,
    options: { ...options, threshold: scaled },
    program: {
      ...program,
      sources: program.sources.map((source) => ({ ...source, threshold: Math.fround(source.threshold * factor) })),
      groupThresholds: program.groupThresholds.map((value) => value * factor),
    },
  };
}
