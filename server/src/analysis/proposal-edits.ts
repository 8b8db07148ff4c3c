// The edits of a proposal with their titles, for quick-fixes, the dashboard and `morphnet apply`.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import { byDocument, type LiteralEdit } from '../edits/literal-text.ts';
import type { EditPlan } from '../edits/plan.ts';
import type { AnalysisSession, AttachedProposal } from './analysis-session.ts';
import { rangeText } from './problems.ts';
import { fileName } from '../common/file-name.ts';
import { modelOfRun } from './proposed-changes.ts';

/** Edits of one document; `version` is the open document's that they fit. */
interface DocumentEdits {
  readonly document: string;
  readonly version: number | undefined;
  readonly edits: readonly LiteralEdit[];
}

/** Proven edits. Documents are in order of their names, edits in text order. */
export interface ProposalEdits {
  readonly title: string;
  readonly documents: readonly DocumentEdits[];
  /** What becomes of which layers, and what could not be had. */
  readonly plan: EditPlan;
}

/** `isApplied`: nothing is wrong, the source has the widths already. */
export type ProposalEditsResult =
  | { readonly ok: true; readonly value: ProposalEdits }
  | { readonly ok: false; readonly error: string; readonly isApplied?: true };

/** All widths of a proposal, or those that one layer needs; the failure says what to do. */
export function proposalEdits(
  session: AnalysisSession,
  document: string,
  { entry, proposal }: AttachedProposal,
  layer?: string,
  cancellation: Cancellation = neverCancelled,
): ProposalEditsResult {
  const model = modelOfRun(session, document, entry);
  if (model === undefined) {
    return { ok: false, error: `There is no model ${entry} in ${fileName(document)} any more; run MorphNet again.` };
  }
  if (model.stale) return { ok: false, error: 'The source has an error; mend it first.' };
  if (layer !== undefined) {
    const plan = session.plans.layer(model.graph, proposal, layer, cancellation);
    if (!plan.ok) return plan;
    return { ok: true, value: editsOf(session, plan.value, layerTitle(plan.value, layer)) };
  }
  const plan = session.plans.all(model.graph, proposal, cancellation);
  if (plan.edits.length === 0) {
    const [refused] = plan.refused;
    if (refused === undefined)
      return { ok: false, error: 'The source already has the proposed widths.', isApplied: true };
    return { ok: false, error: `None of the proposed widths can be set. ${refused.reason}` };
  }
  return { ok: true, value: editsOf(session, plan, allTitle(plan.widths, plan.refused)) };
}

/** Whether a plan gives every layer just the width that was proposed for it. */
export function isExact({
  refused,
  widths,
}: Pick<EditPlan, 'widths'> & { readonly refused: readonly unknown[] }): boolean {
  return refused.length === 0 && widths.every(({ wanted, after }) => wanted === after);
}

function editsOf(session: AnalysisSession, plan: EditPlan, title: string): ProposalEdits {
  const documents = [...byDocument(plan.edits)].map(([document, edits]) => ({
    document,
    version: session.versionOf(document),
    edits,
  }));
  const how = plan.refactoring === undefined ? '' : ', rewriting code that layers share';
  return { title: `${title}${how}${siblingsText(plan.alsoChanges)}`, documents, plan };
}

/** ` (also changes vgg19, vgg13 and 2 more)`: models of other names that the same numbers make. */
function siblingsText(names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown =
    names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${String(names.length - 2)} more`;
  return `; also changes ${shown}`;
}

/** A plan of all widths with its title. */
export function editsOfPlan(session: AnalysisSession, plan: EditPlan): ProposalEdits {
  return editsOf(session, plan, allTitle(plan.widths, plan.refused));
}

/** `Set width to 41`; a shared number says for how many layers, and a raised one what was proposed. */
export function layerTitle(plan: Pick<EditPlan, 'widths'>, layer: string): string {
  const own = plan.widths.find(({ layers }) => layers.includes(layer));
  if (own === undefined) return 'Set width';
  const wanted = plan.widths.map((width) => width.wanted);
  if (plan.widths.length === 1) {
    return own.after === own.wanted
      ? `Set width to ${String(own.after)}`
      : `Set width to ${String(own.after)} (${String(own.wanted)} proposed)`;
  }
  const count = plan.widths.flatMap(({ layers }) => layers).length;
  const after = rangeText(plan.widths.map((width) => width.after));
  const all = plan.widths.every((width) => width.after === own.after) ? ' for all' : '';
  return `Set shared width to ${String(own.after)} in ${String(count)} layers (${rangeText(wanted)} wanted; ${after}${all})`;
}

/** `Apply all 12 proposed widths`; says how many can't be had, and how many are wider because they share a number. */
export function allTitle(widths: EditPlan['widths'], stays: readonly { readonly layers: readonly string[] }[]): string {
  const layers = (rows: readonly { readonly layers: readonly string[] }[]): number =>
    new Set(rows.flatMap((row) => row.layers)).size;
  const whole = layers([...widths, ...stays]);
  const done = layers(widths);
  const raised = layers(widths.filter(({ wanted, after }) => after > wanted));
  const what =
    done < whole
      ? `${String(done)} of ${String(whole)} proposed widths`
      : whole === 1
        ? 'the proposed width'
        : `all ${String(whole)} proposed widths`;
  return `Apply ${what}${raised === 0 ? '' : ` (${String(raised)} wider than proposed)`}`;
}
