// The learned structure in full: everything about one step that a reader may want to judge it by, as versioned JSON beside
// the exporter's plain counts; and which of several such steps to take.

import { opOf } from '../network/network-graph.ts';
import type { StructureAnalysis } from './analyze-structure.ts';
import type { RegularizerEvaluation } from './evaluate-regularizer.ts';
import { isWeighted } from '../network/op-traits.ts';
import { rebuildGraph } from './rebuild-graph.ts';
import { costName } from './resource.ts';

/** Channels that live and die together, at one step. */
interface DocumentedGroup {
  readonly name: string;
  readonly members: readonly string[];
  readonly sources: readonly string[];
  readonly width: number;
  readonly alive: number;
  readonly aliveIndices: readonly number[];
  /** Of the combined regularization: 0, 25, 50, 75 and 100 percent. Empty for groups without sources. */
  readonly quantiles: readonly number[];
  readonly fixed?: string;
}

/** The place in the source that makes a layer. */
interface DocumentedLayer {
  readonly name: string;
  readonly width: number;
  readonly alive: number;
  readonly source?: { readonly document: string; readonly start: number; readonly end: number };
}

export interface StructureDocument {
  readonly version: 1;
  readonly step: number;
  readonly algorithm: string;
  readonly cost: { readonly name: string; readonly value: number; readonly seed: number };
  readonly loss: number;
  readonly strength: number;
  readonly threshold: StructureAnalysis['options']['threshold'];
  readonly groups: readonly DocumentedGroup[];
  readonly layers: readonly DocumentedLayer[];
  /** Ops that are gone with their branch. All of them when the network is cut. */
  readonly dead: readonly string[];
}

/** `learned_structure/structure_<step>.json`, relative to the run's folder. */
export function structureFile(step: number): string {
  return `learned_structure/structure_${String(step)}.json`;
}

/** Describes the structure of one step. `alive` is the evaluation's, or what a strength controller has decided. */
export function structureDocument(
  analysis: StructureAnalysis,
  evaluation: RegularizerEvaluation,
  at: { readonly step: number; readonly strength: number; readonly seedCost: number; readonly alive?: Uint8Array },
): StructureDocument {
  const { graph, grouping, groups, options } = analysis;
  const alive = at.alive ?? evaluation.alive;
  const name = (op: number): string => opOf(graph, op).name;
  const rebuilt = rebuildGraph(grouping, alive);
  const isAlive = (channel: number): boolean => (alive[channel] ?? 0) > 0;
  return {
    version: 1,
    step: at.step,
    algorithm: analysis.algorithm,
    cost: { name: costName(options), value: evaluation.cost, seed: at.seedCost },
    loss: evaluation.loss,
    strength: at.strength,
    threshold: options.threshold,
    groups: groups.map((group): DocumentedGroup => {
      const start = grouping.offsets[group.id] ?? 0;
      const indices = Array.from({ length: group.size }, (_, index) => index).filter((index) => isAlive(start + index));
      const r = evaluation.regularization.slice(start, start + group.size).sort();
      return {
        name: group.name,
        members: [...new Set(group.members.map(({ op }) => name(op)))],
        sources: [...new Set(group.sources.map(({ op }) => name(op)))],
        width: group.size,
        alive: indices.length,
        aliveIndices: indices,
        quantiles:
          group.sources.length === 0
            ? []
            : [0, 0.25, 0.5, 0.75, 1].map((share) => r[Math.round(share * (r.length - 1))] ?? 0),
        ...(group.fixed && { fixed: group.fixed.reason }),
      };
    }),
    layers: graph.ops.filter(isWeighted).map((op): DocumentedLayer => {
      const channels = grouping.valueChannels[op.outputs[0] ?? -1]?.channels ?? new Int32Array(0);
      const source = op.site?.span;
      return {
        name: op.name,
        width: channels.length,
        alive: channels.filter(isAlive).length,
        ...(source && { source }),
      };
    }),
    dead: rebuilt.ok ? rebuilt.value.removed.map(name) : graph.ops.map((op) => op.name),
  };
}

/** A step among which to choose. */
export interface StructureSnapshot {
  readonly step: number;
  readonly cost: number;
  readonly aliveCounts: readonly number[];
}

/**
 * The step whose structure to take: the earliest from which on the counts stayed as they are at the end, or else the last.
 * With a target, the last step at or below it counts as the end. Undefined without snapshots.
 */
export function recommendedSnapshot(
  snapshots: readonly StructureSnapshot[],
  target?: number,
): StructureSnapshot | undefined {
  const end = snapshots.findLast(({ cost }) => target === undefined || cost <= target) ?? snapshots.at(-1);
  if (end === undefined) return undefined;
  const same = (left: readonly number[], right: readonly number[]): boolean =>
    left.every((count, index) => count === right[index]);
  let best = end;
  for (let index = snapshots.indexOf(end) - 1; index >= 0; index -= 1) {
    const snapshot = snapshots[index];
    if (snapshot === undefined || !same(snapshot.aliveCounts, end.aliveCounts)) break;
    best = snapshot;
  }
  return best;
}
