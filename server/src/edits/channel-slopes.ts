// How much each width of a network changes with each channel group's, read off the map of channels: a channel that stands three
// times in a value counts three times. What rebuilding the network for every group would tell, without doing so.

import { channelAxisOf, hasOwnWidth } from '../network/op-traits.ts';
import { valueOf } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import type { SlopesOf, WidthEnd } from './constraints.ts';

/** The slopes by group name; groups without influence are left out. */
export function channelSlopes(grouping: ChannelGrouping): SlopesOf {
  return (op, end) => {
    const value = countedValue(op, end);
    const channels = value === undefined ? undefined : grouping.valueChannels[value];
    if (value === undefined || channels === undefined) return none;
    const rank = valueOf(grouping.graph, value).shape.length;
    const axis = channelAxisOf(op, rank);
    // Where an op says on which axis it counts, channels on another one say nothing of its width.
    if (axis !== undefined && channels.axis !== axis && channels.axis !== axis - rank) return none;
    if (axis === undefined && hasOwnWidth(op)) return none;
    const counts = new Map<number, number>();
    for (const channel of paddedPart(op, end, channels.channels)) {
      const group = grouping.groupOfChannel[channel] ?? -1;
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    return new Map(
      [...counts].flatMap(([id, count]): readonly (readonly [string, number])[] => {
        const group = grouping.groups[id];
        return group === undefined ? [] : [[group.name, count / group.size]];
      }),
    );
  };
}

const none: ReadonlyMap<string, number> = new Map();

/** Of a value's channels those that an end is about: all, or those that the op puts before or behind them. */
export function paddedPart({ attributes, paddedWidths }: Op, end: WidthEnd, channels: Int32Array): Int32Array {
  if (end !== 'before' && end !== 'after') return channels;
  const amount = attributes.kind === 'pad' ? (attributes.padding[paddedWidths?.axis ?? -1]?.[end] ?? 0) : 0;
  if (amount <= 0) return new Int32Array(0);
  return end === 'before' ? channels.subarray(0, amount) : channels.subarray(channels.length - amount);
}

/** The value whose channels a width counts. The groups of a depthwise layer are its channels; other numbers of groups stay. */
function countedValue({ attributes, inputs, outputs }: Op, end: WidthEnd): number | undefined {
  if (end === 'out') return outputs[0];
  if (end === 'before' || end === 'after') return attributes.kind === 'pad' ? outputs[0] : undefined;
  if (end === 'in') return inputs[0];
  const isDepthwise =
    (attributes.kind === 'convolution' || attributes.kind === 'transposed-convolution') &&
    attributes.groups > 1 &&
    attributes.groups === attributes.inChannels;
  return isDepthwise ? inputs[0] : undefined;
}
