// The part of a network that is analysed: what lies between the output boundary and the input boundary (spec 4.1).

import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, OpId } from '../network/op.ts';
import type { StructureNotice } from './channel-group.ts';
import type { GroupingOptions } from './channel-grouping.ts';
import { compileExpression, compilePattern, type NameTest } from './name-pattern.ts';

export interface Scope {
  /** Indexed by op id. Ops that lead to no output are outside: they neither cost nor say what channels are worth. */
  readonly includes: readonly boolean[];
}

/** Pattern of an option, compiled for the mode; undefined and a notice when it can't be read. */
export function readPattern(
  pattern: string,
  options: Pick<GroupingOptions, 'compat'>,
  notices: StructureNotice[],
): NameTest | undefined {
  const compiled = options.compat === 'reference' ? compileExpression(pattern) : compilePattern(pattern);
  if (compiled.ok) return compiled.value;
  notices.push({ severity: 'error', code: 'unreadable-pattern', message: compiled.error });
  return undefined;
}

/** The patterns that some op of a network answers to: layers that vanished are named in vain. Unreadable ones stay. */
export function patternsThatMatch(
  { ops }: NetworkGraph,
  patterns: readonly string[],
  options: Pick<GroupingOptions, 'compat'>,
): readonly string[] {
  return patterns.filter((pattern) => {
    const test = readPattern(pattern, options, []);
    return test === undefined || ops.some(({ name }) => test(name));
  });
}

/** The ops that any of the patterns matches; a notice for each pattern without a match. */
function matchOps(
  graph: NetworkGraph,
  patterns: readonly string[],
  options: Pick<GroupingOptions, 'compat'>,
  notices: StructureNotice[],
): readonly Op[] {
  const found = new Set<Op>();
  for (const pattern of patterns) {
    const test = readPattern(pattern, options, notices);
    if (test === undefined) continue;
    const matches = graph.ops.filter((op) => test(op.name));
    for (const op of matches) found.add(op);
    if (matches.length === 0) notices.push(unmatched(pattern));
  }
  return [...found];
}

export function unmatched(pattern: string, severity: 'error' | 'warning' = 'error'): StructureNotice {
  return { severity, code: 'pattern-without-match', message: `No op is called ${pattern}` };
}

/** Walks from the output boundary towards the inputs, up to the input boundary. */
export function scopeOf(graph: NetworkGraph, options: GroupingOptions, notices: StructureNotice[]): Scope {
  const stops = new Set(matchOps(graph, options.inputBoundary ?? [], options, notices).map(({ id }) => id));
  const boundary = matchOps(graph, options.outputBoundary ?? [], options, notices);
  const outputs = boundary.length > 0 ? boundary.flatMap((op) => op.outputs) : graph.outputs;
  const includes = graph.ops.map(() => false);
  const open: OpId[] = outputs.map((value) => valueOf(graph, value).producer);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (includes[id] === true || stops.has(id)) continue;
    includes[id] = true;
    for (const value of opOf(graph, id).inputs) open.push(valueOf(graph, value).producer);
  }
  // Where a part could not be read, what seems to lead nowhere may lead there.
  const isOpen = boundary.length === 0 && stops.size === 0 && graph.unknowns.length > 0;
  return { includes: isOpen && options.compat !== 'reference' ? graph.ops.map(() => true) : includes };
}
