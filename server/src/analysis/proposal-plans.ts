// Proven edits for a run's proposal, worked out once for each state of the source and each proposal.

import { isCancelled, neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { Result } from '../common/problem.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { TracedEvaluation } from '../frontends/shared/frontend.ts';
import type { NamedNumbers, NamingRequest, TextEdit } from '../frontends/shared/named-numbers.ts';
import { channelSlopes, paddedPart } from '../edits/channel-slopes.ts';
import { ownWidthsPlan, refactoredPlan, type RefactoringSources } from '../edits/refactored-plan.ts';
import type { Op } from '../network/op.ts';
import { EditPlanner, type EditPlan, type NumberPlan } from '../edits/plan.ts';
import type { WidthEnd, WidthUnit } from '../edits/constraints.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';
import { hasOwnWidth } from '../network/op-traits.ts';
import { opsOf } from '../structure/channel-group.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import { rebuildWithWidths } from '../structure/rebuild-graph.ts';
import type { Inputs } from './inputs.ts';
import { Memo } from './memo.ts';
import type { SiblingModels } from './sibling-models.ts';
import type { CostChange, ProposedGroup, ProposedLayer } from '../structure/width-proposal.ts';

/** What plans need of a session. */
export interface PlanTexts {
  textOf(document: string): string | undefined;
  numbersOf(entry: ModelEntry): NumberDialect;
  isEditable(document: string): boolean;
  grouping(graph: NetworkGraph): ChannelGrouping;
  readonly siblings: SiblingModels;
  trace(entry: ModelEntry, cancellation: Cancellation): TracedEvaluation | undefined;
  inOwnFile(document: string, edits: readonly TextEdit[]): readonly TextEdit[];
  functionsIn(document: string): readonly SourceSpan[];
  nameNumbers(document: string, request: NamingRequest): Result<NamedNumbers>;
  evaluateWith(
    overlay: ReadonlyMap<string, string>,
    entry: ModelEntry,
    cancellation: Cancellation,
  ): NetworkGraph | undefined;
}

/** A proposal as far as edits look at it. */
export interface ProposedWidths {
  readonly step: number;
  readonly layers: readonly Pick<ProposedLayer, 'name' | 'group' | 'width'>[];
  readonly groups?: readonly ProposedGroup[] | undefined;
}

/** The network with other widths of some channel groups, by name; undefined where there is no such network. */
export type RebuildNetwork = (
  grouping: ChannelGrouping,
  widths: ReadonlyMap<string, number>,
) => NetworkGraph | undefined;

/** Structure's answer. */
export const rebuildByStructure: RebuildNetwork = (grouping, widths) => {
  const rebuilt = rebuildWithWidths(grouping, widths);
  return rebuilt.ok ? rebuilt.value.graph : undefined;
};

interface Plans {
  readonly units: readonly WidthUnit[];
  readonly unitOf: ReadonlyMap<string, WidthUnit>;
  readonly sources: RefactoringSources;
  readonly planner: EditPlanner;
  /** What was proven, until a text changes that it was proven with. */
  readonly all: Memo<EditPlan>;
  /** By unit. */
  readonly single: Memo<Result<EditPlan>>;
  /** Where code is rewritten: by layer, and for all of them without a name. */
  readonly refactored: Memo<Result<EditPlan>>;
}

export class ProposalPlans {
  readonly #texts: PlanTexts;
  readonly #inputs: Inputs;
  readonly #rebuild: RebuildNetwork;
  readonly #known = new WeakMap<NetworkGraph, WeakMap<ProposedWidths, Plans>>();
  /** Of the question that is being answered. What is planned after it was cancelled is a part only and not kept. */
  #cancellation: Cancellation = neverCancelled;

  constructor(texts: PlanTexts, inputs: Inputs, rebuild: RebuildNetwork) {
    this.#texts = texts;
    this.#inputs = inputs;
    this.#rebuild = rebuild;
  }

  /** What numbers alone come to for all proposed widths; nothing is proven. */
  planned(graph: NetworkGraph, proposal: ProposedWidths): NumberPlan {
    return this.#plans(graph, proposal).planner.planned();
  }

  /** What numbers alone come to for one layer and those that share them, not proven; or why they can't, as far as is known. */
  plannedLayer(graph: NetworkGraph, proposal: ProposedWidths, name: string): Result<NumberPlan> {
    const { unitOf, single, planner } = this.#plans(graph, proposal);
    const unit = unitOf.get(name);
    if (unit === undefined) return notProposed(name);
    const proven = single.known(planner.plannedWith(unit.key));
    return proven?.ok === false ? proven : planner.plannedUnit(unit.key);
  }

  /** All proposed widths, as far as they can be had. */
  all(graph: NetworkGraph, proposal: ProposedWidths, cancellation: Cancellation = neverCancelled): EditPlan {
    this.#cancellation = cancellation;
    const { all, planner } = this.#plans(graph, proposal);
    return all.of('', () => planner.all(), this.#isWhole);
  }

  /** All proposed widths just as they are proposed, from numbers alone; undefined where that can't be. */
  exact(
    graph: NetworkGraph,
    proposal: ProposedWidths,
    cancellation: Cancellation = neverCancelled,
  ): EditPlan | undefined {
    this.#cancellation = cancellation;
    return this.#plans(graph, proposal).planner.exact();
  }

  /** The same where code may be rewritten for it; or why that does not help. */
  refactored(
    graph: NetworkGraph,
    proposal: ProposedWidths,
    layer?: string,
    cancellation: Cancellation = neverCancelled,
  ): Result<EditPlan> {
    this.#cancellation = cancellation;
    const { units, sources, refactored } = this.#plans(graph, proposal);
    const isAsked = (unit: WidthUnit): boolean => layer === undefined || unit.layers.includes(layer);
    const asked = units.map((unit) => (isAsked(unit) ? unit : { ...unit, target: unit.before }));
    return refactored.of(layer ?? '', () => refactoredPlan(sources, asked), this.#isWhole);
  }

  /** The rewriting alone after which all layers that a proposal changes can have any width; it changes no model. */
  ownWidths(
    graph: NetworkGraph,
    proposal: ProposedWidths,
    cancellation: Cancellation = neverCancelled,
  ): Result<EditPlan> {
    this.#cancellation = cancellation;
    const { units, sources } = this.#plans(graph, proposal);
    return ownWidthsPlan(sources, units);
  }

  /** What stands in the way of a layer's width, as far as that is seen without trying an edit out; nothing where nothing does. */
  obstacles(graph: NetworkGraph, proposal: ProposedWidths, name: string): readonly string[] {
    const plans = this.#plans(graph, proposal);
    const unit = plans.unitOf.get(name);
    if (unit === undefined) return [];
    const known = plans.single.known(plans.planner.plannedWith(unit.key));
    if (known !== undefined) return known.ok ? known.value.notes : [known.error];
    return plans.planner.obstacles(unit.key);
  }

  /** One layer's proposed width, with what must change with it. */
  layer(
    graph: NetworkGraph,
    proposal: ProposedWidths,
    name: string,
    cancellation: Cancellation = neverCancelled,
  ): Result<EditPlan> {
    this.#cancellation = cancellation;
    const plans = this.#plans(graph, proposal);
    const unit = plans.unitOf.get(name);
    if (unit === undefined) return notProposed(name);
    // Layers that share a number change together, whichever of them was asked for.
    const key = plans.planner.plannedWith(unit.key);
    return plans.single.of(key, () => plans.planner.unit(key), this.#isWhole);
  }

  /** Whether a plan that was just made is not a part only. */
  readonly #isWhole = (): boolean => !isCancelled(this.#cancellation);

  #plans(graph: NetworkGraph, proposal: ProposedWidths): Plans {
    let byProposal = this.#known.get(graph);
    if (byProposal === undefined) {
      byProposal = new WeakMap();
      this.#known.set(graph, byProposal);
    }
    const known = byProposal.get(proposal);
    if (known !== undefined) return known;
    const grouping = this.#texts.grouping(graph);
    const units = unitsOf(grouping, proposal);
    const sources = this.#sources(graph, grouping);
    const plans: Plans = {
      units,
      unitOf: new Map(units.flatMap((unit) => unit.layers.map((layer) => [layer, unit] as const))),
      sources,
      planner: new EditPlanner(sources, units),
      all: new Memo(this.#inputs),
      single: new Memo(this.#inputs),
      refactored: new Memo(this.#inputs),
    };
    byProposal.set(proposal, plans);
    return plans;
  }

  #sources(graph: NetworkGraph, grouping: ChannelGrouping): RefactoringSources {
    let traced: TracedEvaluation | undefined;
    return {
      graph,
      slopes: channelSlopes(grouping),
      rebuild: (widths) => this.#rebuild(grouping, widths),
      numbers: this.#texts.numbersOf(graph.entry),
      read: (document) => this.#texts.textOf(document),
      isEditable: (document) => this.#texts.isEditable(document),
      inOwnFile: (edits) => this.#texts.inOwnFile(graph.entry.document, edits),
      evaluate: (overlay) => this.#texts.evaluateWith(overlay, graph.entry, this.#cancellation),
      isCancelled: () => isCancelled(this.#cancellation),
      trace: () => {
        if (traced !== undefined) return traced;
        const found = this.#texts.trace(graph.entry, this.#cancellation);
        if (!isCancelled(this.#cancellation)) traced = found;
        return found;
      },
      functionsIn: (document) => this.#texts.functionsIn(document),
      nameNumbers: (document, request) => this.#texts.nameNumbers(document, request),
      unitAt: (op, end) => unitAt(grouping, op, end),
      siblings: (documents) => this.#texts.siblings.of(graph.entry, documents, this.#cancellation),
    };
  }
}

function notProposed(name: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error: `The proposal has no other width for ${name}.` };
}

/** The groups whose channels stand at an op's end. */
function unitAt({ valueChannels, groupOfChannel, groups }: ChannelGrouping, op: Op, end: WidthEnd): string {
  const value = end === 'in' || end === 'groups' ? op.inputs[0] : op.outputs[0];
  const channels = paddedPart(op, end, valueChannels[value ?? -1]?.channels ?? new Int32Array(0));
  return [...new Set(channels.map((channel) => groupOfChannel[channel] ?? -1))]
    .map((id) => groups[id]?.name ?? '')
    .join(' + ');
}

/**
 * The channel groups of the source as it stands, with the widths that a proposal wants for them. A group that the source
 * already meets keeps its width; one that is to vanish keeps one channel. Expanded proposals may want more than is there.
 */
function unitsOf(grouping: ChannelGrouping, proposal: ProposedWidths): readonly WidthUnit[] {
  const rows = proposal.groups ?? groupsOfLayers(proposal);
  const byName = new Map(rows.map((row) => [row.name, row]));
  const byLayers = new Map(rows.map((row) => [row.layers.join(), row]));
  return grouping.groups.flatMap((group): readonly WidthUnit[] => {
    const layers = opsOf(group).flatMap((id) => {
      const op = grouping.graph.ops[id];
      return op !== undefined && hasOwnWidth(op) ? [op.name] : [];
    });
    if (layers.length === 0) return [];
    const row = byName.get(group.name) ?? byLayers.get(layers.join());
    const wanted = group.fixed === undefined ? wantedWidth(group.size, row) : group.size;
    return [{ key: group.name, layers, before: group.size, target: wanted }];
  });
}

function wantedWidth(size: number, row: ProposedGroup | undefined): number {
  if (row === undefined) return size;
  const { before, after } = row.width;
  return after > before ? after : Math.min(size, Math.max(1, after));
}

/**
 * The widths by group that a proposal wants of the source as it stands, 0 for what is to vanish. What is narrower already
 * stays so.
 */
export function wantedWidths(grouping: ChannelGrouping, proposal: ProposedWidths): ReadonlyMap<string, number> {
  const rows = new Map((proposal.groups ?? groupsOfLayers(proposal)).map((row) => [row.name, row]));
  return new Map(
    grouping.groups.flatMap(({ name, size }): readonly (readonly [string, number])[] => {
      const row = rows.get(name);
      if (row === undefined) return [];
      const { before, after } = row.width;
      return [[name, after <= before ? Math.min(size, after) : after]];
    }),
  );
}

/** The groups that layer rows tell of: all but those that are parts of a layer. */
function groupsOfLayers({ layers }: ProposedWidths): readonly ProposedGroup[] {
  const rows = new Map<string, { name: string; layers: string[]; width: CostChange }>();
  for (const { name, group, width } of layers) {
    const row = rows.get(group) ?? { name: group, layers: [], width };
    row.layers.push(name);
    rows.set(group, row);
  }
  return [...rows.values()];
}
