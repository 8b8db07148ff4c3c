// The structure exporter's files (spec 5.1): alive channels by layer as JSON, as the reference's consumers read them, and
// back from such a file to widths.

import type { Result } from '../common/problem.ts';
import type { Framework } from '../network/network-graph.ts';
import type { Op, OpId } from '../network/op.ts';
import type { ChannelGroup } from './channel-group.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import { isWeighted, multiplies } from '../network/op-traits.ts';

/** A grouping, and its groups with what is known of their sources (an analysis). */
export interface CountedLayers {
  readonly grouping: ChannelGrouping;
  readonly groups: readonly ChannelGroup[];
}

/** `learned_structure/alive_<step>`, relative to the run's folder. */
export function aliveCountsFile(step: number): string {
  return `learned_structure/alive_${String(step)}`;
}

/** The name that a layer has in the file: with TensorFlow's op type where the framework has such names. */
function exportedName(op: Op, framework: Framework): string {
  const isTensorFlow = framework === 'keras' || framework === 'tf-slim';
  const suffix = isTensorFlow ? suffixOf(op) : undefined;
  return suffix === undefined ? op.name : `${op.name}/${suffix}`;
}

function suffixOf(op: Op): string | undefined {
  switch (op.attributes.kind) {
    case 'convolution':
      return op.attributes.kernel.length === 3 ? 'Conv3D' : 'Conv2D';
    case 'transposed-convolution':
      return 'conv2d_transpose';
    case 'dense':
      return 'MatMul';
    default:
      return undefined;
  }
}

/**
 * Alive channels of every layer whose width can change, by exported name. The reference leaves dense layers out; here they
 * are in. Depthwise layers follow from what they read.
 */
export function aliveCounts(
  structure: CountedLayers,
  alive: ArrayLike<number>,
  removeCommonPrefix = false,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const { graph } = structure.grouping;
  for (const op of graph.ops) {
    const channels = widthChannels(structure, op);
    if (channels === undefined) continue;
    counts.set(
      exportedName(op, graph.framework),
      channels.reduce((sum, channel) => sum + (alive[channel] ?? 0), 0),
    );
  }
  if (!removeCommonPrefix) return counts;
  const names = withoutCommonPrefix([...counts.keys()]);
  return new Map([...counts.values()].map((count, index) => [names[index] ?? '', count]));
}

/** The full alive vector of each of those layers. */
export function aliveVectors(
  structure: CountedLayers,
  alive: ArrayLike<number>,
): ReadonlyMap<string, readonly boolean[]> {
  const vectors = new Map<string, readonly boolean[]>();
  const { graph } = structure.grouping;
  for (const op of graph.ops) {
    const channels = widthChannels(structure, op);
    if (channels === undefined) continue;
    vectors.set(
      exportedName(op, graph.framework),
      Array.from(channels, (channel) => (alive[channel] ?? 0) > 0),
    );
  }
  return vectors;
}

/** The output channels of a layer with weights of its own; undefined for others, and where nothing regularizes any of them. */
function widthChannels({ grouping, groups }: CountedLayers, op: Op): Int32Array | undefined {
  if (!isWeighted(op) || !multiplies(op.attributes)) return undefined;
  const channels = grouping.valueChannels[op.outputs[0] ?? -1]?.channels;
  const isFree = (channel: number): boolean => {
    const fixed = groups[grouping.groupOfChannel[channel] ?? -1]?.fixed;
    return fixed === undefined || fixed.kind === 'unscaled';
  };
  return channels?.some(isFree) === true ? channels : undefined;
}

/** The file's text: keys sorted, two spaces. */
export function formatAliveCounts(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`;
}

/**
 * Strips the first name's part up to its first `/` from all names, if all begin with it; one level only. Names of modules, which
 * have no `/`, are parted by `.`.
 */
export function withoutCommonPrefix(names: readonly string[]): readonly string[] {
  const [first = ''] = names;
  const end = first.indexOf(names.some((name) => name.includes('/')) ? '/' : '.') + 1;
  const prefix = first.slice(0, end);
  return end > 0 && names.every((name) => name.startsWith(prefix)) ? names.map((name) => name.slice(end)) : names;
}

/** A layer's name without TensorFlow's op type and with dots between its scopes: `u1/conv1/Conv2D` and `u1.conv1` are one. */
function moduleName(name: string): string {
  return name
    .replace(/\/(?:Conv2D|Conv3D|conv2d_transpose|MatMul|Tensordot\/MatMul|ConfigurableConv2D)$/, '')
    .replaceAll('/', '.');
}

/** What becomes of layers that a file does not name. */
export type Fallback = 'pass-through' | 'zero' | 'strict';

export interface CountedStructure {
  /** By group name, for `rebuildWithWidths`. */
  readonly widths: ReadonlyMap<string, number>;
  /** Layers that the file puts at 0 while others of their group stay. */
  readonly dead: ReadonlySet<OpId>;
  /** How many layers the file names. */
  readonly matched: number;
}

/**
 * From a file's counts to a structure. Layers of one group that are given different widths get the largest, as the group's
 * channels are alive if any source says so; a layer at 0 vanishes alone. Layers that are cut into several groups can't be
 * told from their sum. `minimum` 1 keeps a channel of every layer.
 */
export function structureOfCounts(
  grouping: ChannelGrouping,
  counts: ReadonlyMap<string, number>,
  fallback: Fallback,
  minimum = 0,
): Result<CountedStructure> {
  const { graph } = grouping;
  const widths = new Map<string, number>();
  const zeros = new Set<OpId>();
  const dead = new Set<OpId>();
  const byModule = new Map([...counts].map(([name, count]) => [moduleName(name), count]));
  let matched = 0;
  for (const op of graph.ops) {
    const channels = widthChannels({ grouping, groups: grouping.groups }, op);
    if (channels === undefined) continue;
    const name = exportedName(op, graph.framework);
    const found = counts.get(name) ?? byModule.get(moduleName(name));
    if (found !== undefined) matched += 1;
    if (found === undefined && fallback === 'strict') {
      return { ok: false, error: `The structure says nothing of ${name}` };
    }
    if (found === undefined && fallback === 'pass-through') continue;
    const group = grouping.groups[grouping.groupOfChannel[channels[0] ?? -1] ?? -1];
    const width = Math.max(minimum, found ?? 0);
    if (group?.size !== channels.length) {
      if (width === channels.length) continue;
      return {
        ok: false,
        error: `${name} is cut into several groups, so its count alone does not say which channels stay`,
      };
    }
    if (width === 0) zeros.add(op.id);
    widths.set(group.name, Math.max(widths.get(group.name) ?? 0, width));
  }
  for (const id of zeros) {
    const output = graph.ops[id]?.outputs[0] ?? -1;
    const channel = grouping.valueChannels[output]?.channels[0] ?? -1;
    const name = grouping.groups[grouping.groupOfChannel[channel] ?? -1]?.name ?? '';
    if ((widths.get(name) ?? 0) > 0) dead.add(id);
  }
  return { ok: true, value: { widths, dead, matched } };
}
