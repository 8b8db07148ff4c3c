// Finds the strength while the network trains, so that a target cost is reached: a plan for the channel that has to die
// last, and a controller that keeps to it. Pure arithmetic on what the regularizer reports; its state survives JSON.
//
// 1. Warm-up (the first tenth of the steps): no regularization. Scales that start alike get time to differ.
// 2. Shrinking: let x be the critical ratio: how many thresholds above 0 the cut would have to lie for the target cost
//    (channel-ranking.ts). The target is reached when x is 1. The plan takes x down in a straight line until six tenths
//    of the steps are done. The strength starts at 1 over the seed's cost and is multiplied in each step by
//    exp(2ω·Δe + ω²·e/n): e is how far x lies above the plan, as a share of the whole way, and n the planned number of
//    steps. Where the channels move at the planned speed, that is a critically damped loop which settles in about n/ω
//    steps; where they don't move yet, the strength grows until they do.
// 3. Hold: at the first step whose cost is at most the target, or when seven tenths of the steps are done, the structure is
//    decided: the highest-ranked channels that fit under the target. From then on only the others are regularized, and
//    the decided channels are what counts as alive; so neither noise nor what the others do moves the cost any more.
//
// Below its threshold a channel is regularized in proportion to what is left of it: full force would throw it back and
// forth across 0. The last channels of a layer whose death would cut the network are left alone in every phase.

import type { OpId } from '../network/op.ts';
import type { StructureAnalysis } from './analyze-structure.ts';
import { countsAtRatio, criticalRatio, rankChannels, type ChannelRanking } from './channel-ranking.ts';
import { seedCost, type RegularizerEvaluation } from './evaluate-regularizer.ts';
import { essentialGroups } from './essential-groups.ts';
import { settledCost } from './settled-cost.ts';

export interface StrengthOptions {
  /** The share of the seed's cost to come to, above 0 and below 1. */
  readonly fraction: number;
  readonly totalSteps: number;
  /** The strength that shrinking starts with; 1 / seed cost when absent. */
  readonly initialStrength?: number;
  /** Channels that a layer on which the network depends keeps at least; 1 when absent. */
  readonly minimumWidth?: number;
}

type StrengthPhase = 'warm-up' | 'shrink' | 'hold';

/** All that a controller remembers. */
export interface StrengthState {
  readonly version: 1;
  readonly phase: StrengthPhase;
  readonly strength: number;
  /** Where shrinking began: its step and the critical ratio. */
  readonly start: { readonly step: number; readonly ratio: number } | undefined;
  /** The smoothed critical ratio and the error of the last step. */
  readonly ratio: number;
  readonly error: number;
  /** The decided channels, from `hold` on. */
  readonly kept: readonly number[] | undefined;
  readonly isForced: boolean;
}

/** What to do in a step. */
export interface StrengthDecision {
  readonly phase: StrengthPhase;
  readonly strength: number;
  /** d (strength · loss) / d r for each source op, for the engine. */
  readonly coefficients: ReadonlyMap<OpId, Float32Array>;
  /** 1 for each channel that is alive: above its threshold, or, once the structure is decided, part of it. */
  readonly alive: Uint8Array;
  /** Whether the structure was decided by rank because the channels did not get to their thresholds in time. */
  readonly isForced: boolean;
}

/** 1 / cost: the middle of the range in which strengths are usually found (spec 1.2). */
export function suggestedStrength(cost: number): number {
  return cost > 0 ? 1 / cost : 0;
}

/** The coefficients of a constant strength. */
export function scaledGradients(
  gradients: ReadonlyMap<OpId, Float32Array>,
  strength: number,
): ReadonlyMap<OpId, Float32Array> {
  return new Map([...gradients].map(([op, gradient]) => [op, gradient.map((slope) => strength * slope)]));
}

