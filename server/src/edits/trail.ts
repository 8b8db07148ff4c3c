// Width trails as functions of the literals in them: evaluation with other values, as the source language computes.

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
  return ['int', 'round', 'ceil', 'floor', '//'].includes(trail.operator) || trail.operands.some(rounds);
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
export function evaluateTrail(trail: WidthOrigin, values: LeafValues): number {
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
        trail.operator,
        trail.operands.map((operand) => evaluateTrail(operand, values)),
      );
  }
}

export function compute(operator: OriginOperator, operands: readonly number[]): number {
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
      return rest.reduce((left, right) => (right === 0 ? NaN : Math.floor(left / right)), first);
    case '%':
      // The sign of the divisor, as Python has it.
      return rest.reduce((left, right) => (right === 0 ? NaN : left - right * Math.floor(left / right)), first);
    case '**':
      return rest.reduce((left, right) => left ** right, first);
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
      return roundHalfToEven(first);
  }
}

/** Python's `round`. */
function roundHalfToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
