// Where a run's proposal differs from the source as it stands. Layers that already have their proposed width are left out,
// so that a proposal can be applied bit by bit.

import { widthsOf } from '../network/op-traits.ts';
import type { Op } from '../network/op.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import type { ProposedWidths } from './proposal-plans.ts';

export interface ProposedChange {
  readonly op: Op;
  readonly layer: ProposedWidths['layers'][number];
  /** The width in the source now. */
  readonly before: number;
  /** The proposed width; a layer that is to vanish keeps one channel. */
  readonly after: number;
}

/** The changes that the document's attached proposal asks of a model; none when it is about another entry. */
export function proposedChanges(session: AnalysisSession, model: AnalyzedModel): readonly ProposedChange[] {
  const attached = session.attachedProposal(model.entry.document);
  if (attached === undefined) return [];
  if (modelOfRun(session, model.entry.document, attached.entry)?.entry.name !== model.entry.name) return [];
  const ops = new Map(model.graph.ops.map((op) => [op.name, op]));
  return attached.proposal.layers.flatMap((layer) => {
    const op = ops.get(layer.name);
    const before = op === undefined ? undefined : widthsOf(op.attributes).out;
    const after = Math.max(1, layer.width.after);
    // A source that is slimmer than the proposal already was changed by hand: it is not widened again.
    if (op === undefined || before === undefined || before <= after) return [];
    return [{ op, layer, before, after }];
  });
}

/**
 * The model that a run was about. An edit in `net = Net(16)` renames the entry, so where no entry has the run's name the
 * best one with the same callee is meant.
 */
export function modelOfRun(session: AnalysisSession, document: string, entry: string): AnalyzedModel | undefined {
  const { models } = session.analyze(document);
  const callee = (name: string): string => name.split('(', 1)[0] ?? '';
  return (
    models.find((model) => model.entry.name === entry) ??
    models.find((model) => callee(model.entry.name) === callee(entry))
  );
}
