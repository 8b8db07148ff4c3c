// Widths with their way: the number in the row, and what the package makes of it.

import type { SourceSpan } from '../../common/source-span.ts';
import type { OriginOperator, WidthOrigin } from '../../network/width-origin.ts';

export interface Width {
  readonly value: number;
  readonly origin: WidthOrigin;
}

/** A number that the table does not write. */
export function fixed(value: number, reason = 'the package sets this width'): Width {
  return { value, origin: { kind: 'untraced', value, reason } };
}

/** A number of a row. */
export function written(value: number, span: SourceSpan, key: string): Width {
  return { value, origin: { kind: 'config', value, span, key } };
}

function computed(
  operator: OriginOperator,
  value: number,
  operands: readonly WidthOrigin[],
  span: SourceSpan,
): WidthOrigin {
  return { kind: 'computed', value, operator, operands, span };
}

const constant = (value: number, reason: string): WidthOrigin => ({ kind: 'untraced', value, reason });

/** A width of the table at a scale: bounded, multiplied, and rounded up to a multiple of 8. */
export function atScale(width: Width, most: number, factor: number, span: SourceSpan): Width {
  const why = 'the scale is for all layers';
  let { value, origin } = width;
  if (Number.isFinite(most)) {
    value = Math.min(value, most);
    origin = computed('min', value, [origin, constant(most, why)], span);
  }
  const scaled = value * factor;
  const eighths = Math.ceil(scaled / 8);
  if (factor !== 1) origin = computed('*', scaled, [origin, constant(factor, why)], span);
  origin = computed('/', scaled / 8, [origin, constant(8, 'widths are multiples of 8')], span);
  origin = computed('ceil', eighths, [origin], span);
  return {
    value: 8 * eighths,
    origin: computed('*', 8 * eighths, [origin, constant(8, 'widths are multiples of 8')], span),
  };
}

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
