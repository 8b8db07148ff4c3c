// The vocabulary of structure learning: groups of channels that live and die together, and what is proposed for them.
// Plain data; how groups are found stands in group-channels.ts.

import type { OpId } from '../network/op.ts';
import type { TrainedGate } from './gate.ts';

/**
 * Output channels of one op: `size` of them from `start`, `step` apart (1 when absent). With `repeat`, each channel stands
 * for that many neighbours (a depthwise multiplier, the positions of a flattened channel): the i-th channel is at
 * `start + i·step` and the `repeat - 1` places behind it.
 */
export interface ChannelSlice {
  readonly op: OpId;
  readonly start: number;
  readonly size: number;
  readonly step?: number;
  readonly repeat?: number;
}

/**
 * Where a regularization vector comes from: the scale of a batch norm (`gamma`), the weights of a convolution or dense layer
 * (`group-lasso`), or the probabilities of a gate that stands behind an op (`gate`).
 */
export type SourceKind = 'gamma' | 'group-lasso' | 'gate';

/** One source covers all output channels of its op. */
export interface RegularizerSource {
  readonly op: OpId;
  readonly kind: SourceKind;
  /** Share of the L1 term in group lasso, 0 to 1 (spec 2.1); 0 for the others. */
  readonly l1Fraction: number;
  readonly channels: number;
  /** How the gate is trained; `trainedGate` when absent. Of no meaning for the others. */
  readonly gate?: TrainedGate;
}

/**
 * Why channels stay whole. `blocked`: an op depends on their number or order in a way that is not known. `unscaled`: a batch norm
 * without a scale says that each is worth 1, whatever happens (spec 2.1).
 */
type FixedKind = 'input' | 'output' | 'padding' | 'blocked' | 'outside' | 'excluded' | 'no-source' | 'unscaled';

/** The reason in words; `op` is the one that causes it. */
export interface Fixation {
  readonly kind: FixedKind;
  readonly reason: string;
  readonly op?: OpId;
}

/** Slices of equal size whose i-th channels live or die together. */
export interface ChannelGroup {
  readonly id: number;
  /** The name of the first op with a width in it; unique in the analysis (`layer1.0.conv2`, `conv1 [0..7]` for a part). */
  readonly name: string;
  readonly size: number;
  readonly members: readonly ChannelSlice[];
  /** Sources among the members; more than one are combined by maximum (spec 2.2). Empty: nothing says which channels may go. */
  readonly sources: readonly ChannelSlice[];
  /** Set for a single channel that is broadcast over the channels of others: it may go, but get no wider. */
  readonly broadcast?: true;
  /** Why the group stays whole, if it does. */
  readonly fixed?: Fixation;
}

/** The ops that have channels of a group, in network order. */
export function opsOf({ members }: ChannelGroup): readonly OpId[] {
  return [...new Set(members.map(({ op }) => op))].sort((left, right) => left - right);
}

/** What the analysis has to say to the user. `code` is stable kebab-case. */
export interface StructureNotice {
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: string;
  readonly message: string;
  readonly op?: OpId;
}