const warmUpShare = 0.1;
const shrinkShare = 0.6;
/** When the structure is decided at the latest. */
const deadlineShare = 0.7;
/** ω of the loop, in planned durations. */
const stiffness = 20;
/** The plan aims below 1, so that the last channels still move when they get there. */
const planEnd = 0.5;
/** Share of the new value in the smoothed critical ratio. */
const smoothing = 0.2;
/** The strength changes by at most this factor in a step, and stays within this range of its first value. */
const fastest = Math.log(1.25);
const widest = Math.log(1e4);
/** What may be left of the target, as a share of the seed's cost, before smaller channels are looked for to fill it. */
const slack = 0.001;

const initial: StrengthState = {
  version: 1,
  phase: 'warm-up',
  strength: 0,
  start: undefined,
  ratio: 0,
  error: 0,
  kept: undefined,
  isForced: false,
};

export class StrengthController {
  readonly #analysis: StructureAnalysis;
  readonly #options: StrengthOptions;
  readonly #target: number;
  readonly #initialStrength: number;
  readonly #essential: ReadonlySet<number>;
  #state: StrengthState;

  /** `state` continues an interrupted run. */
  constructor(analysis: StructureAnalysis, options: StrengthOptions, state: StrengthState = initial) {
    const seed = seedCost(analysis);
    this.#analysis = analysis;
    this.#options = options;
    this.#target = seed * options.fraction;
    this.#initialStrength = options.initialStrength ?? suggestedStrength(seed);
    this.#essential = essentialGroups(analysis.grouping);
    this.#state = state;
  }

  /** For a checkpoint. */
  get state(): StrengthState {
    return this.#state;
  }

