// Which channels of a network live and die together, and which have to stay: the declarative rule of spec 4.5 (union-find
// over channel atoms) with the relations of section 10. Every op has a rule; what is not known keeps its channels whole.

import { opOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, OpId, ValueId } from '../network/op.ts';
import type { StructureNotice } from './channel-group.ts';
import type { ChannelGrouping, GroupingMode, GroupingOptions } from './channel-grouping.ts';
import { collectGroups, type CollectedGroups } from './collect-groups.ts';
import { LayoutBuilder } from './layout-builder.ts';
import type { CustomRules } from './op-rules/op-rule.ts';
import { applyRule } from './op-rules/rules.ts';
import { isWeighted } from '../network/op-traits.ts';
import { applyPatterns } from './pattern-groups.ts';
import { scopeOf } from './scope.ts';
import { tieSharedParameters } from './shared-parameters.ts';

/** Groups the channels of a network. Never fails: what a user got wrong (a pattern that matches nothing) is a notice of severity `error`. */
export function groupChannels(
  graph: NetworkGraph,
  options: GroupingOptions & { readonly rules?: CustomRules } = {},
): ChannelGrouping {
  const mode: GroupingMode = options.compat ?? 'exact';
  const notices: StructureNotice[] = [];
  const layouts = new LayoutBuilder(graph, mode);
  const scope = scopeOf(graph, options, notices);
  for (const op of graph.ops) {
    if (!scope.includes[op.id]) leaveOutside(layouts, op, options);
    else if (op.attributes.kind === 'input') addInput(layouts, op);
    else applyRule(layouts, op, options.rules);
  }
  if (mode === 'exact') {
    tieSharedParameters(layouts, scope.includes);
    keepWhatMayGoThere(layouts);
  }
  if (!(options.prunableOutputs ?? mode === 'reference')) keepOutputs(layouts, graph.outputs);
  applyPatterns(layouts, options, notices);
  const collected = collectGroups(layouts);
  return {
    graph,
    mode,
    ...collected,
    inScope: scope.includes,
    notices: [...notices, ...blockNotices(graph, collected)],
  };
}

/** A network input has channels like any op, but they are the caller's to choose. */
function addInput(layouts: LayoutBuilder, op: Op): void {
  for (const value of op.outputs)
    layouts.whole(value, { kind: 'input', reason: `${op.name} is an input of the network`, op: op.id });
}

/**
 * What lies outside the boundaries keeps the channels that it makes; those that it only hands on belong to whoever made them.
 * The reference ignores what lies there.
 */
function leaveOutside(
  layouts: LayoutBuilder,
  op: Op,
  { rules, inputBoundary = [], outputBoundary = [] }: GroupingOptions & { readonly rules?: CustomRules | undefined },
): void {
  if (layouts.mode === 'reference') return;
  const isBounded = inputBoundary.length + outputBoundary.length > 0;
  const where = isBounded ? 'lies outside the analysed part' : 'leads to no output of the network';
  const fixation = { kind: 'outside', reason: `${op.name} ${where}`, op: op.id } as const;
  const known = layouts.atoms.count;
  if (op.attributes.kind === 'input') for (const value of op.outputs) layouts.whole(value, fixation);
  else applyRule(layouts, op, rules);
  for (const value of op.outputs) {
    const made = layouts.layoutOf(value)?.atoms.filter((atom) => atom >= known) ?? [];
    layouts.atoms.fix(made, fixation);
  }
}

function keepOutputs(layouts: LayoutBuilder, outputs: readonly ValueId[]): void {
  for (const value of outputs) {
    const layout = layouts.layoutOf(value);
    if (layout === undefined) continue;
    const producer = layouts.graph.values[value]?.producer ?? 0;
    const name = opOf(layouts.graph, producer).name;
    layouts.atoms.fix(layout.atoms, { kind: 'output', reason: `${name} is an output of the network`, op: producer });
  }
}

/**
 * Where a part of the network could not be read, a value that nothing takes may well go there, and one that is there before
 * and after it may have gone through it.
 */
function keepWhatMayGoThere(layouts: LayoutBuilder): void {
  const { graph, atoms } = layouts;
  if (graph.unknowns.length === 0) return;
  const outputs = new Set(graph.outputs);
  for (const { id, producer, consumers } of graph.values) {
    const layout = layouts.layoutOf(id);
    if (layout === undefined || outputs.has(id)) continue;
    const crosses = graph.unknowns.some(
      ({ during }) => during && producer < during.last && consumers.some((consumer) => consumer >= during.first),
    );
    if (consumers.length > 0 && !crosses) continue;
    const reason = `where ${opOf(graph, producer).name} leads could not be read`;
    atoms.fix(layout.atoms, { kind: 'blocked', reason, op: producer });
  }
}

/** One notice for each op that keeps channels whole which otherwise could go: those with weights of their own. */
function blockNotices(graph: NetworkGraph, { groups }: CollectedGroups): readonly StructureNotice[] {
  const kept = new Map<OpId, { readonly reason: string; readonly names: string[] }>();
  for (const group of groups) {
    if (group.fixed?.kind !== 'blocked' || group.fixed.op === undefined) continue;
    if (!group.members.some(({ op }) => isWeighted(opOf(graph, op)))) continue;
    const known = kept.get(group.fixed.op);
    if (known === undefined) kept.set(group.fixed.op, { reason: group.fixed.reason, names: [group.name] });
    else known.names.push(group.name);
  }
  return [...kept].map(([op, { reason, names }]) => ({
    severity: 'warning',
    code: 'channels-blocked',
    message: `The channels of ${names.join(', ')} stay whole: ${reason}`,
    op,
  }));
}
