// Proven edits for a run's proposal, worked out once for each state of the source and each proposal.

import type { Result } from '../common/problem.ts';
import { planAll, planUnit, type EditPlan, type EditSources } from '../edits/plan.ts';
import type { WidthUnit } from '../edits/constraints.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';
import type { WidthProposal } from '../structure/width-proposal.ts';
import { outWidthOf } from './document-layers.ts';

/** What plans need of a session. */
export interface PlanTexts {
  textOf(document: string): string | undefined;
  isEditable(document: string): boolean;
  evaluateWith(overlay: ReadonlyMap<string, string>, entry: ModelEntry): NetworkGraph | undefined;
}

/** The network with other widths of some layers, by name; undefined where there is no such network. */
export type RebuildNetwork = (graph: NetworkGraph, widths: ReadonlyMap<string, number>) => NetworkGraph | undefined;

interface Plans {
  readonly units: readonly WidthUnit[];
  readonly sources: EditSources;
  all: EditPlan | undefined;
  readonly single: Map<string, Result<EditPlan>>;
}

export class ProposalPlans {
  readonly #texts: PlanTexts;
  readonly #rebuild: RebuildNetwork;
  readonly #known = new WeakMap<NetworkGraph, WeakMap<WidthProposal, Plans>>();

  constructor(texts: PlanTexts, rebuild: RebuildNetwork) {
    this.#texts = texts;
    this.#rebuild = rebuild;
  }

  /** All proposed widths, as far as they can be had. */
  all(graph: NetworkGraph, proposal: WidthProposal): EditPlan {
    const plans = this.#plans(graph, proposal);
    plans.all ??= planAll(plans.sources, plans.units);
    return plans.all;
  }

  /** One layer's proposed width, with what must change with it. */
  layer(graph: NetworkGraph, proposal: WidthProposal, name: string): Result<EditPlan> {
    const plans = this.#plans(graph, proposal);
    const unit = plans.units.find(({ layers }) => layers.includes(name));
    if (unit === undefined) return { ok: false, error: `The proposal has no narrower width for ${name}.` };
    const known = plans.single.get(unit.key);
    if (known !== undefined) return known;
    const plan = planUnit(plans.sources, plans.units, unit.key);
    plans.single.set(unit.key, plan);
    return plan;
  }

  #plans(graph: NetworkGraph, proposal: WidthProposal): Plans {
    let byProposal = this.#known.get(graph);
    if (byProposal === undefined) {
      byProposal = new WeakMap();
      this.#known.set(graph, byProposal);
    }
    let plans = byProposal.get(proposal);
    if (plans === undefined) {
      const units = unitsOf(graph, proposal);
      plans = { units, sources: this.#sources(graph, units), all: undefined, single: new Map() };
      byProposal.set(proposal, plans);
    }
    return plans;
  }

  #sources(graph: NetworkGraph, units: readonly WidthUnit[]): EditSources {
    return {
      graph,
      rebuild: (widths) => {
        const byLayer = new Map<string, number>();
        for (const unit of units) {
          const width = widths.get(unit.key);
          if (width !== undefined) for (const layer of unit.layers) byLayer.set(layer, width);
        }
        return this.#rebuild(graph, byLayer);
      },
      read: (document) => this.#texts.textOf(document),
      isEditable: (document) => this.#texts.isEditable(document),
      evaluate: (overlay) => this.#texts.evaluateWith(overlay, graph.entry),
    };
  }
}

/**
 * The widths that a proposal speaks of, as they stand in the source: rows of one group are one unit. A row that the source
 * already meets keeps its width; a layer that is to vanish keeps one channel.
 */
export function unitsOf(graph: NetworkGraph, proposal: WidthProposal): readonly WidthUnit[] {
  const ops = new Map(graph.ops.map((op) => [op.name, op]));
  const units = new Map<string, { key: string; layers: string[]; before: number; wanted: number }>();
  for (const { name, group, width } of proposal.layers) {
    const op = ops.get(name);
    const before = op && outWidthOf(op);
    if (before === undefined) continue;
    const wanted = Math.min(before, Math.max(1, width.after));
    // Rows of one group that differ (after an edit by hand) can't move together.
    const key = [...units.values()].some(
      (unit) => unit.key === group && (unit.before !== before || unit.wanted !== wanted),
    )
      ? `${group} ${name}`
      : group;
    const unit = units.get(key);
    if (unit === undefined) units.set(key, { key, layers: [name], before, wanted });
    else unit.layers.push(name);
  }
  return [...units.values()];
}
