// Which layers say what their channels are worth: the scales of batch norms, or the layers' own weights. Chosen group by
// group where the user leaves it open, since scales and weight norms are not comparable with one another.

import { opOf, valueOf } from '../network/network-graph.ts';
import { isKind, type Op, type OpId } from '../network/op.ts';
import type {
  ChannelGroup,
  ChannelSlice,
  Fixation,
  RegularizerSource,
  SourceKind,
  StructureNotice,
} from './channel-group.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import type { TrainedGate } from './gate.ts';
import { isWeighted, multiplies, widthsOf } from '../network/op-traits.ts';
import { rowNotices } from './sources-in-a-row.ts';

/** `logistic-sigmoid`: a gate behind every layer, or behind its batch norm. */
export type Algorithm = 'gamma' | 'group-lasso' | 'logistic-sigmoid';

export interface ChosenSources {
  /** `mixed`: some groups by gamma, others by group lasso. */
  readonly algorithm: Algorithm | 'mixed';
  readonly sources: readonly RegularizerSource[];
  /** The grouping's groups, with their sources; those without any are fixed. */
  readonly groups: readonly ChannelGroup[];
  readonly notices: readonly StructureNotice[];
}

/** Chooses the sources of every group that may shrink. */
export function chooseSources(
  grouping: ChannelGrouping,
  algorithm: 'auto' | Algorithm,
  l1Fraction: number,
  gate?: TrainedGate,
): ChosenSources {
  const notices: StructureNotice[] = [];
  const candidates = grouping.graph.ops.flatMap((op): readonly RegularizerSource[] => {
    if (grouping.inScope[op.id] !== true) return [];
    const source = algorithm === 'logistic-sigmoid' ? gateOf(grouping, op, gate) : sourceOf(op, l1Fraction);
    return source === undefined ? [] : [source];
  });
  const owners = ownersByOp(candidates, grouping);
  const kinds = new Map<number, SourceKind>();
  const used = new Set<RegularizerSource>();
  const groups = grouping.groups.map((group): ChannelGroup => {
    if (group.fixed !== undefined) return group;
    const kind = algorithm === 'auto' ? kindOf(grouping, group) : sourceKinds[algorithm];
    const unscaled = kind === 'gamma' ? unscaledNorm(grouping, group) : undefined;
    const sources = unscaled === undefined ? group.members.filter((slice) => owners.get(slice.op)?.kind === kind) : [];
    if (sources.length === 0) return { ...group, fixed: withoutSource(grouping, group, unscaled) };
    kinds.set(group.id, kind);
    for (const { op } of sources) {
      const owner = owners.get(op);
      if (owner !== undefined) used.add(owner);
    }
    return { ...group, sources };
  });
  const found = new Set(kinds.values());
  notices.push(...unscaledNotices(grouping, algorithm));
  if (found.size > 1) notices.push(mixedNotice(groups, kinds));
  const sources = candidates.filter((source) => used.has(source));
  notices.push(...rowNotices(grouping.graph, sources, groups));
  return {
    algorithm:
      found.size > 1 ? 'mixed' : algorithm !== 'auto' ? algorithm : found.has('gamma') ? 'gamma' : 'group-lasso',
    sources,
    groups,
    notices,
  };
}

const sourceKinds: Readonly<Record<Algorithm, SourceKind>> = {
  gamma: 'gamma',
  'group-lasso': 'group-lasso',
  'logistic-sigmoid': 'gate',
};

/** The gate behind a layer: behind its batch norm if one follows at once, else behind the layer itself. */
function gateOf({ graph }: ChannelGrouping, op: Op, gate: TrainedGate | undefined): RegularizerSource | undefined {
  const [output] = op.outputs;
  if (output === undefined) return undefined;
  const isNorm = (id: OpId): boolean => isKind(opOf(graph, id), 'batch-norm');
  const input = op.inputs[0];
  const isGated = isKind(op, 'batch-norm')
    ? input !== undefined && isWeighted(opOf(graph, valueOf(graph, input).producer))
    : isWeighted(op) && multiplies(op.attributes) && !valueOf(graph, output).consumers.some(isNorm);
  const channels = widthsOf(op.attributes).out ?? 0;
  return isGated ? { op: op.id, kind: 'gate', l1Fraction: 0, channels, ...(gate && { gate }) } : undefined;
}

/** The regularizer that an op could give. Depthwise weights are never a source (spec 2.1). */
function sourceOf(op: Op, l1Fraction: number): RegularizerSource | undefined {
  const channels = widthsOf(op.attributes).out;
  if (channels === undefined) return undefined;
  if (isKind(op, 'batch-norm')) {
    return op.attributes.hasScale ? { op: op.id, kind: 'gamma', l1Fraction: 0, channels } : undefined;
  }
  if (!isWeighted(op) || !multiplies(op.attributes)) return undefined;
  return { op: op.id, kind: 'group-lasso', l1Fraction, channels };
}

