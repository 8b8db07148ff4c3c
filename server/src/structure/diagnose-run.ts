// Why counts do not move (spec 8: the largest class of user questions): what a run's history says about the strength, the
// threshold, blocked layers and the learning rate, in words and with the numbers.

import type { ChannelGroup } from './channel-group.ts';
import type { StructureAnalysis } from './analyze-structure.ts';
import { rankChannels } from './channel-ranking.ts';
import type { RegularizerEvaluation } from './evaluate-regularizer.ts';

/** What is kept of a step. Ratios are r over threshold. */
export interface HistorySample {
  readonly step: number;
  readonly strength: number;
  readonly learningRate: number;
  /** The task's loss, and strength times the regularization term. */
  readonly loss: number;
  readonly regularization: number;
  readonly cost: number;
  readonly aliveCounts: readonly number[];
  readonly lowestRatio: number;
  readonly medianRatio: number;
  /** By group: standard deviation of r over its mean; 0 for groups that can't change. */
  readonly spreads: readonly number[];
}

/** The sample of a step. */
export function sampleOf(
  analysis: StructureAnalysis,
  evaluation: RegularizerEvaluation,
  at: Pick<HistorySample, 'step' | 'strength' | 'learningRate' | 'loss'>,
): HistorySample {
  const { sorted } = rankChannels(analysis, evaluation.regularization);
  return {
    ...at,
    regularization: at.strength * evaluation.loss,
    cost: evaluation.cost,
    aliveCounts: [...evaluation.aliveCounts],
    lowestRatio: sorted[0] ?? Infinity,
    medianRatio: sorted[sorted.length >> 1] ?? Infinity,
    spreads: analysis.groups.map((group) => spreadOf(analysis, evaluation, group)),
  };
}

function spreadOf(
  { grouping }: StructureAnalysis,
  { regularization }: RegularizerEvaluation,
  group: ChannelGroup,
): number {
  if (group.fixed !== undefined || group.size < 2) return 0;
  const start = grouping.offsets[group.id] ?? 0;
  const values = regularization.subarray(start, start + group.size);
  const mean = values.reduce((sum, r) => sum + r, 0) / values.length;
  const variance = values.reduce((sum, r) => sum + (r - mean) ** 2, 0) / values.length;
  return mean === 0 ? 0 : Math.sqrt(variance) / mean;
}

export type DiagnosisCode =
  | 'too-early'
  | 'no-strength'
  | 'strength-too-small'
  | 'threshold-out-of-reach'
  | 'learning-rate-decayed'
  | 'lock-step'
  | 'layers-blocked'
  | 'counts-move';

/** One reason, most telling first. */
export interface Diagnosis {
  readonly code: DiagnosisCode;
  readonly message: string;
}

/** Samples that a diagnosis needs. */
const fewest = 3;
/** A regularization below this share of the task's loss hardly pulls. */
const smallShare = 0.01;
/** A learning rate that fell to this share of its largest has all but stopped. */
const decayedShare = 0.1;
/** Scales that differ by less than this go down together. */
const lockStepSpread = 1e-3;

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;

/**
 * Says why alive counts have not changed, or that they have. `stepsLeft` is how many steps the run still has. Samples are in
 * the order of their steps.
 */
export function diagnoseRun(
  analysis: StructureAnalysis,
  history: readonly HistorySample[],
  stepsLeft: number,
): readonly Diagnosis[] {
  const [first] = history;
  const last = history.at(-1);
  if (first === undefined || last === undefined || history.length < fewest || first.step === last.step) {
    return [{ code: 'too-early', message: 'There are too few steps to say why no channel has died' }];
  }
  if (last.aliveCounts.some((count, group) => count !== first.aliveCounts[group])) {
    return [{ code: 'counts-move', message: `The cost has gone from ${String(first.cost)} to ${String(last.cost)}` }];
  }
  const found = [
    strengthDiagnosis(history, last),
    reachDiagnosis(first, last, stepsLeft),
    rateDiagnosis(history, last),
    lockStepDiagnosis(analysis, last),
    blockedDiagnosis(analysis),
  ].filter((diagnosis) => diagnosis !== undefined);
  return found.length > 0
    ? found
    : [
        {
          code: 'too-early',
          message: `No channel is at its threshold yet: the smallest is at ${last.lowestRatio.toPrecision(3)} times it, and falling`,
        },
      ];
}

