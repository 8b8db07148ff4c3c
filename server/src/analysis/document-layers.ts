// Which layers a line of a document makes: one site, many ops, and only what stands in the text as it is now.

import type { LineIndex } from '../common/line-index.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { IdleLayer, NetworkGraph, UnknownPart } from '../network/network-graph.ts';
import { multiplies } from '../network/op-traits.ts';
import type { Op } from '../network/op.ts';
import type { AnalyzedModel } from './analyzed-model.ts';

/** The ops of one model that one source text makes. `span` is where that text stands now. */
export interface SiteLayers {
  readonly model: AnalyzedModel;
  readonly span: SourceSpan;
  readonly ops: readonly Op[];
  readonly idle: readonly IdleLayer[];
}

/** All sites that end on one line, of the first model that has any there. `line` is zero-based. */
export interface LineLayers {
  readonly model: AnalyzedModel;
  readonly line: number;
  readonly sites: readonly SiteLayers[];
  /** The ops of all sites in network order. */
  readonly ops: readonly Op[];
}

/** The sites of a model in a document, in text order. */
export function sitesIn(model: AnalyzedModel, document: string): readonly SiteLayers[] {
  const sites = new Map<string, { span: SourceSpan; ops: Op[]; idle: IdleLayer[] }>();
  const siteAt = (span: SourceSpan): { ops: Op[]; idle: IdleLayer[] } | undefined => {
    if (span.document !== document) return undefined;
    const placed = model.place(span);
    if (placed === undefined) return undefined;
    const key = `${String(placed.start)}:${String(placed.end)}`;
    const known = sites.get(key) ?? { span: placed, ops: [], idle: [] };
    sites.set(key, known);
    return known;
  };
  for (const op of model.graph.ops) if (op.site !== undefined) siteAt(op.site.span)?.ops.push(op);
  for (const idle of model.graph.idle) siteAt(idle.site.span)?.idle.push(idle);
  return [...sites.values()]
    .map((site) => ({ model, ...site }))
    .sort((left, right) => left.span.start - right.span.start || right.span.end - left.span.end);
}

/**
 * The lines of a document that make ops, top down; a call over several lines counts to the one that closes it. A line belongs
 * to the best entry that has ops on it.
 */
export function layerLines(
  models: readonly AnalyzedModel[],
  document: string,
  lines: LineIndex,
): readonly LineLayers[] {
  const byLine = new Map<number, SiteLayers[]>();
  for (const model of models) {
    const taken = new Set(byLine.keys());
    for (const site of sitesIn(model, document)) {
      const { line } = lines.positionAt(site.span.end);
      if (taken.has(line)) continue;
      const here = byLine.get(line);
      if (here === undefined) byLine.set(line, [site]);
      else here.push(site);
    }
  }
  return [...byLine]
    .sort(([left], [right]) => left - right)
    .flatMap(([line, sites]) => {
      const model = sites[0]?.model;
      if (model === undefined) return [];
      return [{ model, line, sites, ops: sites.flatMap((site) => site.ops).sort((a, b) => a.id - b.id) }];
    });
}

/** Whether an op gets a hint of its own: it multiplies by weights. */
export function isLayer(op: Pick<Op, 'attributes'>): boolean {
  return multiplies(op.attributes);
}

/** Whether an idle layer would get a hint of its own if it were called: its weights connect channels, at any input. */
export function hasWeights({ parameters }: IdleLayer): boolean {
  return parameters.some(({ role, shape }) => role === 'weight' && shape.length > 1);
}

/** All that evaluation could not follow: what the graph lists, and ops that were not understood. Each place once. */
export function unknownPartsOf(graph: NetworkGraph): readonly UnknownPart[] {
  const opaque = graph.ops.flatMap(({ attributes, site }) =>
    attributes.kind === 'opaque' ? [{ reason: attributes.reason, span: site?.span }] : [],
  );
  const places = new Map<string, UnknownPart>();
  for (const part of [...graph.unknowns, ...opaque]) {
    const { span } = part;
    // What stands nowhere is told apart by its reason.
    const key = span === undefined ? part.reason : `${span.document}:${String(span.start)}:${String(span.end)}`;
    if (!places.has(key)) places.set(key, part);
  }
  return [...places.values()];
}

/** The offset behind the last character of a line, in front of its line end. */
export function lineEnd(text: string, lines: LineIndex, line: number): number {
  let end = line + 1 < lines.lineCount ? lines.offsetAt({ line: line + 1, column: 0 }) : text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) {
    if (end <= lines.offsetAt({ line, column: 0 })) break;
    end--;
  }
  return end;
}

/** The part of a span on its first line: what a diagnostic underlines. */
export function firstLineOf(span: SourceSpan, text: string, lines: LineIndex): SourceSpan {
  const end = lineEnd(text, lines, lines.positionAt(span.start).line);
  return { ...span, end: Math.max(span.start, Math.min(span.end, end)) };
}
