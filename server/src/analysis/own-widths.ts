// Code rewritten so that every layer can have a width of its own: new parameters whose defaults are today's numbers, which changes
// no model and sets nothing.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { Result } from '../common/problem.ts';
import { hasOwnWidth } from '../network/op-traits.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { editableLeaves } from '../network/width-origin.ts';
import { opsOf } from '../structure/channel-group.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { askedProposal } from './asked-widths.ts';
import { settableLayers } from './settable-layers.ts';
import { editsOfPlan, type ProposalEdits } from './proposal-edits.ts';

/** Whether layers that may differ are written with one number, so that a rewriting has something to do. */
function sharesNumbers(session: AnalysisSession, { graph, entry }: AnalyzedModel): boolean {
  if (!session.canNameNumbers(entry.document)) return false;
  const known = sharing.get(graph) ?? isSharing(session.grouping(graph));
  sharing.set(graph, known);
  return known;
}

const sharing = new WeakMap<NetworkGraph, boolean>();

function isSharing({ graph, groups }: ChannelGrouping): boolean {
  const groupOf = new Map<string, string>();
  for (const group of groups) {
    if (group.fixed !== undefined) continue;
    for (const id of opsOf(group)) {
      const op = graph.ops[id];
      if (op?.outWidth === undefined || !hasOwnWidth(op)) continue;
      for (const { span } of editableLeaves(op.outWidth)) {
        const place = `${span.document}:${String(span.start)}`;
        const known = groupOf.get(place) ?? group.name;
        if (known !== group.name) return true;
        groupOf.set(place, known);
      }
    }
  }
  return false;
}

/** The model of a range (offsets) whose layers share numbers: that whose entry or whose layers stand there. */
export function modelSharingNumbers(
  session: AnalysisSession,
  document: string,
  range: { readonly start: number; readonly end: number },
  cancellation: Cancellation = neverCancelled,
): AnalyzedModel | undefined {
  const lines = session.linesOf(document);
  if (lines === undefined) return undefined;
  const [first, last] = [lines.positionAt(range.start).line, lines.positionAt(range.end).line];
  const settable = settableLayers(session, document, range, cancellation);
  return session.modelsIn(document, cancellation).find((model) => {
    if (model.stale) return false;
    const { entry } = model;
    const isLayers = settable?.document === entry.document && settable.entry === entry.name;
    const place = isLayers ? undefined : model.place(entry.span);
    const isEntry =
      place?.document === document &&
      lines.positionAt(place.start).line <= last &&
      lines.positionAt(place.end).line >= first;
    return (isLayers || isEntry) && sharesNumbers(session, model);
  });
}

/** The rewriting, proven to change no model; or why there is none. */
export function ownWidthEdits(
  session: AnalysisSession,
  { graph, entry }: AnalyzedModel,
  cancellation: Cancellation = neverCancelled,
): Result<ProposalEdits> {
  const all = askedProposal(session.grouping(graph), { layers: new Map(), scale: 0.5 });
  if (!all.ok) return all;
  const plan = session.plans.ownWidths(graph, all.value, cancellation);
  if (!plan.ok) return { ok: false, error: `The code is not rewritten: ${plan.error}.` };
  const edits = editsOfPlan(session, plan.value);
  return { ok: true, value: { ...edits, title: `Give each block of ${entry.name} its own width` } };
}
