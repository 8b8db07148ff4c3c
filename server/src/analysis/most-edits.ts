// The edits that bring the most of a proposal into the source: numbers where they give every width, rewritten code where layers
// share a number and rewriting brings more.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { AnalysisSession, AttachedProposal } from './analysis-session.ts';
import { editsOfPlan, isExact, proposalEdits, type ProposalEditsResult } from './proposal-edits.ts';
import { modelOfRun } from './proposed-changes.ts';
import { widthChange } from './width-change.ts';

/** Which edits are wanted. */
export interface EditsWanted {
  /** The layer whose width is set; absent for all proposed ones. */
  readonly layer?: string | undefined;
  /** Whether code may be rewritten. */
  readonly refactor: boolean;
}

export function mostEdits(
  session: AnalysisSession,
  document: string,
  attached: AttachedProposal,
  { layer, refactor }: EditsWanted,
  cancellation: Cancellation = neverCancelled,
): ProposalEditsResult {
  const plain = proposalEdits(session, document, attached, layer, cancellation);
  const model = modelOfRun(session, document, attached.entry);
  const isDone = plain.ok ? isExact(plain.value.plan) : plain.isApplied === true;
  if (isDone || !refactor || model === undefined || model.stale) return plain;
  if (layer === undefined) {
    const { plan } = widthChange(session, model, attached.proposal, { refactor }, cancellation);
    return plan.refactoring === undefined ? plain : { ok: true, value: editsOfPlan(session, plan) };
  }
  const plan = session.plans.refactored(model.graph, attached.proposal, layer, cancellation);
  return plan.ok && isExact(plan.value) ? { ok: true, value: editsOfPlan(session, plan.value) } : plain;
}
