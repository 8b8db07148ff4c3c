// Quick-fixes: a scale for batch norms that have none, and for a proposal one layer's width with everything that must change with it, or all of them on the model.
// Only edits that were proven are offered; the hover says why others are not.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import { LineIndex } from '../common/line-index.ts';
import type { Result } from '../common/problem.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { Op } from '../network/op.ts';
import { editableLeaves } from '../network/width-origin.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { editsOfPlan, isExact, proposalEdits, type ProposalEdits } from './proposal-edits.ts';
import { scaleEdit, unscaledSites } from './unscaled-norms.ts';
import { modelOfRun, proposedChanges } from './proposed-changes.ts';

/** Offered where edits of the source can't give every proposed width: the whole slim model as a file of its own. */
export interface SlimFileAction {
  readonly kind: 'write-slim-model';
  readonly title: string;
  readonly runId: string;
  readonly isPreferred: false;
}

/** Gives batch norms the scale that the gamma regularizer works on. */
export interface ScaleAction extends Pick<ProposalEdits, 'title' | 'documents'> {
  readonly kind: 'give-scale';
  /** Where the finding that this mends stands. */
  readonly site: SourceSpan;
  readonly isPreferred: boolean;
}

/** Rewrites code so that layers can differ, and sets their widths. Proving that takes a while, so it is done when it is chosen. */
export interface RefactoringAction {
  readonly kind: 'refactor';
  readonly title: string;
  /** The document of the model. */
  readonly document: string;
  /** The layer whose width is set; absent for all proposed ones. */
  readonly layer?: string;
  readonly isPreferred: false;
}

export type CodeAction = WidthAction | SlimFileAction | ScaleAction | RefactoringAction;

export interface WidthAction extends ProposalEdits {
  readonly kind: 'set-width' | 'apply-all';
  /** The layer that was asked about; absent for all. */
  readonly layer?: string;
  /** Where the `proposed-width` hint that this fixes stands. */
  readonly site?: SourceSpan;
  /** The one that an editor may apply without asking which. */
  readonly isPreferred: boolean;
}

/** The quick-fixes for a range (offsets) of a document. */
export function codeActions(
  session: AnalysisSession,
  document: string,
  range: { readonly start: number; readonly end: number },
  cancellation: Cancellation = neverCancelled,
): readonly CodeAction[] {
  const text = session.textOf(document);
  if (text === undefined) return [];
  const lines = new LineIndex(text);
  const lineOf = (offset: number): number => lines.positionAt(offset).line;
  const touches = (span: SourceSpan | undefined): boolean =>
    span?.document === document &&
    lineOf(span.start) <= lineOf(range.end) &&
    (lineOf(span.start) >= lineOf(range.start) || span.end > range.start);
  return session.modelsIn(document, cancellation).flatMap((model): readonly CodeAction[] => {
    const scales = scaleActions(session, model, touches);
    const attached = session.attachedProposal(model.entry.document);
    const changes = proposedChanges(session, model);
    if (attached === undefined || model.stale || changes.length === 0) return scales;
    const here = changes.filter(
      ({ op }) => (op.site !== undefined && touches(op.site.span)) || writtenAt(op).some(touches),
    );
    const single = here.flatMap(({ op }): readonly WidthAction[] => {
      const edits = proposalEdits(session, model.entry.document, attached, op.name);
      if (!edits.ok || op.site === undefined) return [];
      return [{ ...edits.value, kind: 'set-width', layer: op.name, site: op.site.span, isPreferred: false }];
    });
    const own = namedApart(distinct(single));
    const offersAll = here.length > 0 || touches(model.place(model.entry.span));
    const all = offersAll ? proposalEdits(session, model.entry.document, attached) : undefined;
    const [only] = own;
    return [
      ...scales,
      ...(own.length === 1 && only !== undefined ? [{ ...only, isPreferred: true }] : own),
      ...(all?.ok === true ? [{ ...all.value, kind: 'apply-all' as const, isPreferred: false }] : []),
      ...refactorings(session, model, here, single, all),
      ...(all === undefined ? [] : slimFile(session, model, attached.runId, all)),
    ];
  });
}

/** More layers of one line are not offered one by one. */
const mostSingle = 4;

