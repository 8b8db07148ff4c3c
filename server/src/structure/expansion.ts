// Step 3 of the paper's algorithm: all learned widths times one factor, the largest whose rounded network still fits the
// budget (spec 1.1). The same search on the seed gives the uniform baseline.

import type { Result } from '../common/problem.ts';
import type { StructureAnalysis } from './analyze-structure.ts';
import { costAtCounts } from './evaluate-regularizer.ts';
import { settledCost } from './settled-cost.ts';

export interface ExpansionOptions {
  /** The cost to come to at most, in the unit of the analysis' resource. */
  readonly budget: number;
  /** Widths are multiples of this; 1 when absent. */
  readonly divisor?: number;
  /** Half a divisor goes up with `nearest`, the default. */
  readonly rounding?: 'nearest' | 'floor';
  /** Groups, by name, that keep their width. */
  readonly pinned?: readonly string[];
}

export interface Expansion {
  /** The factor from which on the widths are these; the next larger widths exceed the budget. */
  readonly factor: number;
  /** The factor without rounding; by the formula, which dead branches make a little dearer than they are. */
  readonly continuousFactor: number;
  /** By group id; groups that can't change have the seed's. */
  readonly widths: Int32Array;
  readonly cost: number;
  /** What is left of the budget. */
  readonly slack: number;
}

/** A factor so large is no expansion any more: the budget does not depend on the widths. */
const largestFactor = 2 ** 20;

/**
 * Scales the widths of all groups that may change. Groups at 0 stay 0, others keep at least one channel; the classes, the
 * inputs, excluded and blocked groups stay as they are. A factor below 1 is allowed.
 */
export function expandWidths(
  analysis: StructureAnalysis,
  aliveCounts: ArrayLike<number>,
  options: ExpansionOptions,
): Result<Expansion> {
  const { budget, divisor = 1, rounding = 'nearest' } = options;
  const pinned = new Set(options.pinned ?? []);
  const scaled = analysis.groups.filter(
    (group) =>
      group.fixed === undefined &&
      group.broadcast !== true &&
      !pinned.has(group.name) &&
      (aliveCounts[group.id] ?? 0) > 0,
  );
  if (scaled.length === 0) return { ok: false, error: 'No width can be scaled: all layers are dead, pinned or fixed' };
  const base = Float64Array.from(analysis.groups, ({ id, size, fixed }) =>
    fixed === undefined ? (aliveCounts[id] ?? 0) : size,
  );
  const shift = rounding === 'nearest' ? 0.5 : 0;
  const widthsAt = (factor: number): Float64Array => {
    const widths = base.slice();
    for (const { id } of scaled) {
      // The smallest number above the break point must not fall below it by rounding.
      const steps = Math.floor((factor * (base[id] ?? 0)) / divisor + shift + 1e-9);
      widths[id] = Math.max(1, steps * divisor);
    }
    return widths;
  };
  const exactWidthsAt = (factor: number): Float64Array => {
    const widths = base.slice();
    for (const { id } of scaled) widths[id] = factor * (base[id] ?? 0);
    return widths;
  };
  const fits = (widths: Float64Array): boolean => settledCost(analysis, widths) <= budget * (1 + 1e-12);
  if (!fits(widthsAt(0))) {
    return { ok: false, error: 'Even with one channel in every layer the network costs more than the budget' };
  }
  let ceiling = 1;
  while (fits(widthsAt(ceiling)) && ceiling < largestFactor) ceiling *= 2;
  if (ceiling >= largestFactor) return { ok: false, error: 'The budget does not limit the widths' };
  const breaks = breakPoints(
    scaled.map(({ id }) => base[id] ?? 0),
    divisor,
    shift,
    ceiling,
  );
  const factor = largest(breaks, (point) => fits(widthsAt(point)));
  const widths = Int32Array.from(widthsAt(factor));
  const cost = settledCost(analysis, widths);
  const continuousFactor = bisect(0, ceiling, (point) => costAtCounts(analysis, exactWidthsAt(point)) <= budget);
  return { ok: true, value: { factor, continuousFactor, widths, cost, slack: budget - cost } };
}

/** The factors at which a width changes, ascending, from 0 up to the ceiling. */
function breakPoints(widths: readonly number[], divisor: number, shift: number, ceiling: number): readonly number[] {
  const points = new Set([0]);
  for (const width of widths) {
    for (let steps = 1; ; steps += 1) {
      const point = ((steps - shift) * divisor) / width;
      if (point > ceiling) break;
      points.add(point);
    }
  }
  return [...points].sort((left, right) => left - right);
}

/** The last point of an ascending list that passes; what passes comes first. */
function largest(points: readonly number[], passes: (point: number) => boolean): number {
  let low = 0;
  let high = points.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (passes(points[middle] ?? Infinity)) low = middle;
    else high = middle;
  }
  return points[low] ?? 0;
}

function bisect(from: number, to: number, passes: (point: number) => boolean): number {
  let low = from;
  let high = to;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
