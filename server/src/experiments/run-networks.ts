// The networks that a run leads to, rebuilt from its folder: the seed, the proposal, the proposal expanded to a budget.

import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { ownWidthOf } from '../network/op-traits.ts';
import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { ExpandedProposal, RunProposal } from '../protocol/run-files.ts';
import { readConfig, readExpanded, readNetwork, readProposal, writeExpanded } from '../runs/run-folder.ts';
import { analyzeStructure } from '../structure/analyze-structure.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import { seedCost } from '../structure/evaluate-regularizer.ts';
import { expandWidths } from '../structure/expansion.ts';
import { groupChannels } from '../structure/group-channels.ts';
import { proposeWidths } from '../structure/propose-widths.ts';
import { channelCounts, rebuildWithWidths } from '../structure/rebuild-graph.ts';
import type { WidthProposal } from '../structure/width-proposal.ts';
import { structureOptionsOf } from '../training/loop/structure-options.ts';
import { asNetworkGraph } from '../training/loop/training-setup.ts';

/** The networks that a run leads to: the seed, the proposed one, and that one after `expand`. */
export type RunNetwork = 'seed' | 'proposal' | 'expanded';

interface Seed {
  readonly config: RunConfig;
  readonly graph: NetworkGraph;
  /** As structure learning grouped it. */
  readonly grouping: ChannelGrouping;
}

function readSeed(folder: string, workspace: string): Result<Seed> {
  const config = readConfig(folder, workspace);
  if (!config.ok) return config;
  const content = readNetwork(folder);
  if (!content.ok) return content;
  const graph = asNetworkGraph(content.value);
  if (!graph.ok) return graph;
  const grouping = groupChannels(graph.value, structureOptionsOf(config.value));
  return { ok: true, value: { config: config.value, graph: graph.value, grouping } };
}

/** One of the networks of a run; what is not there yet is a failure that says how to get it. */
export function runNetwork(folder: string, which: RunNetwork, workspace: string): Result<NetworkGraph> {
  const seed = readSeed(folder, workspace);
  if (!seed.ok || which === 'seed') return seed.ok ? { ok: true, value: seed.value.graph } : seed;
  const proposal = which === 'proposal' ? proposalOf(folder) : expandedOf(folder);
  if (!proposal.ok) return proposal;
  const rebuilt = rebuildWithWidths(seed.value.grouping, widthsOf(proposal.value));
  return rebuilt.ok ? { ok: true, value: rebuilt.value.graph } : rebuilt;
}

function proposalOf(folder: string): Result<RunProposal> {
  const proposal = readProposal(folder);
  if (!proposal.ok) return proposal;
  if (proposal.value?.groups !== undefined) return { ok: true, value: proposal.value };
  return { ok: false, error: `${folder} has proposed no widths yet. Go on with it: morphnet run ${folder}` };
}

function expandedOf(folder: string): Result<RunProposal> {
  const expanded = readExpanded(folder);
  if (!expanded.ok) return expanded;
  if (expanded.value !== undefined) return { ok: true, value: expanded.value };
  return { ok: false, error: `The proposal in ${folder} was not expanded yet: morphnet expand ${folder}` };
}

/** By group name, as rebuilding takes them. */
function widthsOf({ groups }: RunProposal): ReadonlyMap<string, number> {
  return new Map((groups ?? []).map(({ name, width }) => [name, width.after]));
}

/** What a proposal may cost once it is expanded. */
export interface Expansion extends Omit<ExpansionRequest, 'share'> {
  /** A share of what the run's own seed costs, or an amount in the resource's unit: rounds of an iteration have seeds of their own. */
  readonly budget: { readonly share: number } | { readonly amount: number };
}

/** Scales all proposed widths by the largest factor whose rounded network fits the budget; the answer is kept in the folder. */
export function expandRun(folder: string, request: Expansion, workspace: string): Result<ExpandedProposal> {
  const seed = readSeed(folder, workspace);
  if (!seed.ok) return seed;
  const proposal = proposalOf(folder);
  if (!proposal.ok) return proposal;
  const { config, graph } = seed.value;
  const { resource, multipleOf } = request;
  const analysis = analyzeStructure(graph, structureOptionsOf({ ...config, target: { resource } }));
  if (!analysis.ok) return analysis;
  const { grouping, groups } = analysis.value;
  const learned = widthsOf(proposal.value);
  const whole = seedCost(analysis.value);
  const budget = 'share' in request.budget ? request.budget.share * whole : request.budget.amount;
  const counts = groups.map(({ name, size }) => learned.get(name) ?? size);
  const expansion = expandWidths(analysis.value, counts, { budget, divisor: multipleOf });
  if (!expansion.ok) return expansion;
  const { factor, cost, widths } = expansion.value;
  const byName = new Map(groups.map(({ id, name }) => [name, widths[id] ?? 0]));
  const proposed = proposeWidths(grouping, channelCounts(grouping, byName), config.device, proposal.value.step);
  if (!proposed.ok) return proposed;
  const expanded: ExpandedProposal = {
    ...asRunProposal(proposed.value.proposal),
    expansion: { resource, seedCost: whole, budget, cost, factor, multipleOf },
  };
  try {
    writeExpanded(folder, expanded);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `The expanded widths can't be kept in ${folder}: ${reason}` };
  }
  return { ok: true, value: expanded };
}

/**
 * The proposal that leads from a run's seed to a network that rounds of shrinking and expanding made of it. It is proven by
 * rebuilding the seed; where that gives other layers or widths there is no such proposal.
 */
export function proposalTo(
  folder: string,
  network: NetworkGraph,
  step: number,
  workspace: string,
): Result<RunProposal> {
  const seed = readSeed(folder, workspace);
  if (!seed.ok) return seed;
  const { config, grouping } = seed.value;
  const now = new Map(network.ops.map((op) => [op.name, op]));
  const before = new Map(seed.value.graph.ops.map((op) => [op.name, op]));
  const widths = new Map<string, number>();
  for (const group of grouping.groups) {
    if (group.fixed !== undefined) continue;
    const layers = group.members.flatMap(({ op }) => seed.value.graph.ops[op] ?? []).filter((op) => ownWidthOf(op) > 0);
    if (layers.length === 0) continue;
    // A layer that is cut into several groups has more channels than the group; any other one tells the group's width.
    const teller = layers.find((op) => ownWidthOf(op) === group.size && now.has(op.name));
    if (teller !== undefined) widths.set(group.name, ownWidthOf(now.get(teller.name)));
    else if (layers.every((op) => !now.has(op.name))) widths.set(group.name, 0);
  }
  const proposed = proposeWidths(grouping, channelCounts(grouping, widths), config.device, step);
  if (!proposed.ok) return proposed;
  const { graph } = proposed.value.rebuilt;
  const differing = graph.ops.find((op) => ownWidthOf(op) !== ownWidthOf(now.get(op.name)));
  const missing = network.ops.find((op) => before.has(op.name) && !graph.ops.some(({ name }) => name === op.name));
  const wrong = differing ?? missing;
  if (wrong === undefined) return { ok: true, value: asRunProposal(proposed.value.proposal) };
  return {
    ok: false,
    error: `The network of the last round can't be told as widths of the seed: ${wrong.name} would differ`,
  };
}

function asRunProposal(proposal: WidthProposal): RunProposal {
  return {
    ...proposal,
    layers: proposal.layers.map((layer) => ({ ...layer })),
    groups: proposal.groups.map((group) => ({ ...group, layers: [...group.layers] })),
    removed: [...proposal.removed],
  };
}
