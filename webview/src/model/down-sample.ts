// Fewer points than pixels for a chart, so that a long run draws as fast as a short one.

import type { CurvePoint } from './curves.ts';

/**
 * At most `most` points (at least 4), in order: of each of `most / 2` stretches of the curve its lowest and its highest
 * point, so that a spike is never lost. The first and the last point stay.
 */
export function downSample(points: readonly CurvePoint[], most: number): readonly CurvePoint[] {
  if (points.length <= most) return points;
  const stretches = Math.max(1, Math.floor((most - 2) / 2));
  const inner = points.slice(1, -1);
  const sampled = points.slice(0, 1);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * inner.length) / stretches);
    const to = Math.floor(((stretch + 1) * inner.length) / stretches);
    const [lowest, highest] = extremes(inner.slice(from, to));
    if (lowest === undefined || highest === undefined) continue;
    if (lowest === highest) sampled.push(lowest);
    else sampled.push(...(lowest.step <= highest.step ? [lowest, highest] : [highest, lowest]));
  }
  return [...sampled, ...points.slice(-1)];
}

function extremes(points: readonly CurvePoint[]): readonly [CurvePoint?, CurvePoint?] {
  let [lowest] = points;
  let highest = lowest;
  for (const point of points) {
    if (lowest === undefined || point.value < lowest.value) lowest = point;
    if (highest === undefined || point.value > highest.value) highest = point;
  }
  return lowest === undefined || highest === undefined ? [] : [lowest, highest];
}
