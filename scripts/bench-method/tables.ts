// What the benchmark prints: which layers got narrower, stage by stage, and accuracies over seeds.

import { opOf, valueOf, type NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { Op } from '../../server/src/network/op.ts';
import type { ChannelGrouping } from '../../server/src/structure/channel-grouping.ts';

/** Widths by group name. */
export type Widths = Readonly<Record<string, number>>;

interface Layer {
  readonly name: string;
  /** Length of the side of what it puts out: layers of one stage share it. */
  readonly side: number;
  readonly before: number;
  readonly after: number;
}

/** Every convolution with its width in the seed and after; groups that `widths` leaves out keep theirs. */
function layersOf({ graph, groups, groupOfChannel, valueChannels }: ChannelGrouping, widths: Widths): readonly Layer[] {
  const isConvolution = (op: Op): boolean => op.attributes.kind === 'convolution';
  return graph.ops.filter(isConvolution).map((op) => {
    const output = op.outputs[0] ?? -1;
    const channels = valueChannels[output]?.channels ?? new Int32Array(0);
    const ids = new Set(Array.from(channels, (channel) => groupOfChannel[channel] ?? -1));
    let after = 0;
    for (const id of ids) after += widths[groups[id]?.name ?? ''] ?? groups[id]?.size ?? 0;
    return { name: op.name, side: sideOf(graph, op), before: channels.length, after };
  });
}

function sideOf(graph: NetworkGraph, op: Op): number {
  const side = valueOf(graph, opOf(graph, op.id).outputs[0] ?? -1).shape.at(-1);
  return typeof side === 'number' ? side : 0;
}

/** The share of channels that is left, by the side of the feature maps; the largest side (the earliest layers) first. */
export function keptByStage(grouping: ChannelGrouping, widths: Widths): readonly (readonly [number, number])[] {
  const layers = layersOf(grouping, widths);
  const sides = [...new Set(layers.map(({ side }) => side))].sort((left, right) => right - left);
  return sides.map((side) => {
    const stage = layers.filter((layer) => layer.side === side);
    const sum = (key: 'before' | 'after'): number => stage.reduce((total, layer) => total + layer[key], 0);
    return [side, sum('after') / Math.max(1, sum('before'))];
  });
}

/** A line a layer: its width in the seed and in each structure. */
export function layerTable(
  grouping: ChannelGrouping,
  columns: readonly { readonly title: string; readonly widths: Widths }[],
): string {
  const perColumn = columns.map(({ widths }) => layersOf(grouping, widths));
  const rows = layersOf(grouping, {}).map(({ name, side, before }, index) => [
    name,
    `${String(side)}×${String(side)}`,
    String(before),
    ...perColumn.map((layers) => String(layers[index]?.after ?? 0)),
  ]);
  const all = [['layer', 'maps', 'seed', ...columns.map(({ title }) => title)], ...rows];
  const widest = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < 1 ? cell.padEnd(widest[column] ?? 0) : cell.padStart(widest[column] ?? 0)))
      .join('  ');
  return all.map(line).join('\n');
}

export interface Summary {
  readonly mean: number;
  /** Standard deviation of a sample; 0 of a single number. */
  readonly deviation: number;
}

export function summarize(numbers: readonly number[]): Summary {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, numbers.length - 1)) };
}
