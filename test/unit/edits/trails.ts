// Trails written by hand, for tests that need no source behind them.

import type { SourceSpan } from '../../../server/src/common/source-span.ts';
import type { EditableLeaf, OriginOperator, WidthOrigin } from '../../../server/src/network/width-origin.ts';

export const nowhere: SourceSpan = { document: 'file:///model.py', start: 0, end: 0 };

/** A literal at an offset: the offset is its identity. */
export function literal(value: number, start: number): EditableLeaf {
  return { kind: 'literal', value, span: { document: nowhere.document, start, end: start + String(value).length } };
}

/** A computation, with the value that the reader of the test can check. */
export function computed(operator: OriginOperator, value: number, ...operands: readonly WidthOrigin[]): WidthOrigin {
  return { kind: 'computed', operator, value, operands, span: nowhere };
}

/** torchvision's `_make_divisible(v, 8)`, as a trail: max(8, int(v + 4) // 8 * 8). */
export function madeDivisible(of: WidthOrigin): WidthOrigin {
  const divisor = literal(8, 9000);
  const half = computed('/', 4, divisor, literal(2, 9100));
  const whole = computed('int', Math.trunc(of.value + 4), computed('+', of.value + 4, of, half));
  const rounded = Math.floor((of.value + 4) / 8) * 8;
  const quotient = computed('//', rounded / 8, whole, divisor);
  return computed('max', Math.max(8, rounded), divisor, computed('*', rounded, quotient, divisor));
}
