// JavaScript's arithmetic with the trail of whole numbers: what a width is computed from, so that an edit can find what to
// write instead.

import type { SourceSpan } from '../../common/source-span.ts';
import type { OriginOperator, WidthOrigin } from '../../network/width-origin.ts';
import { number, textOf, truth, unknown, boolean, text, type JsValue, type NumberValue } from './values.ts';

const fixed = (value: number): WidthOrigin => ({ kind: 'untraced', value, reason: 'the program computes this number' });
const originOf = ({ value, origin }: NumberValue): WidthOrigin => origin ?? fixed(value);

function traced(
  value: number,
  operator: OriginOperator,
  operands: readonly NumberValue[],
  span: SourceSpan,
): NumberValue {
  if (operands.every(({ origin }) => origin === undefined)) return number(value);
  return number(value, { kind: 'computed', value, operator, operands: operands.map(originOf), span });
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
  '|': (a, b) => a | b,
  '&': (a, b) => a & b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '>>>': (a, b) => a >>> b,
};
/** What a trail computes as JavaScript does. */
const own: readonly OriginOperator[] = ['+', '-', '*', '/', '**', '%', '<<', '>>'];

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** What `left operator right` comes to. */
export function binary(operator: string, left: JsValue, right: JsValue, span: SourceSpan): JsValue {
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown') return right;
  if (['==', '===', '!=', '!=='].includes(operator)) {
    const equal = isEqual(left, right, operator.length === 2);
    if (equal === undefined) return unknown('whether two values are the same is not known');
    return boolean(equal === !operator.startsWith('!'));
  }
  if (operator === '+' && (isText(left) || isText(right))) {
    const [one, other] = [textOf(left), textOf(right)];
    return one === undefined || other === undefined ? unknown('a text is not known') : text(one + other);
  }
  const compare = comparisons[operator];
  if (compare !== undefined && left.kind === 'string' && right.kind === 'string')
    return boolean(operator.startsWith('<') ? left.value < right.value : left.value > right.value);
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a === undefined || b === undefined) return unknown(`what ${operator} gives is not known`);
  if (compare !== undefined) return boolean(compare(a.value, b.value));
  const compute = arithmetic[operator];
  if (compute === undefined) return unknown(`what ${operator} gives is not known`);
  const value = compute(a.value, b.value);
  const known = own.find((each) => each === operator);
  if (known !== undefined) return traced(value, known, [a, b], span);
  // Cuts what is behind the point off.
  if (operator === '|' && b.value === 0) return traced(value, 'int', [a], span);
  return number(value);
}

function isText(value: JsValue): boolean {
  return value.kind === 'string' || value.kind === 'array';
}

function isEqual(left: JsValue, right: JsValue, isLoose: boolean): boolean | undefined {
  const isPlain = (value: JsValue): boolean =>
    ['number', 'string', 'boolean', 'null', 'undefined'].includes(value.kind);
  if (!isPlain(left) || !isPlain(right)) {
    if (isPlain(left) !== isPlain(right)) return isLoose ? undefined : false;
    if (left.kind === 'layer' && right.kind === 'layer') return left.layer === right.layer;
    return left === right
      ? true
      : left.kind === right.kind && left.kind !== 'array' && left.kind !== 'object'
        ? undefined
        : false;
  }
  const isNothing = ({ kind }: JsValue): boolean => kind === 'null' || kind === 'undefined';
  if (isLoose && (isNothing(left) || isNothing(right))) return isNothing(left) && isNothing(right);
  if (left.kind !== right.kind) return isLoose ? toNumber(left)?.value === toNumber(right)?.value : false;
  return 'value' in left && 'value' in right ? left.value === right.value : true;
}

/** A value as a number; undefined where it is none that is known. */
export function toNumber(value: JsValue): NumberValue | undefined {
  switch (value.kind) {
    case 'number':
      return value;
    case 'boolean':
      return number(value.value ? 1 : 0);
    case 'null':
      return number(0);
    case 'undefined':
      return number(NaN);
    case 'string':
      return number(Number(value.value));
    default:
      return undefined;
  }
}

/** What an operator in front of a value gives. */
export function unary(operator: string, value: JsValue, span: SourceSpan): JsValue {
  if (operator === '!') {
    const known = truth(value);
    return known === undefined ? value : boolean(!known);
  }
  if (operator === 'void') return { kind: 'undefined' };
  if (value.kind === 'unknown') return value;
  if (operator === 'typeof') return text(typeName(value));
  const known = toNumber(value);
  if (known === undefined) return unknown(`what ${operator} gives is not known`);
  if (operator === '+') return known;
  if (operator === '-') return traced(-known.value, '-', [number(0), known], span);
  if (operator === '~') return number(~known.value);
  return unknown(`what ${operator} gives is not known`);
}

function typeName(value: JsValue): string {
  switch (value.kind) {
    case 'null':
    case 'array':
    case 'object':
    case 'layer':
    case 'tensor':
      return 'object';
    case 'native':
    case 'class':
    case 'function':
      return 'function';
    default:
      return value.kind;
  }
}

type Rule = (numbers: readonly NumberValue[], span: SourceSpan) => NumberValue;

const one =
  (compute: (value: number) => number, operator?: OriginOperator): Rule =>
  ([value = number(NaN)], span) =>
    operator === undefined ? number(compute(value.value)) : traced(compute(value.value), operator, [value], span);

export const mathFunctions: Readonly<Record<string, Rule>> = {
  round: one(Math.round, 'round'),
  floor: one(Math.floor, 'floor'),
  ceil: one(Math.ceil, 'ceil'),
  trunc: one(Math.trunc, 'int'),
  abs: one(Math.abs),
  sqrt: one(Math.sqrt),
  log: one(Math.log),
  log2: one(Math.log2),
  log10: one(Math.log10),
  exp: one(Math.exp),
  sign: one(Math.sign),
  cbrt: one(Math.cbrt),
  sin: one(Math.sin),
  cos: one(Math.cos),
  tanh: one(Math.tanh),
  pow: ([a = number(NaN), b = number(NaN)], span) => traced(a.value ** b.value, '**', [a, b], span),
  min: (numbers, span) => traced(Math.min(...numbers.map(({ value }) => value)), 'min', numbers, span),
  max: (numbers, span) => traced(Math.max(...numbers.map(({ value }) => value)), 'max', numbers, span),
  hypot: (numbers) => number(Math.hypot(...numbers.map(({ value }) => value))),
};

export const wholePart: Rule = one(Math.trunc, 'int');