/** Sources by op, without those whose parameter an earlier source has already: both would say the same. */
function ownersByOp(
  candidates: readonly RegularizerSource[],
  { graph, mode }: ChannelGrouping,
): ReadonlyMap<OpId, RegularizerSource> {
  const seen = new Set<string>();
  const owners = new Map<OpId, RegularizerSource>();
  for (const source of candidates) {
    const role = source.kind === 'gamma' ? 'scale' : 'weight';
    // Each call of a shared layer has a gate of its own.
    if (source.kind === 'gate') {
      owners.set(source.op, source);
      continue;
    }
    const parameter = opOf(graph, source.op).parameters.find((one) => one.role === role);
    if (parameter !== undefined && mode === 'exact') {
      if (seen.has(parameter.id)) continue;
      seen.add(parameter.id);
    }
    owners.set(source.op, source);
  }
  return owners;
}

/** Gamma where each layer that makes the group's channels is followed by a scaled batch norm, which then speaks for it. */
function kindOf(grouping: ChannelGrouping, group: ChannelGroup): SourceKind {
  const ops = [...new Set(group.members.map(({ op }) => op))].map((id) => opOf(grouping.graph, id));
  const makers = ops.filter(isWeighted);
  if (makers.length === 0) return 'gamma';
  return makers.every((op) => isFollowedByScale(grouping, op, group)) ? 'gamma' : 'group-lasso';
}

/** Whether a scaled batch norm reads an op's channels of a group before another layer mixes them. */
function isFollowedByScale(grouping: ChannelGrouping, maker: Op, group: ChannelGroup): boolean {
  const { graph } = grouping;
  const members = new Set(group.members.map(({ op }) => op));
  const seen = new Set<OpId>([maker.id]);
  const open = [maker];
  for (let op = open.pop(); op !== undefined; op = open.pop()) {
    for (const id of op.outputs.flatMap((value) => valueOf(graph, value).consumers)) {
      const consumer = opOf(graph, id);
      if (seen.has(id) || !members.has(id) || isWeighted(consumer)) continue;
      if (isKind(consumer, 'batch-norm') && consumer.attributes.hasScale) return true;
      seen.add(id);
      open.push(consumer);
    }
  }
  return false;
}

/** A batch norm without a scale in a group: its ones say that every channel is alive (spec 2.1). */
function unscaledNorm(grouping: ChannelGrouping, group: ChannelGroup): Op | undefined {
  return unscaledIn(grouping, group)[0];
}

function unscaledIn({ graph }: ChannelGrouping, group: ChannelGroup): readonly Op[] {
  const isUnscaled = (op: Op): boolean => isKind(op, 'batch-norm') && !op.attributes.hasScale;
  return group.members.map(({ op }) => opOf(graph, op)).filter(isUnscaled);
}

function withoutSource(grouping: ChannelGrouping, group: ChannelGroup, unscaled: Op | undefined): Fixation {
  if (unscaled !== undefined) {
    return { kind: 'unscaled', reason: `${unscaled.name} is a batch norm without a scale`, op: unscaled.id };
  }
  const maker = group.members.map(({ op }) => opOf(grouping.graph, op)).find(isWeighted);
  return {
    kind: 'no-source',
    reason:
      maker === undefined
        ? 'no layer makes these channels'
        : `nothing tells what the channels of ${maker.name} are worth`,
    ...(maker && { op: maker.id }),
  };
}

/** Batch norms without a scale in groups that could shrink otherwise. */
export function unscaledNorms(grouping: ChannelGrouping): readonly Op[] {
  const free = grouping.groups.filter(({ fixed }) => fixed === undefined);
  return [...new Set(free.flatMap((group) => unscaledIn(grouping, group)))];
}

/** Under group lasso they do no harm. */
function unscaledNotices(grouping: ChannelGrouping, algorithm: 'auto' | Algorithm): readonly StructureNotice[] {
  if (algorithm === 'group-lasso' || algorithm === 'logistic-sigmoid') return [];
  return unscaledNorms(grouping).map((op) => ({
    severity: 'warning',
    code: 'batch-norm-without-scale',
    message: `${op.name} has no scale (affine=False or scale=False), so there is nothing to regularise in it; give it one, or use group lasso`,
    op: op.id,
  }));
}

function mixedNotice(groups: readonly ChannelGroup[], kinds: ReadonlyMap<number, SourceKind>): StructureNotice {
  const names = (kind: SourceKind): string =>
    groups
      .filter(({ id }) => kinds.get(id) === kind)
      .map(({ name }) => name)
      .join(', ');
  return {
    severity: 'information',
    code: 'mixed-algorithms',
    message: `Batch-norm scales decide about ${names('gamma')}; weights (group lasso) about ${names('group-lasso')}, which no scaled batch norm follows`,
  };
}

/** The channels that a source speaks for within a group, in the order of its slices. */
export function sourcePlaces(slice: ChannelSlice): Int32Array {
  const { start, size, step = 1, repeat = 1 } = slice;
  return Int32Array.from({ length: size * repeat }, (_, k) => start + Math.floor(k / repeat) * step + (k % repeat));
}
