// Widths that are asked for or proposed, as one change of the source: what is edited, what that saves of what was wanted, and
// what can't be had. The better of the ways by the saving that they bring.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { Cost } from '../costs/cost-report.ts';
import { knownValue } from '../common/count.ts';
import { formatAmount } from '../common/number-format.ts';
import { isExact } from './proposal-edits.ts';
import type { EditPlan } from '../edits/plan.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { rebuildWithWidths } from '../structure/rebuild-graph.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { wantedWidths, type ProposedWidths } from './proposal-plans.ts';

/** MACs for one image and parameters; undefined where they are not known exactly. */
export interface NetworkSize {
  readonly macs: number | undefined;
  readonly params: number | undefined;
}

export interface WidthChange {
  readonly plan: EditPlan;
  readonly before: NetworkSize;
  /** With every width as wanted; undefined where there is no such network. */
  readonly wanted: NetworkSize | undefined;
  /** With the edits. */
  readonly after: NetworkSize;
  /** Why code can't be rewritten for the rest; absent where that was not asked, or where there is no rest. */
  readonly notRewritten?: string;
}

/** The change that brings the most of a proposal into the source. */
export function widthChange(
  session: AnalysisSession,
  { graph }: AnalyzedModel,
  proposal: ProposedWidths,
  { refactor }: { readonly refactor: boolean },
  cancellation: Cancellation = neverCancelled,
): WidthChange {
  const { plan, notRewritten } = refactor
    ? betterPlan(session, graph, proposal, cancellation)
    : { plan: session.plans.all(graph, proposal, cancellation) };
  const grouping = session.grouping(graph);
  const rebuilt = rebuildWithWidths(grouping, wantedWidths(grouping, proposal));
  return {
    plan,
    before: sizeOf(session, graph),
    wanted: rebuilt.ok ? sizeOf(session, rebuilt.value.graph) : undefined,
    after: sizeOf(session, plan.graph ?? graph),
    ...(notRewritten !== undefined && { notRewritten }),
  };
}

/** Numbers alone where they do, else rewritten code; where neither gives all, the plan that saves more. */
function betterPlan(
  session: AnalysisSession,
  graph: NetworkGraph,
  proposal: ProposedWidths,
  cancellation: Cancellation,
): Pick<WidthChange, 'plan' | 'notRewritten'> {
  const exact = session.plans.exact(graph, proposal, cancellation);
  if (exact !== undefined) return { plan: exact };
  const refactored = session.plans.refactored(graph, proposal, undefined, cancellation);
  if (refactored.ok && isExact(refactored.value)) return { plan: refactored.value };
  const plain = session.plans.all(graph, proposal, cancellation);
  const cost = ({ graph: after }: EditPlan): number => {
    const { macs, params } = sizeOf(session, after ?? graph);
    return macs ?? params ?? Infinity;
  };
  if (!refactored.ok) return { plan: plain, ...(!isExact(plain) && { notRewritten: refactored.error }) };
  return { plan: cost(refactored.value) < cost(plain) ? refactored.value : plain };
}

/** `555 M → 420 M MACs (−24.3 %), 11.2 M → 8.41 M params`; what is not known exactly is a question mark. */
export function sizeWords({ before, after }: Pick<WidthChange, 'before' | 'after'>): string {
  const words = (from: number | undefined, to: number | undefined, unit: string): string => {
    if (from === undefined || to === undefined) return `? ${unit}`;
    const percent = from === 0 ? 0 : (100 * (to - from)) / from;
    const sign = percent < 0 ? '−' : '+';
    const change = percent === 0 ? '' : ` (${sign}${Math.abs(percent).toFixed(1)} %)`;
    return `${formatAmount(from)} → ${formatAmount(to)} ${unit}${change}`;
  };
  return `${words(before.macs, after.macs, 'MACs')}, ${words(before.params, after.params, 'params')}`;
}

/** What is rewritten, what comes out other than asked or not at all, and which other models change along, a sentence each. */
export function changeNotes({ plan, notRewritten }: Pick<WidthChange, 'plan' | 'notRewritten'>): readonly string[] {
  return [
    ...(plan.refactoring === undefined ? [] : [plan.refactoring]),
    ...plan.widths
      .filter(({ before: from, after: to, wanted: asked }) => to !== asked && from !== to)
      .map((width) => `${width.layers.join(', ')}: ${String(width.after)} (${String(width.wanted)} asked)`),
    ...plan.notes,
    ...plan.refused.map(
      ({ layers, before: from, wanted: to, reason }) =>
        `${layers.join(', ')} stays at ${String(from)} (${String(to)} asked): ${reason}`,
    ),
    ...(notRewritten === undefined ? [] : [`Rewriting the code does not help: ${notRewritten}.`]),
    ...(plan.alsoChanges.length === 0 ? [] : [`changes along: ${plan.alsoChanges.join(', ')}`]),
  ];
}

function sizeOf(session: AnalysisSession, graph: NetworkGraph): NetworkSize {
  const { total } = session.costs(graph, { device: 'V100', devices: {} });
  const exact = (key: keyof Cost): number | undefined =>
    total[key].kind === 'exact' ? knownValue(total[key]) : undefined;
  return { macs: exact('macs'), params: exact('params') };
}
