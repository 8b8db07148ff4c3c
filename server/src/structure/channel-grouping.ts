// The result of grouping a network's channels, and what can be asked of it. Plain data; made by group-channels.ts.

import type { NetworkGraph } from '../network/network-graph.ts';
import type { ChannelGroup, StructureNotice } from './channel-group.ts';

/** `reference`: unknown ops are barriers that leave their inputs prunable, and inputs have channels like any op. */
export type GroupingMode = 'exact' | 'reference';

export interface GroupingOptions {
  /** Ops whose channels go together, per entry all ops that it matches (`name-pattern.ts` says how patterns are written). */
  readonly forceGroups?: readonly string[];
  /** Ops whose channels stay whole, with all that is tied to them. */
  readonly exclude?: readonly string[];
  /** Ops at which the analysis stops: they and what only they lead to are left as they are. */
  readonly inputBoundary?: readonly string[];
  /** Ops where the analysis starts, in place of the network's outputs. */
  readonly outputBoundary?: readonly string[];
  /** Lets the widths at the output boundary shrink too. The reference does; by default the answer of a network keeps its size. */
  readonly prunableOutputs?: boolean;
  /** `reference` reproduces the reference implementation's relations, with their gaps (spec, QUIRK); patterns are then searched expressions. */
  readonly compat?: 'reference';
}

/** The channels on one axis of a value, as numbers of the whole analysis; a channel may stand at many places. */
export interface ValueChannels {
  readonly axis: number;
  readonly channels: Int32Array;
}

/**
 * The grouping of a network. Channels are numbered through all groups: group g has the numbers from `offsets[g]` to
 * `offsets[g + 1]`, in the order of its slices.
 */
export interface ChannelGrouping {
  readonly graph: NetworkGraph;
  readonly mode: GroupingMode;
  readonly groups: readonly ChannelGroup[];
  readonly offsets: Int32Array;
  readonly groupOfChannel: Int32Array;
  /** Indexed by value id. Undefined where a value has no channels that could be told apart. */
  readonly valueChannels: readonly (ValueChannels | undefined)[];
  /** Whether an op lies between the boundaries; indexed by op id. */
  readonly inScope: readonly boolean[];
  readonly notices: readonly StructureNotice[];
}
