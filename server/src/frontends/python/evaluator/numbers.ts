// The numbers of Python values, and the trails that computed ones keep: 2 * planes is still "planes, twice".

import type { SourceSpan } from '../../../common/source-span.ts';
import type { OriginOperator, WidthOrigin } from '../../../network/width-origin.ts';
import type { PyValue } from './machine.ts';
import { plainOf } from './values.ts';

/** Trails deeper or larger than this say nothing to a reader; `n = n + n` in a loop doubles the size each time. */
const deepestTrail = 40;
const largestTrail = 200;

/** The number of a value, booleans included; undefined for anything else. */
export function numberOf(value: PyValue): number | undefined {
  if (value.kind === 'int' || value.kind === 'float') return value.value;
  if (value.kind === 'bool') return value.value ? 1 : 0;
  const plain = value.kind === 'instance' ? plainOf(value) : value;
  return plain === value ? undefined : numberOf(plain);
}

/** The integer of a value, or undefined. */
export function integerOf(value: PyValue): number | undefined {
  const plain = plainOf(value);
  if (plain.kind === 'int') return plain.value;
  if (plain.kind === 'bool') return plain.value ? 1 : 0;
  return undefined;
}

interface TrailMeasure {
  readonly depth: number;
  /** Leaves and operators, shared ones once for each use. */
  readonly size: number;
}
const leaf: TrailMeasure = { depth: 1, size: 1 };
const measures = new WeakMap<WidthOrigin, TrailMeasure>();

function measureOf(origin: WidthOrigin): TrailMeasure {
  return measures.get(origin) ?? leaf;
}

/** The trail of a number, or an untraced leaf where it has none. */
function trailOf(value: PyValue): WidthOrigin | undefined {
  return value.kind === 'int' || value.kind === 'float' ? value.origin : undefined;
}

/** The trail of a result; undefined when no operand has one or it grew too long to be of use. */
export function computed(
  operator: OriginOperator,
  value: number,
  operands: readonly PyValue[],
  span: SourceSpan,
): WidthOrigin | undefined {
  if (!operands.some((operand) => trailOf(operand) !== undefined)) return undefined;
  const trails = operands.map(
    (operand): WidthOrigin =>
      trailOf(operand) ?? { kind: 'untraced', value: numberOf(operand) ?? NaN, reason: 'a number without a trail' },
  );
  let depth = 0;
  let size = 1;
  for (const trail of trails) {
    const measure = measureOf(trail);
    depth = Math.max(depth, measure.depth);
    size += measure.size;
  }
  if (depth >= deepestTrail || size > largestTrail) {
    return { kind: 'untraced', value, reason: 'its computation is too long to follow back', span };
  }
  const made: WidthOrigin = { kind: 'computed', value, operator, operands: trails, span };
  measures.set(made, { depth: depth + 1, size });
  return made;
}

/** A default's value remembers that it is one: editing it reaches every caller that relies on it. */
export function asDefault(value: PyValue, parameter: string): PyValue {
  if ((value.kind === 'int' || value.kind === 'float') && value.origin?.kind === 'literal') {
    const origin: WidthOrigin = { kind: 'default', value: value.value, span: value.origin.span, parameter };
    return { ...value, origin };
  }
  return value;
}
