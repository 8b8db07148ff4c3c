// When no channel died, says in words what kept them: a strength too small beside the loss, or a threshold never reached.

import type { StructureAnalysis } from '../../structure/analyze-structure.ts';
import type { RegularizerEvaluation } from '../../structure/evaluate-regularizer.ts';

/** A sentence with the remedy; undefined when counts did move. */
export function whyNothingMoved(
  { groups, grouping }: StructureAnalysis,
  { regularization, loss }: RegularizerEvaluation,
  aliveCounts: readonly number[],
  strength: number,
  threshold: number,
): string | undefined {
  const free = groups.filter(({ fixed }) => fixed === undefined);
  if (free.some(({ id, size }) => (aliveCounts[id] ?? size) < size)) return undefined;
  let smallest = Infinity;
  for (const { id, size } of free) {
    const start = grouping.offsets[id] ?? 0;
    for (let channel = start; channel < start + size; channel++)
      smallest = Math.min(smallest, regularization[channel] ?? Infinity);
  }
  const pressure = `strength × regularization is ${(strength * loss).toPrecision(2)} at the end`;
  return `No channel died: the smallest scale is ${smallest.toPrecision(2)}, but a channel counts as dead only at ${String(threshold)} or less (${pressure}). Train for more steps, raise the strength, or raise the threshold`;
}
