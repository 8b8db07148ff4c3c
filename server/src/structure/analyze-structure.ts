// Everything about a network that structure learning needs and that does not change while it trains: groups, sources,
// and the cost of each op as a function of what is alive.

import type { Result } from '../common/problem.ts';
import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, OpId } from '../network/op.ts';
import type { ChannelGroup, RegularizerSource, StructureNotice } from './channel-group.ts';
import type { ChannelGrouping, GroupingOptions } from './channel-grouping.ts';
import type { Combination } from './combine-sources.ts';
import { chooseSources, type Algorithm } from './choose-sources.ts';
import { connectedOps } from './connected-ops.ts';
import { trainedGate, wrongGate, type TrainedGate } from './gate.ts';
import { groupChannels } from './group-channels.ts';
import type { CustomRules } from './op-rules/op-rule.ts';
import { compileProgram, type RegularizerProgram, type Thresholds } from './regularizer-program.ts';
import type { ResourceOptions } from './resource.ts';

export interface StructureOptions extends GroupingOptions, ResourceOptions {
  /** `auto`: gamma where scaled batch norms follow the layers, group lasso elsewhere. */
  readonly algorithm: 'auto' | Algorithm;
  /** A channel is alive while its regularization vector is above this; one for both kinds of sources, or one for each. */
  readonly threshold: Thresholds;
  /** Share of the L1 term in group lasso, 0 to 1; 0 when absent. */
  readonly l1Fraction?: number;
  /** What gates are made with where that differs from `trainedGate`. */
  readonly gate?: Partial<TrainedGate>;
  /** How several sources of one channel are combined; by maximum when absent, gates as probabilities. */
  readonly combination?: Combination;
  /** Changes each source's regularization before sources are combined. What is alive does not depend on it. */
  readonly decorator?: SourceDecorator;
  /** Rules for op kinds beside the built-in ones, or in their place. */
  readonly rules?: CustomRules;
}

/** An element-wise function of r and its derivative. */
export interface SourceDecorator {
  readonly value: (r: number) => number;
  readonly slope: (r: number) => number;
}

export interface StructureAnalysis {
  readonly graph: NetworkGraph;
  readonly options: StructureOptions;
  readonly grouping: ChannelGrouping;
  readonly algorithm: Algorithm | 'mixed';
  readonly sources: readonly RegularizerSource[];
  /** As in `grouping`, with sources; groups without any are fixed. */
  readonly groups: readonly ChannelGroup[];
  readonly notices: readonly StructureNotice[];
  /** What `evaluateRegularizer` runs. */
  readonly program: RegularizerProgram;
}

/** Analyses a network for structure learning. The failure is a sentence for the user: a wrong option, or nothing to regularise. */
export function analyzeStructure(graph: NetworkGraph, options: StructureOptions): Result<StructureAnalysis> {
  const wrong = wrongOption(options);
  if (wrong !== undefined) return { ok: false, error: wrong };
  const grouping = groupChannels(graph, options);
  const errors = grouping.notices.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { ok: false, error: errors.map(({ message }) => message).join('. ') };
  const chosen = chooseSources(
    grouping,
    options.algorithm,
    options.l1Fraction ?? 0,
    options.gate && { ...trainedGate, ...options.gate },
  );
  if (chosen.sources.length === 0) return { ok: false, error: nothingToRegularize(grouping, chosen.groups) };
  const counted =
    options.compat === 'reference' ? connectedOps(graph, grouping.inScope, chosen.sources) : grouping.inScope;
  const { program, uncounted } = compileProgram(grouping, chosen, counted, options);
  const notices = [...grouping.notices, ...chosen.notices, ...uncounted.map((id) => uncountedNotice(graph, id))];
  return { ok: true, value: { graph, options, grouping, ...chosen, notices, program } };
}

function wrongOption({
  algorithm,
  combination,
  threshold,
  l1Fraction = 0,
  resource,
  device,
  batchSize = 1,
  gate,
}: StructureOptions): string | undefined {
  const thresholds = typeof threshold === 'number' ? [threshold] : Object.values(threshold);
  if (!thresholds.every((value) => value >= 0)) return 'The threshold must be 0 or more';
  if (!(l1Fraction >= 0 && l1Fraction <= 1))
    return `The L1 fraction must lie between 0 and 1, but it is ${String(l1Fraction)}`;
  if (!(batchSize > 0)) return `The batch size must be above 0, but it is ${String(batchSize)}`;
  if (resource === 'latency' && device === undefined) return 'Latency needs a device';
  const wrong = gate && wrongGate({ ...trainedGate, ...gate });
  if (wrong !== undefined) return wrong;
  if (gate?.temperature === 0)
    return 'At a temperature of 0 the masks of gates have no gradient, so there is nothing to regularise; set one above 0';
  if (combination?.kind === 'probabilistic' && algorithm !== 'logistic-sigmoid') {
    return 'Only probabilities can be combined as such: the probabilistic combination needs the logistic-sigmoid algorithm';
  }
  return undefined;
}

/** Why there is nothing to do: what the network's layers are tied to, or that it has none. */
function nothingToRegularize(grouping: ChannelGrouping, groups: readonly ChannelGroup[]): string {
  const reasons = new Set<string>();
  for (const group of groups) {
    const isMade = group.members.some(({ op }) => opOf(grouping.graph, op).parameters.length > 0);
    if (isMade && group.fixed !== undefined) reasons.add(`${group.name}: ${group.fixed.reason}`);
  }
  if (reasons.size > 0) return `No layer can get narrower. ${[...reasons].slice(0, 5).join('; ')}`;
  const kinds = [...new Set(grouping.graph.ops.map((op: Op) => op.attributes.kind))].join(', ');
  const outputs = grouping.graph.outputs.map(
    (value) => opOf(grouping.graph, valueOf(grouping.graph, value).producer).name,
  );
  return `There is no layer to regularise between the inputs and ${outputs.join(', ')}; the ops there are ${kinds}`;
}

function uncountedNotice(graph: NetworkGraph, id: OpId): StructureNotice {
  const op = opOf(graph, id);
  return {
    severity: 'warning',
    code: 'cost-at-least',
    message: `${op.name} (${op.label}) has a size that is not known, so the cost counts without it and is a lower bound`,
    op: id,
  };
}
