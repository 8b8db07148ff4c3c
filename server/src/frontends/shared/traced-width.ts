// Widths with their way: the number in a config file, and what the library that reads it makes of it.

import type { SourceSpan } from '../../common/source-span.ts';
import type { OriginOperator, WidthOrigin } from '../../network/width-origin.ts';

export interface Width {
  readonly value: number;
  readonly origin: WidthOrigin;
}

/** A number that the file does not write. */
export function fixed(value: number, reason = 'the package sets this width'): Width {
  return { value, origin: { kind: 'untraced', value, reason } };
}

/** A number of the file. */
export function written(value: number, span: SourceSpan, key: string): Width {
  return { value, origin: { kind: 'config', value, span, key } };
}

/** What arithmetic of the library comes to. */
export function computed(
  operator: OriginOperator,
  value: number,
  operands: readonly WidthOrigin[],
  span: SourceSpan,
): WidthOrigin {
  return { kind: 'computed', value, operator, operands, span };
}

/** A number of the library's own, in a computation. */
export const constant = (value: number, reason: string): WidthOrigin => ({ kind: 'untraced', value, reason });

/** A part of a width, cut to a whole number. */
export function partOf(width: Width, factor: number, span: SourceSpan): Width {
  if (factor === 1) return width;
  const product = width.value * factor;
  const value = Math.trunc(product);
  const origin = computed(
    '*',
    product,
    [width.origin, constant(factor, 'the package takes this part of the width')],
    span,
  );
  return { value, origin: Number.isInteger(product) && factor > 1 ? origin : computed('int', value, [origin], span) };
}
