// Which layers share an op's channels: they live and die together, so their widths change together.

import type { Op } from '../network/op.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import { isLayer } from './document-layers.ts';

export interface ChannelTies {
  /** Names of the layers with weights of their own, the op's included, in network order. */
  readonly layers: readonly string[];
  /** Why the channels stay whole, if structure learning leaves them alone. */
  readonly fixed: string | undefined;
}

/** The ties of an op's output channels; none for an op that has no channels of its own. */
export function tiesOf(grouping: ChannelGrouping, op: Op): ChannelTies {
  const own = grouping.groups.filter(({ members }) => members.some((slice) => slice.op === op.id));
  const tied = new Set(own.flatMap(({ members }) => members.map((slice) => slice.op)));
  const layers = grouping.graph.ops.filter((other) => tied.has(other.id) && isLayer(other)).map(({ name }) => name);
  return { layers, fixed: own.find(({ fixed }) => fixed !== undefined)?.fixed?.reason };
}
