// Widths that somebody asks for by hand: what the model would cost, and the proven edits that bring them into the source.

import { askedProposal, parseAskedWidth, type AskedWidth, type AskedWidths } from '../analysis/asked-widths.ts';
import { savingText } from '../analysis/cost-text.ts';
import { editsOfPlan, isExact } from '../analysis/proposal-edits.ts';
import { whatIf } from '../analysis/what-if.ts';
import { changeNotes, sizeWords, widthChange } from '../analysis/width-change.ts';
import { ownWidthEdits } from '../analysis/own-widths.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { fileName } from '../common/file-name.ts';
import type { Result } from '../common/problem.ts';
import type { AskedWidthTexts } from '../protocol/cost-table.ts';
import type { AnalysisContext } from './analysis-context.ts';
import type { AnalysisQuestions } from './analysis-questions.ts';
import { modelAsked, tableOf } from './cost-table.ts';
import { toDocumentEdits } from './document-edits.ts';
import { refuse } from './refusal.ts';

export function tryWidths(
  context: AnalysisContext,
  { uri, entry, asked }: AnalysisQuestions['try-widths']['params'],
  cancellation: Cancellation,
): AnalysisQuestions['try-widths']['answer'] {
  const model = modelAsked(context, uri, entry, cancellation);
  if ('refused' in model) return model;
  const widths = readWidths(asked);
  if (!widths.ok) return refuse(widths.error);
  const tried = whatIf(context.session, model, widths.value);
  if (!tried.ok) return refuse(tried.error);
  const changed = tried.value.changed.map(({ layers, ...width }) => ({ layers: [...layers], ...width }));
  const { session, settings } = context;
  const [before, after] = [model.graph, tried.value.graph].map((graph) => session.costs(graph, settings).total);
  const saving = before && after ? savingText(before, after, settings.convention) : '';
  return { table: tableOf(context, model, tried.value.graph), saving, changed };
}

export function widthEdits(
  context: AnalysisContext,
  { uri, entry, asked }: AnalysisQuestions['width-edits']['params'],
  cancellation: Cancellation,
): AnalysisQuestions['width-edits']['answer'] {
  const model = modelAsked(context, uri, entry, cancellation);
  if ('refused' in model) return model;
  if (model.stale) return refuse(`${fileName(uri)} has an error; mend it first.`);
  const { session } = context;
  const widths = readWidths(asked);
  if (!widths.ok) return refuse(widths.error);
  const proposal = askedProposal(session.grouping(model.graph), widths.value);
  if (!proposal.ok) return refuse(proposal.error);
  const change = widthChange(session, model, proposal.value, { refactor: session.canNameNumbers(uri) }, cancellation);
  const notes = changeNotes(change);
  if (change.plan.edits.length === 0)
    return refuse(
      `${fileName(uri)}: ${notes[0] ?? 'the source has these widths already.'}${change.plan.refused.length > 0 ? ' As a file of its own: morphnet set with --slim-file.' : ''}`,
    );
  const edits = editsOfPlan(session, change.plan);
  return {
    title: titleOf(change.plan.widths, edits.title),
    documents: toDocumentEdits(session, edits),
    isExact: isExact(change.plan),
    sentences: [sizeWords(change), ...notes],
  };
}

export function ownWidths(
  context: AnalysisContext,
  { uri, entry }: AnalysisQuestions['own-widths']['params'],
  cancellation: Cancellation,
): AnalysisQuestions['own-widths']['answer'] {
  const model = modelAsked(context, uri, entry, cancellation);
  if ('refused' in model) return model;
  if (model.stale) return refuse(`${fileName(uri)} has an error; mend it first.`);
  const edits = ownWidthEdits(context.session, model, cancellation);
  if (!edits.ok) return refuse(`${fileName(uri)}: ${edits.error}`);
  const { title, plan } = edits.value;
  const left = plan.refused.map(
    ({ layers, reason }) => `${layers.join(', ')} can’t get a number of its own: ${reason}`,
  );
  return {
    title,
    documents: toDocumentEdits(context.session, edits.value),
    isExact: left.length === 0,
    sentences: [...(plan.refactoring === undefined ? [] : [plan.refactoring]), ...left],
  };
}

/** `conv1: 64 → 48`; of several layers their number. What else changes stays as the edits say it. */
function titleOf(
  widths: readonly { readonly layers: readonly string[]; readonly before: number; readonly after: number }[],
  title: string,
): string {
  const [only] = widths;
  const also = title.includes('; ') ? title.slice(title.indexOf('; ')) : '';
  const layers = widths.flatMap((width) => width.layers);
  if (widths.length !== 1 || only === undefined) return `Set the widths of ${String(layers.length)} layers${also}`;
  const [first = ''] = only.layers;
  const more = only.layers.length > 1 ? ` and ${String(only.layers.length - 1)} tied to it` : '';
  return `Set ${first}${more}: ${String(only.before)} → ${String(only.after)}${also}`;
}

/** The widths as they are written; or which of them is none. */
function readWidths({ layers, scale }: AskedWidthTexts): Result<AskedWidths> {
  const read = new Map<string, AskedWidth>();
  for (const { name, width } of layers) {
    const value = parseAskedWidth(width);
    if (value === undefined) return { ok: false, error: `${width} is no width. ${howToWrite}` };
    read.set(name, value);
  }
  if (scale === undefined || scale.trim() === '') return { ok: true, value: { layers: read } };
  const factor = parseAskedWidth(scale.trim() === '1' ? 'x1' : scale);
  if (factor?.kind !== 'factor') return { ok: false, error: `${scale} is no factor. Write 0.75, or 75 %.` };
  return { ok: true, value: { layers: read, scale: factor.factor } };
}

const howToWrite = 'Write channels, such as 48, or a factor, such as 0.5 or 50 %.';
