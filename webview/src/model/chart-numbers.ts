// A chart's numbers as text: the rows of its table, and the values at the step that is pointed at.

import type { Curve, CurvePoint, Series } from './curves.ts';
import { downSample } from './down-sample.ts';

/** Points of a series that the table shows. */
const rowsPerSeries = 14;

export interface NumbersRow {
  readonly step: number;
  /** One a series, in their order; a dash where a series has no value at this step. */
  readonly values: readonly string[];
}

/** A table of the curve that is short enough to be listened to. */
export function numbersOf({ series, format }: Curve): readonly NumbersRow[] {
  const sampled = series.map(({ points }) => new Map(downSample(points, rowsPerSeries).map((p) => [p.step, p.value])));
  const steps = new Set(sampled.flatMap((values) => [...values.keys()]));
  return [...steps]
    .sort((one, other) => one - other)
    .map((step) => ({
      step,
      values: sampled.map((values) => {
        const value = values.get(step);
        return value === undefined ? '–' : format(value);
      }),
    }));
}

/** Each series' point nearest to a step. */
export function valuesNear(
  { series }: Curve,
  step: number,
): readonly { readonly name: string; readonly rank: Series['rank']; readonly point: CurvePoint }[] {
  return series.flatMap(({ name, rank, points }) => {
    const [first] = points;
    if (first === undefined) return [];
    const distance = (point: CurvePoint): number => Math.abs(point.step - step);
    return [
      { name, rank, point: points.reduce((best, point) => (distance(point) < distance(best) ? point : best), first) },
    ];
  });
}
