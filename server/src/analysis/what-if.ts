// What a model would cost with other widths, before anything is written: its layers with what is tied to them made narrower or
// wider, nothing read or proven.

import type { Result } from '../common/problem.ts';
import type { AnalysisSession } from './analysis-session.ts';
import { hasOwnWidth, widthsOf } from '../network/op-traits.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import { rebuildWithWidths } from '../structure/rebuild-graph.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { askedProposal, widthGroupOf, type AskedWidths } from './asked-widths.ts';
import { wantedWidths } from './proposal-plans.ts';

/** Layers whose widths change together, and from what to what. */
export interface ChangedWidth {
  readonly layers: readonly string[];
  readonly before: number;
  readonly after: number;
}

export interface WhatIf {
  readonly graph: NetworkGraph;
  /** What changes, in network order; of layers that are tied all are named. */
  readonly changed: readonly ChangedWidth[];
}

/** The network at the asked widths; or which of them can't be had, and why. */
export function whatIf(session: AnalysisSession, model: AnalyzedModel, asked: AskedWidths): Result<WhatIf> {
  const grouping = session.grouping(model.graph);
  const proposal = askedProposal(grouping, asked);
  if (!proposal.ok) return proposal;
  const rebuilt = rebuildWithWidths(grouping, wantedWidths(grouping, proposal.value));
  if (!rebuilt.ok) return rebuilt;
  const changed = (proposal.value.groups ?? []).flatMap(({ layers, width }): readonly ChangedWidth[] =>
    width.before === width.after ? [] : [{ layers, before: width.before, after: width.after }],
  );
  return { ok: true, value: { graph: rebuilt.value.graph, changed } };
}

/** Why the width of a layer can't be set, by name; layers that are not in here have one that can. */
export function settledWidths(grouping: ChannelGrouping): ReadonlyMap<string, string> {
  const settled = new Map<string, string>();
  for (const op of grouping.graph.ops) {
    if (!hasOwnWidth(op)) {
      if (widthsOf(op.attributes).out !== undefined) settled.set(op.name, 'it follows its input');
      continue;
    }
    const group = widthGroupOf(grouping, op);
    if (!group.ok) settled.set(op.name, group.error);
    else if (group.value.fixed !== undefined) settled.set(op.name, group.value.fixed.reason);
  }
  return settled;
}
