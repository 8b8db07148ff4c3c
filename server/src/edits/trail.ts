// Width trails as functions of the literals in them: evaluation with other values, as the source's language computes.

import type { NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { EditableLeaf, OriginOperator, WidthOrigin } from '../network/width-origin.ts';

/** Names a literal by its place: one text, one variable, however many trails go through it. */
export type LeafKey = string;

export function leafKey(leaf: EditableLeaf): LeafKey {
  return `${leaf.span.document}:${String(leaf.span.start)}`;
}

/** Other values for some literals; the rest keep what is written. */
export type LeafValues = ReadonlyMap<LeafKey, number>;

/** Whether part of the trail comes from a tensor's shape: then the width follows by itself. */
export function followsShape(trail: WidthOrigin): boolean {
  if (trail.kind === 'computed') return trail.operands.some(followsShape);
  return trail.kind === 'shape';
}

/** Whether the trail rounds somewhere, so that a fraction in a literal can still give a whole width. */
export function rounds(trail: WidthOrigin): boolean {
  if (trail.kind !== 'computed') return false;
  return ['int', 'round', 'ceil', 'floor', '//', '>>'].includes(trail.operator) || trail.operands.some(rounds);
}

/** The first reason in the trail why a part of it can't be edited, if there is one. */
export function untracedReason(trail: WidthOrigin): string | undefined {
  if (trail.kind === 'untraced') return trail.reason;
  if (trail.kind !== 'computed') return undefined;
  for (const operand of trail.operands) {
    const reason = untracedReason(operand);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** What the trail comes to with these values; NaN where it divides by zero. */
export function evaluateTrail(trail: WidthOrigin, values: LeafValues, numbers: NumberDialect): number {
  switch (trail.kind) {
    case 'literal':
    case 'default':
    case 'config':
      return values.get(leafKey(trail)) ?? trail.value;
    case 'shape':
    case 'untraced':
      return trail.value;
    case 'computed':
      return compute(
        numbers,
        trail.operator,
        trail.operands.map((operand) => evaluateTrail(operand, values, numbers)),
      );
  }
}

export function compute(numbers: NumberDialect, operator: OriginOperator, operands: readonly number[]): number {
  const [first = NaN, ...rest] = operands;
  switch (operator) {
    case '+':
      return rest.reduce((left, right) => left + right, first);
    case 'sum':
      return operands.reduce((left, right) => left + right, 0);
    case '-':
      return rest.length === 0 ? -first : rest.reduce((left, right) => left - right, first);
    case '*':
      return rest.reduce((left, right) => left * right, first);
    case '/':
      return rest.reduce((left, right) => (right === 0 ? NaN : left / right), first);
    case '//':
      return rest.reduce((left, right) => (right === 0 ? NaN : numbers.quotient(left, right)), first);
    case '%':
      return rest.reduce((left, right) => (right === 0 ? NaN : numbers.remainder(left, right)), first);
    case '**':
      return rest.reduce((left, right) => left ** right, first);
    case '<<':
      return rest.reduce((left, right) => left * 2 ** right, first);
    case '>>':
      return rest.reduce((left, right) => Math.floor(left / 2 ** right), first);
    case 'min':
      return Math.min(...operands);
    case 'max':
      return Math.max(...operands);
    case 'int':
      return Math.trunc(first);
    case 'ceil':
      return Math.ceil(first);
    case 'floor':
      return Math.floor(first);
    case 'round':
      return numbers.round(first);
  }
}
