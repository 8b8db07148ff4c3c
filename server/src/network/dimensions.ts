// Arithmetic on dimensions that may be unknown, and the rules that several op families share: axes, broadcasting.

import type { Result } from '../common/problem.ts';
import { formatShape, type Dimension, type Shape } from './shape.ts';

/** A failure with its sentence. */
export function failure(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}

/** One output shape, as most ops have. */
export function oneShape(shape: Shape): Result<readonly Shape[]> {
  return { ok: true, value: [shape] };
}

/** Applies `change` to a known dimension; an unknown one keeps its reason. */
export function mapDimension(dimension: Dimension, change: (size: number) => number): Dimension {
  return typeof dimension === 'number' ? change(dimension) : dimension;
}

/** The axis counted from the front, or undefined when the shape has no such axis. */
export function resolveAxis(axis: number, rank: number): number | undefined {
  const resolved = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && resolved >= 0 && resolved < rank ? resolved : undefined;
}

/** What stands between the batch and the end of the channels: every axis but the batch and the channels, in order. */
export function spatialAxes(rank: number, channelAxis: number): readonly number[] {
  const channels = resolveAxis(channelAxis, rank);
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 0 && axis !== channels);
}

/** `3×32×32`: a batched shape as users say it. */
export function formatWithoutBatch(shape: Shape): string {
  return shape.length > 1 ? formatShape(shape.slice(1)) : formatShape(shape) || 'a scalar';
}

/** Two shapes for one sentence: without the batch where both have one. */
export function formatBoth(left: Shape, right: Shape): readonly [string, string] {
  const batched = left.length === right.length && left.length > 1 && left[0] === right[0];
  const format = (shape: Shape): string =>
    batched ? formatWithoutBatch(shape) : shape.length === 0 ? 'a scalar' : formatShape(shape);
  return [format(left), format(right)];
}

/** The shape as a copy with some axes replaced. */
export function withAxes(shape: Shape, changes: ReadonlyMap<number, Dimension>): Shape {
  return shape.map((dimension, axis) => changes.get(axis) ?? dimension);
}

/** Broadcasts one pair of dimensions; undefined when they do not fit. An unknown size is taken to fit. */
function broadcastDimension(left: Dimension, right: Dimension): Dimension | undefined {
  if (left === 1) return right;
  if (right === 1) return left;
  if (typeof left !== 'number') return typeof right === 'number' ? right : left;
  if (typeof right !== 'number' || left === right) return left;
  return undefined;
}

/** NumPy's and PyTorch's rule: aligned at the last axis, ones stretch. Undefined when two sizes differ. */
export function broadcastShapes(left: Shape, right: Shape): Shape | undefined {
  const rank = Math.max(left.length, right.length);
  const out: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const dimension = broadcastDimension(left[left.length - rank + axis] ?? 1, right[right.length - rank + axis] ?? 1);
    if (dimension === undefined) return undefined;
    out.push(dimension);
  }
  return out;
}
