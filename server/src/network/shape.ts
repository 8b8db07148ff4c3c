// Tensor shapes. The batch is dimension 0 and counts as 1 unless a caller says otherwise.

import type { SourceSpan } from '../common/source-span.ts';

/** A size that could not be worked out, with the reason that a hover shows. */
export interface UnknownDimension {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly span?: SourceSpan;
}

export type Dimension = number | UnknownDimension;
export type Shape = readonly Dimension[];

/** Whether every dimension is a number. */
export function isKnownShape(shape: Shape): shape is readonly number[] {
  return shape.every((dimension) => typeof dimension === 'number');
}

/** The first unknown dimension of a shape, if any. */
export function firstUnknown(shape: Shape): UnknownDimension | undefined {
  return shape.find((dimension): dimension is UnknownDimension => typeof dimension !== 'number');
}

/** The number of elements, or undefined when a dimension is unknown. */
export function elementCount(shape: Shape): number | undefined {
  let count = 1;
  for (const dimension of shape) {
    if (typeof dimension !== 'number') return undefined;
    count *= dimension;
  }
  return count;
}

/** `64×32×32`; unknown dimensions print as `?`. */
export function formatShape(shape: Shape): string {
  return shape.map((dimension) => (typeof dimension === 'number' ? String(dimension) : '?')).join('×');
}

/**
 * Input shapes as users write them, without the batch: `3x32x32`, several separated by `,`. `×` and `*` do as well.
 * Undefined when a part is no list of positive whole numbers.
 */
export function parseInputShapes(text: string): readonly (readonly number[])[] | undefined {
  const shapes = text.split(',').map((part) => part.trim().split(/\s*[x×*]\s*/i));
  if (!shapes.flat().every((size) => /^[1-9]\d{0,8}$/.test(size))) return undefined;
  return shapes.map((shape) => shape.map(Number));
}