/** For what numbers alone can't give: one layer's width, or all of a proposal. */
function refactorings(
  session: AnalysisSession,
  { entry: { document } }: AnalyzedModel,
  here: ReturnType<typeof proposedChanges>,
  single: readonly WidthAction[],
  all: Result<ProposalEdits> | undefined,
): readonly RefactoringAction[] {
  if (!session.canNameNumbers(document)) return [];
  const exact = new Set(single.filter(({ plan }) => isExact(plan)).map(({ layer }) => layer));
  const short = here.filter(({ op }) => !exact.has(op.name));
  const own = short.length > mostSingle ? [] : short;
  return [
    ...own.map(({ op, after }): RefactoringAction => {
      const title = `Give ${op.name} a width of its own: ${String(after)} (rewrites code that layers share)`;
      return { kind: 'refactor', title, document, layer: op.name, isPreferred: false };
    }),
    ...(all === undefined || (all.ok && isExact(all.value.plan))
      ? []
      : [
          {
            kind: 'refactor' as const,
            title: 'Apply all proposed widths, rewriting code that layers share',
            document,
            isPreferred: false as const,
          },
        ]),
  ];
}

/** A refactoring that was chosen, proven; or why there is none. */
export function resolveRefactoring(
  session: AnalysisSession,
  { document, layer }: Pick<RefactoringAction, 'document' | 'layer'>,
): Result<ProposalEdits> {
  const attached = session.attachedProposal(document);
  const model = attached && modelOfRun(session, document, attached.entry);
  if (attached === undefined || model === undefined || model.stale) {
    return { ok: false, error: 'The source has changed; ask for the actions again.' };
  }
  const plan = session.plans.refactored(model.graph, attached.proposal, layer);
  if (plan.ok) return { ok: true, value: editsOfPlan(session, plan.value) };
  return { ok: false, error: `The code can't be rewritten for this: ${plan.error}.` };
}

function scaleActions(
  session: AnalysisSession,
  model: AnalyzedModel,
  touches: (span: SourceSpan) => boolean,
): readonly ScaleAction[] {
  return unscaledSites(session, model).flatMap((site): readonly ScaleAction[] => {
    const edit = touches(site.span) ? scaleEdit(session, model, site) : undefined;
    if (edit === undefined) return [];
    const { document } = edit;
    const documents = [{ document, version: session.versionOf(document), edits: [edit] }];
    const norms = site.ops.length === 1 ? 'the batch norm' : 'the batch norms';
    return [
      {
        kind: 'give-scale',
        title: `Give ${norms} a scale (${session.scaleSettingOf(model.graph) ?? 'scale'}=True)`,
        documents,
        site: site.span,
        isPreferred: true,
      },
    ];
  });
}

function slimFile(
  session: AnalysisSession,
  model: AnalyzedModel,
  runId: string,
  all: Result<ProposalEdits>,
): readonly SlimFileAction[] {
  if (session.writerOf(model.graph) === undefined || (all.ok && isExact(all.value.plan))) return [];
  return [{ kind: 'write-slim-model', title: 'Write the slim model to a new file', runId, isPreferred: false }];
}

/** Where an op's width is written. */
function writtenAt(op: Op): readonly SourceSpan[] {
  return op.outWidth === undefined ? [] : editableLeaves(op.outWidth).map(({ span }) => span);
}

/** Layers that change together have the same edits: one action is enough. */
function distinct(actions: readonly WidthAction[]): readonly WidthAction[] {
  const seen = new Set<string>();
  return actions.filter(({ documents }) => {
    const key = JSON.stringify(documents.map(({ document, edits }) => [document, edits]));
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Several actions of one line say whose width they set. */
function namedApart(actions: readonly WidthAction[]): readonly WidthAction[] {
  if (actions.length < 2) return actions;
  return actions.map((action) => ({
    ...action,
    title: action.layer === undefined ? action.title : action.title.replace(/ width /, ` width of ${action.layer} `),
  }));
}

/** Why the proposed width of an op can't be set as proposed, in sentences; empty when it can. */
export function obstacles(session: AnalysisSession, model: AnalyzedModel, op: Op): readonly string[] {
  const attached = session.attachedProposal(model.entry.document);
  if (attached === undefined || model.stale) return [];
  return session.plans.obstacles(model.graph, attached.proposal, op.name);
}
