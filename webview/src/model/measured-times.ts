// What a model's layers took on this machine, beside what was predicted. No drawing here.

import { formatMilliseconds } from '../../../server/src/common/number-format.ts';
import type { CostTable } from '../../../server/src/protocol/cost-table.ts';
import type { ModelMeasurement } from '../../../server/src/protocol/model-measurement.ts';
import type { CostNode } from './cost-tree.ts';

/** Milliseconds by path: a layer's own, a module's the sum of those below it that were measured. */
export function measuredTimes(roots: readonly CostNode[], { layers }: ModelMeasurement): ReadonlyMap<string, number> {
  const own = new Map(layers.map(({ name, milliseconds }) => [name, milliseconds]));
  const times = new Map<string, number>();
  const visit = ({ path, row, children }: CostNode): number | undefined => {
    const parts = [row === undefined ? undefined : own.get(path), ...children.map(visit)];
    const known = parts.filter((part) => part !== undefined);
    if (known.length === 0) return undefined;
    const sum = known.reduce((total, part) => total + part, 0);
    times.set(path, sum);
    return sum;
  };
  for (const root of roots) visit(root);
  return times;
}

export function timeText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : formatMilliseconds(milliseconds);
}

/** The whole model, measured and predicted, and how the measurement was taken. */
export function timesSentence({ totals, device }: CostTable, times: ModelMeasurement): string {
  const { milliseconds, threads, batch, spread } = times;
  const predicted =
    totals.latencyMs.value === null ? '' : `, ${formatMilliseconds(totals.latencyMs.value)} predicted for ${device}`;
  const how = `${threads === 1 ? 'one thread' : `${String(threads)} threads`}, batch ${String(batch)}, repetitions vary by ${String(Math.round(100 * spread))} %`;
  return `The whole model took ${formatMilliseconds(milliseconds)} here (${how})${predicted}. Layers were measured alone; one that the runtime joins to its neighbor takes longer so.`;
}
