// Random widths for the layers of a model, and what became of bringing them into its source: for scripts that hold edits against
// frameworks.

import * as v from 'valibot';
import type { AnalysisSession } from '../../server/src/analysis/analysis-session.ts';
import type { AnalyzedModel } from '../../server/src/analysis/analyzed-model.ts';
import type { ProposedWidths } from '../../server/src/analysis/proposal-plans.ts';
import type { WidthChange } from '../../server/src/analysis/width-change.ts';
import { hasOwnWidth } from '../../server/src/network/op-traits.ts';

const kinds = ['single', 'whole', 'uniform', 'realistic'] as const;
export type ProposalKind = (typeof kinds)[number];

/** Numbers below 1 that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Group {
  readonly name: string;
  readonly size: number;
  readonly layers: readonly string[];
}

function proposalOf(groups: readonly Group[], widthOf: (group: Group) => number): ProposedWidths {
  const rows = groups.map((group) => {
    const after = Math.min(group.size, Math.max(1, Math.round(widthOf(group))));
    return { name: group.name, layers: group.layers, width: { before: group.size, after } };
  });
  return {
    step: 0,
    groups: rows,
    layers: rows.flatMap(({ name, layers, width }) => layers.map((layer) => ({ name: layer, group: name, width }))),
  };
}

/**
 * What runs end in: scales of channels as trained networks have them, of which one threshold leaves half. Layers differ in their
 * scale more than the channels of one do; what is added up lives as long as one of the layers behind it holds it.
 */
function realisticProposal(groups: readonly Group[], random: () => number): ProposedWidths {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const scales = groups.map(({ size, layers }) => {
    const ofLayers = layers.map(() => Math.exp(0.6 * normal()));
    return Array.from({ length: size }, () => Math.max(...ofLayers.map((scale) => scale * Math.exp(0.5 * normal()))));
  });
  const threshold = median(scales.flat());
  return proposalOf(
    groups,
    (group) => scales[groups.indexOf(group)]?.filter((scale) => scale >= threshold).length ?? group.size,
  );
}

export const rowSchema = v.object({
  builder: v.string(),
  kind: v.picklist(kinds),
  how: v.picklist(['edit', 'refactored', 'slim only', 'refused']),
  isExact: v.boolean(),
  /** The saving of MACs that the edit brings, as a share of that of the proposal. */
  brought: v.number(),
  reasons: v.array(v.string()),
  ms: v.number(),
});
export type Row = v.InferOutput<typeof rowSchema>;

export function share({ before, wanted, after }: WidthChange): number {
  const asked = (before.macs ?? 0) - (wanted?.macs ?? 0);
  return asked <= 0 ? 1 : ((before.macs ?? 0) - (after.macs ?? 0)) / asked;
}

/** Proposals that are the same in every run: single layers, whole networks, all layers alike, and what runs end in. */
export function randomProposals(
  session: AnalysisSession,
  model: AnalyzedModel,
  counts: { readonly single: number; readonly whole: number },
): readonly (readonly [ProposalKind, ProposedWidths])[] {
  const grouping = session.grouping(model.graph);
  const groups = grouping.groups.flatMap(({ name, size, members, fixed }): readonly Group[] => {
    const ops = new Set(members.map(({ op }) => op));
    const layers = model.graph.ops.filter((op) => ops.has(op.id) && hasOwnWidth(op)).map((op) => op.name);
    return fixed !== undefined || layers.length === 0 || size < 2 ? [] : [{ name, size, layers }];
  });
  if (groups.length === 0) return [];
  const random = randomFrom(groups.length);
  const drawn = (group: Group): number => group.size * (0.15 + 0.85 * random());
  const singles = Array.from({ length: Math.min(counts.single, groups.length) }, () => {
    const chosen = groups[Math.floor(random() * groups.length)];
    return proposalOf(groups, (group) => (group === chosen ? Math.min(group.size - 1, drawn(group)) : group.size));
  });
  return [
    ...singles.map((one) => ['single', one] as const),
    ...Array.from({ length: counts.whole }, () => ['whole', proposalOf(groups, drawn)] as const),
    ['uniform', proposalOf(groups, ({ size }) => size * 0.75)],
    ['realistic', realisticProposal(groups, random)],
  ];
}

function median(values: readonly number[]): number {
  const ordered = [...values].sort((left, right) => left - right);
  return ordered[ordered.length >> 1] ?? NaN;
}

/** The lines of a table of what became of the proposals, a kind a line. */
export function summary(rows: readonly Row[]): readonly string[] {
  const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;
  return kinds.flatMap((kind) => {
    const own = rows.filter((row) => row.kind === kind);
    if (own.length === 0) return [];
    const of = (test: (row: Row) => boolean): string => percent(own.filter(test).length / own.length);
    return [
      `| ${kind} | ${String(own.length)} | ${of(({ how }) => how === 'edit')} | ${of(({ how }) => how === 'refactored')} | ${of((row) => row.isExact)} | ${of(({ how }) => how === 'slim only')} | ${of(({ how }) => how === 'refused')} | ${percent(median(own.map(({ brought }) => brought)))} | ${median(own.map(({ ms }) => ms)).toFixed(0)} ms |`,
    ];
  });
}

/** Reasons alike but for names and numbers, with how often each was given, most first. */
export function reasonCounts(reasons: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) {
    const alike = reason
      .replace(/`[^`]*`/g, '…')
      .replace(/\b[\w]+(?:\.[\w]+)+(?::\d+)?/g, '…')
      .replace(/\d+(?:[×x]\d+)*/g, 'n');
    counts.set(alike, (counts.get(alike) ?? 0) + 1);
  }
  return [...counts].sort(([, left], [, right]) => right - left);
}
