// What the package makes of a row's width at a scale.

import type { SourceSpan } from '../../common/source-span.ts';
import { computed, constant, type Width } from '../shared/traced-width.ts';

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
