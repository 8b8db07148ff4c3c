// Which layers share an op's channels: they live and die together, so their widths change together.

import type { Op } from '../network/op.ts';
import { opsOf } from '../structure/channel-group.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import { isLayer } from './document-layers.ts';

export interface ChannelTies {
  /** Names of the layers with weights of their own, the op's included, in network order. */
  readonly layers: readonly string[];
  /** Why the channels stay whole, if structure learning leaves them alone. */
  readonly fixed: string | undefined;
}

/** A number for every layer that is tied to another, by op; layers with the same one are tied, directly or through others. */
export function tieNumbers(grouping: ChannelGrouping): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  const merged: number[] = [];
  const rootOf = (number: number): number => {
    const above = merged[number] ?? number;
    return above === number ? number : (merged[number] = rootOf(above));
  };
  for (const { members } of grouping.groups) {
    const layers = [...new Set(members.map(({ op }) => op))].filter((id) => {
      const op = grouping.graph.ops[id];
      return op !== undefined && isLayer(op);
    });
    if (layers.length < 2) continue;
    const known = layers.flatMap((id) => numbers.get(id) ?? []).map(rootOf);
    const number = known.length === 0 ? merged.length : Math.min(...known);
    merged[number] ??= number;
    for (const other of known) merged[other] = number;
    for (const id of layers) numbers.set(id, number);
  }
  return new Map([...numbers].map(([id, number]) => [id, rootOf(number)]));
}

/** Says the ties of an op's output channels; none for an op that has no channels of its own. Equal ties are one object. */
export function channelTies(grouping: ChannelGrouping): (op: Op) => ChannelTies {
  const byGroups = new Map<string, ChannelTies>();
  const byContent = new Map<string, ChannelTies>();
  const same = (ties: ChannelTies): ChannelTies => {
    const content = JSON.stringify(ties);
    const first = byContent.get(content) ?? ties;
    byContent.set(content, first);
    return first;
  };
  return (op) => {
    const standing = op.outputs.flatMap((value) => [...(grouping.valueChannels[value]?.channels ?? [])]);
    const groups = [...new Set(standing.map((channel) => grouping.groupOfChannel[channel] ?? -1))];
    const key = groups.join(' ');
    const ties = byGroups.get(key) ?? same(tiesOf(grouping, groups));
    byGroups.set(key, ties);
    return ties;
  };
}

function tiesOf(grouping: ChannelGrouping, groups: readonly number[]): ChannelTies {
  const own = groups.flatMap((group) => grouping.groups[group] ?? []);
  const tied = [...new Set(own.flatMap(opsOf))].sort((left, right) => left - right);
  const layers = tied.flatMap((id) => {
    const other = grouping.graph.ops[id];
    return other !== undefined && isLayer(other) ? [other.name] : [];
  });
  return { layers, fixed: own.find(({ fixed }) => fixed !== undefined)?.fixed?.reason };
}
