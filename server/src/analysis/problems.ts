// What a document's user should know: findings of the frontend, parts that could not be followed, layers that are never
// called, and, where a run proposes another width, a hint that carries the quick-fix.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { LineIndex } from '../common/line-index.ts';
import type { Problem } from '../common/problem.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import { isSyntaxError, type AnalyzedModel } from './analyzed-model.ts';
import { firstLineOf, sitesIn, unknownPartsOf } from './document-layers.ts';
import type { Budgets } from '../costs/budget.ts';
import { checkBudgets } from './budget-report.ts';
import { chooseDevice } from './latency-device.ts';
import { unscaledSites } from './unscaled-norms.ts';
import { proposedChanges, type ProposedChange } from './proposed-changes.ts';

/** The findings that stand in a document, in text order. Those without a place (a missing entry) stand at its start. */
export function documentProblems(
  session: AnalysisSession,
  document: string,
  settings: AnalysisSettings,
  cancellation: Cancellation = neverCancelled,
  budgets?: Budgets,
): readonly Problem[] {
  const [text, lines] = [session.textOf(document), session.linesOf(document)];
  if (text === undefined || lines === undefined) return [];
  const analysis = session.analyze(document, cancellation);
  const isBroken = analysis.problems.some(isSyntaxError);
  // What a half-typed text makes of a whole model says nothing; the syntax error does.
  const isConsequence = ({ severity, span }: Problem): boolean =>
    isBroken && severity === 'error' && analysis.models.some(({ entry }) => isSame(entry.span, span));
  const found: Problem[] = analysis.problems.filter(
    (problem) => (problem.span?.document ?? document) === document && !isConsequence(problem),
  );
  for (const model of session.modelsIn(document, cancellation)) {
    if (model.stale || isBroken) continue;
    found.push(...unknownParts(model, document, found), ...idleLayers(model, document, text, lines));
    for (const { span, message } of unscaledSites(session, model)) {
      if (span.document !== document) continue;
      const place = firstLineOf(span, text, lines);
      found.push({ code: 'batch-norm-without-scale', severity: 'information', message, span: place });
    }
  }
  if (budgets !== undefined && !isBroken) {
    for (const model of analysis.models) found.push(...brokenBudgets(session, model, document, settings, budgets));
  }
  found.push(...proposalHints(session, document, text, lines, cancellation));
  const first = analysis.models[0];
  const { problem: deviceProblem } = chooseDevice(settings);
  if (first !== undefined && deviceProblem !== undefined) {
    const span = first.place(first.entry.span);
    found.push({
      code: 'unknown-device',
      severity: 'warning',
      message: deviceProblem,
      ...(span?.document === document && { span }),
    });
  }
  const shown =
    settings.problems === 'all' ? found : found.filter(({ severity }) => /^(error|warning)$/.test(severity));
  return withoutRepetition(shown).sort((left, right) => (left.span?.start ?? 0) - (right.span?.start ?? 0));
}

/** One finding a broken budget, on the model, with the layers that take most of it. */
function brokenBudgets(
  session: AnalysisSession,
  model: AnalyzedModel,
  document: string,
  settings: AnalysisSettings,
  budgets: Budgets,
): readonly Problem[] {
  const span = model.place(model.entry.span);
  if (model.stale || span?.document !== document) return [];
  return checkBudgets(session, model, settings, budgets).flatMap(({ verdict, text, largest }): readonly Problem[] => {
    if (verdict !== 'broken') return [];
    const related = largest.flatMap(({ op: { name: layer, site }, share }) =>
      site === undefined ? [] : [{ span: site.span, message: `${layer} takes ${(100 * share).toFixed(0)} % of it` }],
    );
    const name = model.entry.name === '' ? 'The model' : model.entry.name;
    return [
      {
        code: 'broken-budget',
        severity: 'warning',
        message: `${name} is over its budget of ${text}. The budget stands in morphnet.json.`,
        span,
        related,
      },
    ];
  });
}

/** Parts that evaluation could not follow, where the frontend has not said so itself. */
function unknownParts(model: AnalyzedModel, document: string, known: readonly Problem[]): readonly Problem[] {
  const isTold = (reason: string, span: SourceSpan): boolean =>
    known.some((problem) => problem.message.includes(reason) || overlaps(problem.span, span));
  return unknownPartsOf(model.graph).flatMap(({ reason, span }): readonly Problem[] => {
    if (span?.document !== document || isTold(reason, span)) return [];
    const message = `${sentence(reason)} Costs above this are lower bounds.`;
    return [{ code: 'unknown-part', severity: 'information', message, span }];
  });
}

function idleLayers(model: AnalyzedModel, document: string, text: string, lines: LineIndex): readonly Problem[] {
  // What stands behind something unknown may well be called.
  const uncalled =
    unknownPartsOf(model.graph).length === 0 ? 'never called' : 'not called by anything that was understood';
  return sitesIn(model, document).flatMap((site) => {
    const names = site.idle.filter((layer) => layer.parameters.length > 0).map((layer) => layer.name);
    if (names.length === 0 || site.ops.length > 0) return [];
    const message = `${listOf(names)} ${names.length === 1 ? 'is' : 'are'} made but ${uncalled}: the parameters count, no operations do.`;
    return [{ code: 'idle-layer', severity: 'hint', message, span: firstLineOf(site.span, text, lines) }];
  });
}

/** One hint a site, however many layers it makes. */
function proposalHints(
  session: AnalysisSession,
  document: string,
  text: string,
  lines: LineIndex,
  cancellation: Cancellation,
): readonly Problem[] {
  return session.modelsIn(document, cancellation).flatMap((model) => {
    const changes = new Map(proposedChanges(session, model).map((change) => [change.op.id, change]));
    if (changes.size === 0 || model.stale) return [];
    return sitesIn(model, document).flatMap((site): readonly Problem[] => {
      const here = site.ops.flatMap((op) => changes.get(op.id) ?? []);
      if (here.length === 0) return [];
      const span = firstLineOf(site.span, text, lines);
      return [{ code: 'proposed-width', severity: 'hint', message: proposalSentence(here), span }];
    });
  });
}

/** `MorphNet proposes 41 of 64 channels`, with the number of layers where a line makes several. */
function proposalSentence(changes: readonly ProposedChange[]): string {
  const after = rangeText(changes.map((change) => change.after));
  const before = rangeText(changes.map((change) => change.before));
  const layers = changes.length === 1 ? '' : ` (${String(changes.length)} layers)`;
  return `MorphNet proposes ${after} of ${before} channels${layers}`;
}

/** `9`, or `9 to 12`. */
export function rangeText(values: readonly number[]): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? String(low) : `${String(low)} to ${String(high)}`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
function listOf(names: readonly string[], atMost = 3): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length > atMost)
    return `${names.slice(0, atMost - 1).join(', ')} and ${String(names.length - atMost + 1)} more`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

function isSame(left: SourceSpan, right: SourceSpan | undefined): boolean {
  return left.document === right?.document && left.start === right.start && left.end === right.end;
}

function overlaps(left: SourceSpan | undefined, right: SourceSpan): boolean {
  return left?.document === right.document && left.start < right.end && right.start < left.end;
}

function withoutRepetition(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = `${problem.code}|${String(problem.span?.start)}|${String(problem.span?.end)}|${problem.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
