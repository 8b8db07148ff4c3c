// Batch norms without a scale: the gamma regularizer has nothing to work on there. Where that is written as one `False`, the
// edit that makes it `True` is tried out like every other before it is offered.

import type { SourceSpan } from '../common/source-span.ts';
import { applyEdits, type LiteralEdit } from '../edits/literal-text.ts';
import { firstDifference } from '../edits/prove.ts';
import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import { isKind, type Op } from '../network/op.ts';
import { unscaledNorms } from '../structure/choose-sources.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';

/** The norms that one line of source makes. */
export interface UnscaledSite {
  readonly span: SourceSpan;
  readonly ops: readonly Op[];
  /** What the user should know. */
  readonly message: string;
}

/** Norms whose channels could be given up if they had a scale, by the line that makes them. */
export function unscaledSites(session: AnalysisSession, { graph, stale }: AnalyzedModel): readonly UnscaledSite[] {
  const setting = session.scaleSettingOf(graph);
  if (stale || setting === undefined || !normalizesActivations(graph)) return [];
  const bySite = new Map<string, Op[]>();
  for (const op of unscaledNorms(session.grouping(graph))) {
    if (op.site === undefined) continue;
    const { document, start } = op.site.span;
    const key = `${document}:${String(start)}`;
    bySite.set(key, [...(bySite.get(key) ?? []), op]);
  }
  return [...bySite.values()].flatMap((ops) => {
    const [first] = ops;
    return first?.site === undefined
      ? []
      : [{ span: first.site.span, ops, message: messageOf(graph, ops, first, setting) }];
  });
}

/**
 * Whether a batch norm without a scale works on what the input comes to. Weight standardization is written as one that works
 * on weights; nobody misses a scale there, and grouping the channels of a wide network for it takes seconds.
 */
function normalizesActivations({ ops }: NetworkGraph): boolean {
  const fed = new Set<number>();
  return ops.some((op) => {
    const isFed = op.attributes.kind === 'input' || op.inputs.some((input) => fed.has(input));
    if (isFed) for (const output of op.outputs) fed.add(output);
    return isFed && isKind(op, 'batch-norm') && !op.attributes.hasScale;
  });
}

function messageOf(graph: NetworkGraph, ops: readonly Op[], first: Op, setting: string): string {
  const input = valueOf(graph, first.inputs[0] ?? -1);
  const layer = ops.length === 1 ? opOf(graph, input.producer).name : 'the layers before them';
  const norms = ops.length === 1 ? `${first.name} has` : `These ${String(ops.length)} batch norms have`;
  const it = ops.length === 1 ? 'it' : 'them';
  return `${norms} no scale (${setting}=False), so the gamma regularizer cannot tell by ${it} which channels of ${layer} matter. With ${setting}=True it can; without, only the weights say (group lasso).`;
}

/** More places are not tried. */
const mostCandidates = 12;

/** The edit that gives the norms of a site their scale, proven; undefined where no single `False` does. */
export function scaleEdit(session: AnalysisSession, model: AnalyzedModel, site: UnscaledSite): LiteralEdit | undefined {
  const wanted = new Set(site.ops.map(({ id }) => id));
  return candidates(session, site)
    .slice(0, mostCandidates)
    .find((edit) => {
      const text = session.textOf(edit.document) ?? '';
      const overlay = new Map([[edit.document, applyEdits(text, [edit])]]);
      const actual = session.evaluateWith(overlay, model.entry);
      return actual !== undefined && givesScales(model.graph, actual, wanted);
    });
}

/** Every `False` in the line itself and in the calls that led to it, then defaults and options that are named for it. */
function candidates(session: AnalysisSession, { span, ops }: UnscaledSite): readonly LiteralEdit[] {
  const found = new Map<string, LiteralEdit>();
  const collect = ({ document, start, end }: SourceSpan, pattern: RegExp): void => {
    const text = session.textOf(document);
    if (text === undefined || !session.isEditable(document)) return;
    for (const match of text.slice(start, end).matchAll(pattern)) {
      const at = start + match.index + match[0].length - 'False'.length;
      found.set(`${document}:${String(at)}`, {
        document,
        start: at,
        end: at + 'False'.length,
        oldText: 'False',
        newText: 'True',
      });
    }
  };
  const calls = ops.flatMap(({ site }) => [...(site?.callChain ?? [])].reverse());
  for (const place of [span, ...calls]) collect(place, /\bFalse\b/g);
  for (const document of new Set([span, ...calls].map((place) => place.document))) {
    const end = session.textOf(document)?.length ?? 0;
    collect({ document, start: 0, end }, /\b\w*(?:affine|scale)\w*["']?\s*(?::\s*bool\s*)?[=:]\s*False\b/g);
  }
  return [...found.values()];
}

/** Whether nothing changed but that these norms, and maybe others without a scale, have one. */
function givesScales(before: NetworkGraph, after: NetworkGraph, wanted: ReadonlySet<number>): boolean {
  const expected = before.ops.map((op): Op => {
    const now = after.ops[op.id];
    const gained =
      isKind(op, 'batch-norm') && !op.attributes.hasScale && now !== undefined && isKind(now, 'batch-norm');
    if (!gained || !now.attributes.hasScale || now.name !== op.name) return op;
    const { hasShift } = now.attributes;
    return { ...op, attributes: { ...op.attributes, hasScale: true, hasShift }, parameters: now.parameters };
  });
  const areScaled = expected.every((op) => !wanted.has(op.id) || (isKind(op, 'batch-norm') && op.attributes.hasScale));
  return areScaled && firstDifference({ ...before, ops: expected }, after) === undefined;
}