function strengthDiagnosis(history: readonly HistorySample[], last: HistorySample): Diagnosis | undefined {
  if (history.every(({ strength }) => strength === 0)) {
    return { code: 'no-strength', message: 'The strength is 0, so nothing is regularised' };
  }
  const share = last.regularization / Math.max(last.loss, Number.MIN_VALUE);
  if (last.strength === 0 || share >= smallShare) return undefined;
  const factor = (smallShare * 10) / share;
  return {
    code: 'strength-too-small',
    message:
      `The strength ${last.strength.toPrecision(3)} is too small: the regularization is ${percent(share)} of the loss. ` +
      `About ${(last.strength * factor).toPrecision(2)} would make it a tenth`,
  };
}

/** The smallest channel's way to the threshold at its speed so far. */
function reachDiagnosis(first: HistorySample, last: HistorySample, stepsLeft: number): Diagnosis | undefined {
  const speed = (first.lowestRatio - last.lowestRatio) / (last.step - first.step);
  if (last.lowestRatio <= 1) return undefined;
  const stand = `the smallest channel is at ${last.lowestRatio.toPrecision(3)} times the threshold`;
  if (speed <= 0) {
    return {
      code: 'threshold-out-of-reach',
      message: `The threshold is never reached: ${stand} and does not come down`,
    };
  }
  const needed = (last.lowestRatio - 1) / speed;
  if (needed <= stepsLeft) return undefined;
  return {
    code: 'threshold-out-of-reach',
    message: `The threshold is not reached in time: ${stand}, and at its speed it needs ${String(Math.ceil(needed))} more steps while ${String(stepsLeft)} are left`,
  };
}

function rateDiagnosis(history: readonly HistorySample[], last: HistorySample): Diagnosis | undefined {
  const highest = Math.max(...history.map(({ learningRate }) => learningRate));
  if (last.learningRate > decayedShare * highest) return undefined;
  return {
    code: 'learning-rate-decayed',
    message: `The learning rate has fallen from ${String(highest)} to ${String(last.learningRate)}, so scales hardly move; a constant one is better while the structure is learned`,
  };
}

/** Groups whose channels are all alike: they can only go all at once. */
function lockStepDiagnosis({ groups }: StructureAnalysis, last: HistorySample): Diagnosis | undefined {
  const alike = groups.filter(
    ({ id, fixed, size }) => fixed === undefined && size > 1 && (last.spreads[id] ?? 0) < lockStepSpread,
  );
  if (alike.length === 0) return undefined;
  return {
    code: 'lock-step',
    message: `All channels of ${alike.map(({ name }) => name).join(', ')} are equally large, so none falls behind; train some steps without regularization first, or start scales with noise`,
  };
}

function blockedDiagnosis({ groups }: StructureAnalysis): Diagnosis | undefined {
  const blocked = groups.filter(({ fixed }) => fixed?.kind === 'blocked' || fixed?.kind === 'no-source');
  const channels = blocked.reduce((sum, { size }) => sum + size, 0);
  const free = groups.filter(({ fixed }) => fixed === undefined).reduce((sum, { size }) => sum + size, 0);
  if (channels <= free) return undefined;
  const reasons = [...new Set(blocked.map(({ name, fixed }) => `${name}: ${fixed?.reason ?? ''}`))];
  return {
    code: 'layers-blocked',
    message: `${percent(channels / (channels + free))} of the channels can't go. ${reasons.slice(0, 3).join('; ')}`,
  };
}