  /** The decision for the step that starts from `evaluation`; steps are counted from 0. */
  next(evaluation: RegularizerEvaluation, step: number): StrengthDecision {
    const last = this.#lastChannels(evaluation);
    if (this.#state.kept === undefined) {
      this.#advance(evaluation, rankChannels(this.#analysis, evaluation.regularization, last), step);
    }
    const { phase, strength, kept, isForced } = this.#state;
    const staying = kept === undefined ? last : new Set(kept);
    const coefficients = this.#coefficients(evaluation, staying);
    return { phase, strength, coefficients, alive: this.#alive(evaluation, staying, kept !== undefined), isForced };
  }

  #advance(evaluation: RegularizerEvaluation, ranking: ChannelRanking, step: number): void {
    const { totalSteps } = this.#options;
    const counts = countsAtRatio(this.#analysis, ranking, 1);
    const isReached = settledCost(this.#analysis, this.#withFixed(counts)) <= this.#target;
    if (isReached || step >= deadlineShare * totalSteps) {
      this.#state = {
        ...this.#state,
        phase: 'hold',
        kept: this.#decide(this.#withEssential(evaluation, ranking)),
        isForced: !isReached,
      };
      return;
    }
    if (step < warmUpShare * totalSteps) return;
    const raw = Math.min(criticalRatio(this.#analysis, ranking, this.#target), ranking.sorted.at(-1) ?? 1);
    const before = this.#state;
    const start = before.start ?? { step, ratio: Math.max(raw, 1 + planEnd) };
    const ratio = before.start === undefined ? raw : before.ratio + smoothing * (raw - before.ratio);
    const duration = Math.max(1, shrinkShare * totalSteps - start.step);
    const done = Math.min(1, (step - start.step) / duration);
    const planned = start.ratio + done * (planEnd - start.ratio);
    const error = (ratio - planned) / (start.ratio - planEnd);
    const strength = before.start === undefined ? this.#initialStrength : before.strength;
    const push = 2 * stiffness * (error - before.error) + (stiffness ** 2 * error) / duration;
    const exponent = Math.log(strength / this.#initialStrength) + Math.max(-fastest, Math.min(fastest, push));
    this.#state = {
      ...before,
      phase: 'shrink',
      strength: this.#initialStrength * Math.exp(Math.max(-widest, Math.min(widest, exponent))),
      start,
      ratio,
      error,
    };
  }

  /** The ranking in which the largest channel of each group that the network can't do without stays whatever the cut. */
  #withEssential({ regularization }: RegularizerEvaluation, ranking: ChannelRanking): ChannelRanking {
    const { grouping, groups } = this.#analysis;
    const kept = [...ranking.ratios.keys()].filter((channel) => ranking.ratios[channel] === Infinity);
    const largest = [...this.#essential].flatMap((id) => {
      const group = groups[id];
      if (group === undefined || group.fixed !== undefined) return [];
      const start = grouping.offsets[id] ?? 0;
      let best = start;
      for (let channel = start; channel < start + group.size; channel += 1) {
        if ((ranking.ratios[channel] ?? 0) > (ranking.ratios[best] ?? 0)) best = channel;
      }
      return [best];
    });
    return rankChannels(this.#analysis, regularization, [...kept, ...largest]);
  }

  /**
   * The highest-ranked channels whose network costs at most the target, then further ones by rank as they fit: a wide
   * layer's last channel may cost more than what is left where a narrow one's does not.
   */
  #decide(ranking: ChannelRanking): readonly number[] {
    const cut = criticalRatio(this.#analysis, ranking, this.#target);
    const channels = [...ranking.ratios.keys()];
    const ratioOf = (channel: number): number => ranking.ratios[channel] ?? 0;
    const kept = channels.filter((channel) => ratioOf(channel) > cut);
    const counts = this.#withFixed(countsAtRatio(this.#analysis, ranking, cut));
    const others = channels.filter((channel) => ratioOf(channel) <= cut);
    others.sort((left, right) => ratioOf(right) - ratioOf(left) || left - right);
    const seed = this.#target / this.#options.fraction;
    for (const channel of others) {
      if (settledCost(this.#analysis, counts) > this.#target - slack * seed) break;
      const group = this.#analysis.grouping.groupOfChannel[channel] ?? 0;
      counts[group] = (counts[group] ?? 0) + 1;
      if (settledCost(this.#analysis, counts) <= this.#target) kept.push(channel);
      else counts[group] -= 1;
    }
    return kept.sort((left, right) => left - right);
  }

  /** Channels of essential groups that are down to their minimum: the largest ones. */
  #lastChannels({ aliveCounts, regularization }: RegularizerEvaluation): ReadonlySet<number> {
    const { grouping, groups } = this.#analysis;
    const minimum = this.#options.minimumWidth ?? 1;
    const last = new Set<number>();
    for (const id of this.#essential) {
      const group = groups[id];
      if (group === undefined || group.fixed !== undefined || (aliveCounts[id] ?? 0) > minimum) continue;
      const start = grouping.offsets[id] ?? 0;
      const channels = Array.from({ length: group.size }, (_, index) => start + index);
      channels.sort((left, right) => (regularization[right] ?? 0) - (regularization[left] ?? 0) || left - right);
      for (const channel of channels.slice(0, minimum)) last.add(channel);
    }
    return last;
  }

  /** Counts with those of the groups that can't change. */
  #withFixed(counts: Int32Array): Int32Array {
    for (const group of this.#analysis.groups) if (group.fixed !== undefined) counts[group.id] = group.size;
    return counts;
  }

  #alive({ alive }: RegularizerEvaluation, staying: ReadonlySet<number>, isDecided: boolean): Uint8Array {
    const { grouping, groups } = this.#analysis;
    return alive.map((isAlive, channel) => {
      const isFixed = groups[grouping.groupOfChannel[channel] ?? -1]?.fixed !== undefined;
      return isFixed || staying.has(channel) || (!isDecided && isAlive === 1) ? 1 : 0;
    });
  }

  #coefficients(
    { gradients, regularization }: RegularizerEvaluation,
    staying: ReadonlySet<number>,
  ): ReadonlyMap<OpId, Float32Array> {
    const { strength } = this.#state;
    const { program, grouping } = this.#analysis;
    const factor = (channel: number): number => {
      if (staying.has(channel)) return 0;
      const threshold = program.groupThresholds[grouping.groupOfChannel[channel] ?? -1] ?? 0;
      return threshold > 0 ? Math.min(1, (regularization[channel] ?? 0) / threshold) : 1;
    };
    return new Map(
      program.sources.map(({ op, targets }) => {
        const gradient = gradients.get(op) ?? new Float32Array(targets.length);
        return [op, gradient.map((slope, place) => strength * slope * factor(targets[place] ?? -1))];
      }),
    );
  }
}
