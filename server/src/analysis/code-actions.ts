// Quick-fixes: a scale for batch norms that have none, and for a proposal one layer's width with everything that must change
// with it, or all of them on the model. Titles come from the solved numbers at once; the edit of the one that is chosen is
// proven before it is made, and the hover says why others are not offered.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import { LineIndex } from '../common/line-index.ts';
import type { Result } from '../common/problem.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { Op } from '../network/op.ts';
import { editableLeaves } from '../network/width-origin.ts';
import type { AnalysisSession, AttachedProposal } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { allTitle, editsOfPlan, isExact, layerTitle, proposalEdits, type ProposalEdits } from './proposal-edits.ts';
import { scaleEdit, unscaledSites } from './unscaled-norms.ts';
import { modelOfRun, proposedChanges, type ProposedChange } from './proposed-changes.ts';

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

/** How widths are brought into the source. */
export type EditKind = 'numbers' | 'rewriting';

/** Sets proposed widths. Its edit is worked out and proven when it is chosen. */
export interface WidthAction {
  readonly kind: 'set-width' | 'apply-all';
  readonly title: string;
  readonly by: EditKind;
  /** The document of the model. */
  readonly document: string;
  /** The layer whose width is set; absent for all proposed ones. */
  readonly layer?: string;
  /** Where the `proposed-width` hint that this fixes stands. */
  readonly site?: SourceSpan;
  /** The one that an editor may apply without asking which. */
  readonly isPreferred: boolean;
}

export type CodeAction = WidthAction | SlimFileAction | ScaleAction;

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
    const offersAll = here.length > 0 || touches(model.place(model.entry.span));
    return [
      ...scales,
      ...singleActions(session, model, attached, here),
      ...(offersAll ? wholeActions(session, model, attached) : []),
    ];
  });
}

/** More layers of one line are not offered one by one. */
const mostSingle = 4;

/** Each layer's own width on a line: as numbers where they give it, by rewriting code where they don't. */
function singleActions(
  session: AnalysisSession,
  { graph, entry: { document } }: AnalyzedModel,
  { proposal }: AttachedProposal,
  here: readonly ProposedChange[],
): readonly WidthAction[] {
  const { plans } = session;
  // Layers that change together are one action, whichever of them is asked for; by layer, whether it brings what is wanted.
  const settled = new Map<string, boolean>();
  const numbers: WidthAction[] = [];
  const short: ProposedChange[] = [];
  for (const change of here) {
    // Others are offered where their own numbers stand.
    if (short.length > mostSingle && (numbers.length === 0 || numbers.length > mostSingle)) break;
    const known = settled.get(change.op.name);
    if (known !== undefined) {
      if (!known) short.push(change);
      continue;
    }
    const planned = plans.plannedLayer(graph, proposal, change.op.name);
    const own = planned.ok ? planned.value.widths.find(({ layers }) => layers.includes(change.op.name)) : undefined;
    if (!planned.ok || own === undefined) {
      short.push(change);
    } else {
      const isEnough = planned.value.widths.every(({ wanted, after }) => wanted === after);
      for (const { layers } of planned.value.widths) for (const layer of layers) settled.set(layer, isEnough);
      if (!isEnough) short.push(change);
      const title = layerTitle(planned.value, change.op.name);
      const { name, site } = change.op;
      numbers.push({
        kind: 'set-width',
        title,
        by: 'numbers',
        document,
        layer: name,
        ...(site !== undefined && { site: site.span }),
        isPreferred: false,
      });
    }
  }
  const [only] = numbers;
  const rewriting = session.canNameNumbers(document) && short.length <= mostSingle ? short : [];
  return [
    ...(numbers.length > mostSingle
      ? []
      : numbers.length === 1 && only !== undefined
        ? [{ ...only, isPreferred: true }]
        : namedApart(numbers)),
    ...rewriting.map(({ op, after }): WidthAction => {
      const title = `Give ${op.name} a width of its own: ${String(after)} (rewrites code that layers share)`;
      const site = op.site && { site: op.site.span };
      return { kind: 'set-width', title, by: 'rewriting', document, layer: op.name, ...site, isPreferred: false };
    }),
  ];
}

/** All of a proposal: by numbers, by rewriting code where these are not enough, or as a file of its own. */
function wholeActions(
  session: AnalysisSession,
  model: AnalyzedModel,
  { runId, proposal }: AttachedProposal,
): readonly (WidthAction | SlimFileAction)[] {
  const { document } = model.entry;
  const planned = session.plans.planned(model.graph, proposal);
  const action = (by: EditKind, title: string): WidthAction => ({
    kind: 'apply-all',
    title,
    by,
    document,
    isPreferred: false,
  });
  const isEnough = isExact({ widths: planned.widths, refused: planned.stays });
  const all = 'Apply all proposed widths, rewriting code that layers share';
  return [
    ...(planned.widths.length === 0 ? [] : [action('numbers', allTitle(planned.widths, planned.stays))]),
    ...(isEnough || !session.canNameNumbers(document) ? [] : [action('rewriting', all)]),
    ...(isEnough || session.writerOf(model.graph) === undefined
      ? []
      : [
          {
            kind: 'write-slim-model' as const,
            title: 'Write the slim model to a new file',
            runId,
            isPreferred: false as const,
          },
        ]),
  ];
}

/** The edits of an action that was chosen, proven; or why there are none. */
export function resolveAction(
  session: AnalysisSession,
  { document, layer, by }: Pick<WidthAction, 'document' | 'layer' | 'by'>,
  cancellation: Cancellation = neverCancelled,
): Result<ProposalEdits> {
  const attached = session.attachedProposal(document);
  const model = attached && modelOfRun(session, document, attached.entry);
  if (attached === undefined || model === undefined || model.stale) {
    return { ok: false, error: 'The source has changed; ask for the actions again.' };
  }
  const byNumbers = by === 'numbers' ? proposalEdits(session, document, attached, layer, cancellation) : undefined;
  if (byNumbers?.ok === true) return byNumbers;
  const plan = session.plans.refactored(model.graph, attached.proposal, layer, cancellation);
  if (plan.ok) return { ok: true, value: editsOfPlan(session, plan.value) };
  return { ok: false, error: byNumbers?.error ?? `The code can't be rewritten for this: ${plan.error}.` };
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

/** Where an op's width is written. */
function writtenAt(op: Op): readonly SourceSpan[] {
  return op.outWidth === undefined ? [] : editableLeaves(op.outWidth).map(({ span }) => span);
}

/** Several actions of one line say whose width they set. */
function namedApart(actions: readonly WidthAction[]): readonly WidthAction[] {
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
