// Arithmetic, comparison and truth of Python values. Numbers keep their trail: 2 * planes is still "planes, twice".

import type { SourceSpan } from '../../../common/source-span.ts';
import type { OriginOperator } from '../../../network/width-origin.ts';
import type { BinaryOperator, ComparisonOperator } from '../syntax/ast.ts';
import { findMethod, isWhollyWritten } from './classes.ts';
import { combinedFlags, containsFlag } from './enums.ts';
import { formatPercent } from './percent-format.ts';
import {
  bool,
  dict,
  float,
  int,
  keyOf,
  list,
  notImplemented,
  plainOf,
  rangeLength,
  set,
  string,
  tuple,
  unknown,
} from './values.ts';
import { addEntries, isCounter } from './partial-dictionary.ts';
import type { DictValue, Machine, FloatValue, IntValue, PartialDictValue, PyValue, SetValue } from './machine.ts';
import { computed, integerOf, numberOf } from './numbers.ts';

/** Python's integer division rounds down. */
function floorModulo(left: number, right: number): number {
  const rest = left - right * Math.floor(left / right);
  // A rest of nothing has the sign of the divisor.
  return rest === 0 && right < 0 ? -0 : rest;
}

function arithmetic(operator: BinaryOperator, left: number, right: number): number | undefined {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '//':
      return Math.floor(left / right);
    case '%':
      return floorModulo(left, right);
    case '**':
      return left ** right;
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return bitwise(operator, left, right);
    case '@':
      return undefined;
  }
}

function bitwise(operator: '&' | '|' | '^' | '<<' | '>>', left: number, right: number): number | undefined {
  if (!Number.isFinite(left) || !Number.isFinite(right)) return undefined;
  const a = BigInt(Math.trunc(left));
  const b = BigInt(Math.trunc(right));
  if ((operator === '<<' || operator === '>>') && (b < 0n || b > 64n)) return undefined;
  const result =
    operator === '&'
      ? a & b
      : operator === '|'
        ? a | b
        : operator === '^'
          ? a ^ b
          : operator === '<<'
            ? a << b
            : a >> b;
  return Number(result);
}

const traced: readonly OriginOperator[] = ['+', '-', '*', '/', '//', '%', '**', '<<', '>>'];

function numeric(
  machine: Machine,
  operator: BinaryOperator,
  left: PyValue,
  right: PyValue,
  a: number,
  b: number,
  span: SourceSpan,
): PyValue {
  if ((operator === '/' || operator === '//' || operator === '%') && b === 0) {
    return machine.raise('ZeroDivisionError', 'division by zero', span);
  }
  if (/^([&|^]|<<|>>)$/.test(operator) && (left.kind === 'float' || right.kind === 'float'))
    return machine.raise('TypeError', `unsupported operand type(s) for ${operator}: a float`, span);
  const value = arithmetic(operator, a, b);
  if (value === undefined) {
    if (operator === '<<' && b > 0) return tooLarge(machine, span);
    if ((operator === '<<' || operator === '>>') && b < 0)
      return machine.raise('ValueError', 'negative shift count', span);
    return machine.raise('TypeError', `${operator} does not take these numbers`, span);
  }
  const isInteger =
    left.kind !== 'float' && right.kind !== 'float' && operator !== '/' && !(operator === '**' && b < 0);
  if (left.kind === 'bool' && right.kind === 'bool' && /^[&|^]$/.test(operator)) return bool(value !== 0);
  if (isInteger && !Number.isSafeInteger(value) && Number.isFinite(a) && Number.isFinite(b))
    return tooLarge(machine, span);
  const known = traced.find((candidate) => candidate === operator);
  const origin = known && computed(known, value, [left, right], span);
  // Integers know no sign of zero.
  return isInteger ? int(value === 0 ? 0 : value, origin) : float(value, origin);
}

/** Python's integers have no end, ours do: such a number is no width, and the rest of the model may do without it. */
function tooLarge(machine: Machine, span: SourceSpan): PyValue {
  const reason = 'This number has more than 15 digits and is not worked out';
  machine.report({ code: 'limit-number', severity: 'information', message: `${reason}. Write a smaller one.`, span });
  return unknown(reason, span);
}

/** Powers are worked out in many multiplications, or digit by digit. */
const stepsOfPower = 4;

/** `left operator right`. Raises a Python TypeError where Python would. */
export function binary(
  machine: Machine,
  operator: BinaryOperator,
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): PyValue {
  machine.tick(span, operator === '**' ? stepsOfPower : 1);
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown') return right;
  const flags = combinedFlags(operator, left, right, span);
  if (flags !== undefined) return flags;
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined && b !== undefined) return numeric(machine, operator, left, right, a, b, span);
  if (left.kind === 'tensor' || right.kind === 'tensor') return machine.tensorOperator(operator, left, right, span);
  const sequences = combine(machine, operator, left, right, span);
  if (sequences !== undefined) return sequences;
  const overloaded = overload(machine, operator, left, right, span);
  if (overloaded !== undefined) return overloaded;
  // What a library's class does with an operator is not all described, and lists stand for views of dictionaries as well.
  const isView = '|&-^'.includes(operator) && (left.kind === 'list' || right.kind === 'list');
  const isOurs = [left, right].some(({ kind }) => kind === 'module' || kind === 'builtin' || kind === 'class');
  if (isView || isOurs || !isWhollyWritten(left) || !isWhollyWritten(right))
    return unknown(`What ${operator} gives here is not modelled`, span);
  return machine.raise(
    'TypeError',
    `unsupported operand type(s) for ${operator}: '${machine.nameOfType(left)}' and '${machine.nameOfType(right)}'`,
    span,
  );
}

function combine(
  machine: Machine,
  operator: BinaryOperator,
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): PyValue | undefined {
  if (operator === '+') {
    if (left.kind === 'string' && right.kind === 'string') {
      machine.holdText(left.value.length + right.value.length, span);
      return string(left.value + right.value);
    }
    if ((left.kind === 'list' || left.kind === 'tuple') && left.kind === right.kind) {
      machine.hold(left.items.length + right.items.length, span);
      const items = [...left.items, ...right.items];
      return left.kind === 'list' ? list(items) : tuple(items);
    }
  }
  if (operator === '*') {
    const count = integerOf(right);
    if (count === undefined)
      return integerOf(left) === undefined ? undefined : combine(machine, '*', right, left, span);
    const times = Math.max(0, count);
    if (left.kind === 'string') {
      machine.holdText(left.value.length * times, span);
      return string(left.value.repeat(left.value === '' ? 0 : times));
    }
    if (left.kind === 'list' || left.kind === 'tuple') {
      machine.hold(left.items.length * times, span);
      const items = repeated(left.items, times);
      return left.kind === 'list' ? list(items) : tuple(items);
    }
  }
  if (operator === '%' && left.kind === 'string') return formatPercent(machine, left.value, right, span);
  const [one, other] = [setOf(left), setOf(right)];
  if (one !== undefined && other !== undefined) {
    machine.hold(one.entries.size + other.entries.size, span);
    const a = [...one.entries.values()];
    const b = [...other.entries.values()];
    if (operator === '|') return set([...a, ...b]);
    if (operator === '&') return set(a.filter((item) => other.entries.has(keyOf(item))));
    if (operator === '-') return set(a.filter((item) => !other.entries.has(keyOf(item))));
    if (operator === '^') {
      return set([
        ...a.filter((item) => !other.entries.has(keyOf(item))),
        ...b.filter((item) => !one.entries.has(keyOf(item))),
      ]);
    }
  }
  if ((isDictionary(left) && isCounter(left)) || (isDictionary(right) && isCounter(right)))
    return unknown('What is done with a Counter is not followed', span);
  if (isDictionary(left) && isDictionary(right) && operator === '|') {
    machine.hold(left.entries.size + right.entries.size, span);
    const made = dict();
    addEntries(machine, made, left);
    addEntries(machine, made, right);
    return made;
  }
  return operator === '|' ? union(left, right) : undefined;
}

function isDictionary(value: PyValue): value is DictValue | PartialDictValue {
  return value.kind === 'dict' || value.kind === 'partial-dict';
}

/** A set, also where it is the keys of a dictionary. */
function setOf(value: PyValue): SetValue | undefined {
  if (value.kind === 'list' && value.isKeys === true) return set(value.items);
  return value.kind === 'set' ? value : undefined;
}

/** The keys of dictionaries as sets; other values as they are. */
const comparable = (value: PyValue): PyValue => setOf(value) ?? plainOf(value);

/** `int | None`: a tuple of types, which `isinstance` takes likewise. */
function union(left: PyValue, right: PyValue): PyValue | undefined {
  const [one, other] = [left, right].map((side) => {
    const types = side.kind === 'tuple' ? side.items : [side];
    return types.every(({ kind }) => kind === 'class' || kind === 'none') ? types : undefined;
  });
  return one === undefined || other === undefined || (left.kind === 'none' && right.kind === 'none')
    ? undefined
    : tuple([...one, ...other]);
}

function repeated<T>(items: readonly T[], times: number): readonly T[] {
  const all: T[] = [];
  if (items.length > 0) for (let i = 0; i < times; i++) for (const item of items) all.push(item);
  return all;
}

const specialNames: Readonly<Record<BinaryOperator, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'truediv',
  '//': 'floordiv',
  '%': 'mod',
  '**': 'pow',
  '@': 'matmul',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
  '<<': 'lshift',
  '>>': 'rshift',
};

/** The method that `target operator= value` asks for first. */
export function inPlaceName(operator: BinaryOperator): string {
  return `__i${specialNames[operator]}__`;
}

function overload(
  machine: Machine,
  operator: BinaryOperator,
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): PyValue | undefined {
  const name = specialNames[operator];
  const direct = left.kind === 'instance' ? machine.method(left, `__${name}__`, span) : undefined;
  if (direct) {
    const result = machine.call(direct, { positional: [right], keywords: new Map() }, span);
    if (result !== notImplemented) return result;
  }
  const reflected = right.kind === 'instance' ? machine.method(right, `__r${name}__`, span) : undefined;
  return reflected ? machine.call(reflected, { positional: [left], keywords: new Map() }, span) : undefined;
}

/** Whether two values are equal, as `==` says; undefined when that depends on something unknown. */
export function equal(machine: Machine, one: PyValue, other: PyValue, span: SourceSpan): boolean | undefined {
  const [left, right] = [comparable(one), comparable(other)];
  if (left.kind === 'unknown' || right.kind === 'unknown' || left.kind === 'tensor' || right.kind === 'tensor') {
    return left === right && left.kind !== 'unknown' ? true : undefined;
  }
  const overloaded = equalByMethod(machine, left, right, span);
  if (overloaded !== undefined) return overloaded === 'unknown' ? undefined : overloaded;
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined || b !== undefined) return a === b;
  if ((left.kind === 'list' && right.kind === 'list') || (left.kind === 'tuple' && right.kind === 'tuple')) {
    if (left.items.length !== right.items.length) return false;
    let sure: boolean | undefined = true;
    const { length } = left.items;
    for (const [i, item] of left.items.entries()) {
      machine.tick(span);
      const opposite = right.items[i];
      const same = opposite && equal(machine, item, opposite, span);
      // A comparison may change what is compared.
      if (left.items.length !== length || right.items.length !== length) return undefined;
      if (same === false) return false;
      if (same === undefined) sure = undefined;
    }
    return sure;
  }
  if (left.kind === 'dict' && right.kind === 'dict') {
    if (left.entries.size !== right.entries.size) return false;
    for (const [key, { value }] of left.entries) {
      machine.tick(span);
      const opposite = right.entries.get(key);
      if (!opposite) return false;
      const same = equal(machine, value, opposite.value, span);
      if (same !== true) return same;
    }
    return true;
  }
  if (isDictionary(left) && isDictionary(right)) return left === right ? true : undefined;
  if (left.kind === 'set' && right.kind === 'set') {
    return left.entries.size === right.entries.size && [...left.entries.keys()].every((key) => right.entries.has(key));
  }
  if (left.kind === 'range' && right.kind === 'range') {
    const [length, otherLength] = [rangeLength(left), rangeLength(right)];
    return (
      length === otherLength &&
      (length === 0 || (left.start === right.start && (length === 1 || left.step === right.step)))
    );
  }
  if (left.kind === 'bound-method' && right.kind === 'bound-method')
    return left.function === right.function && left.self === right.self;
  // Functions of ours are made when they are asked for, and so are some types.
  const isMadeAnew = left.kind === 'builtin' || (left.kind === 'class' && left.span === undefined);
  if (isMadeAnew && left.kind === right.kind && left.name === right.name) return left === right ? true : undefined;
  return left.kind === right.kind && keyOf(left) === keyOf(right);
}

/** What `__eq__` of either side says; undefined where neither has one, nor a base whose is not known. */
function equalByMethod(
  machine: Machine,
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): boolean | 'unknown' | undefined {
  if (left.kind !== 'instance' && right.kind !== 'instance') return undefined;
  for (const [self, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const isComputed = self.kind === 'instance' && findMethod(self.class, '__eq__')?.kind === 'property';
    if (isComputed) return 'unknown';
    const method = self.kind === 'instance' ? machine.method(self, '__eq__', span) : undefined;
    if (method === undefined) continue;
    const result = machine.callWith(method, span, other);
    if (result.kind !== 'not-implemented') return machine.truth(result, span) ?? 'unknown';
  }
  if (left === right) return true;
  if (left.kind === 'instance' && right.kind === 'instance' && left.class === right.class) {
    const fields = findMethod(left.class, '__dataclass_fields__') ? left.class.fields : undefined;
    if (fields) {
      const answers = fields.map(({ name }) =>
        equal(machine, machine.attribute(left, name, span), machine.attribute(right, name, span), span),
      );
      return answers.includes(false) ? false : answers.includes(undefined) ? 'unknown' : true;
    }
  }
  const isOpen = (value: PyValue): boolean =>
    value.kind === 'instance' &&
    !value.class.attributes.has('__members__') &&
    !machine.library.isLayer(value) &&
    !isWhollyWritten(value);
  return isOpen(left) || isOpen(right) ? 'unknown' : undefined;
}

function isWritten(...values: readonly PyValue[]): boolean {
  return values.every((value) => value.kind === 'string' && (value.isWritten === true || value.value.length < 2));
}

/** One comparison. */
export function compare(
  machine: Machine,
  operator: ComparisonOperator,
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): PyValue {
  switch (operator) {
    case 'is':
    case 'is not': {
      if (left.kind === 'unknown') return left;
      if (right.kind === 'unknown') return right;
      const scalar = left.kind === right.kind && ['none', 'bool', 'int', 'string', 'ellipsis'].includes(left.kind);
      const alike = scalar && keyOf(left) === keyOf(right);
      // Of small numbers and of texts that are written Python has one object each; of others it may have several.
      const isOne =
        left.kind === 'int' ? left.value >= -5 && left.value <= 256 : left.kind !== 'string' || isWritten(left, right);
      if (alike && left !== right && !isOne) return unknown('Whether these are one object is not known', span);
      const same = left === right || alike;
      if (
        !same &&
        left.kind === 'class' &&
        right.kind === 'class' &&
        left.span === undefined &&
        left.name === right.name
      )
        return unknown('Whether these types are one is not known', span);
      return bool(same === (operator === 'is'));
    }
    case 'in':
    case 'not in': {
      const flag = right.kind === 'instance' ? containsFlag(right, left) : undefined;
      const found = flag ?? machine.contains(right, left, span);
      if (found === undefined) return unknown('Whether the value is in there is not known', span);
      return bool(found === (operator === 'in'));
    }
    case '==':
    case '!=': {
      if (left.kind === 'tensor' || right.kind === 'tensor') return machine.tensorOperator(operator, left, right, span);
      const same = equal(machine, left, right, span);
      if (same === undefined)
        return left.kind === 'unknown'
          ? left
          : right.kind === 'unknown'
            ? right
            : unknown('An unknown comparison', span);
      return bool(same === (operator === '=='));
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return order(machine, operator, left, right, span);
  }
}

function order(
  machine: Machine,
  operator: '<' | '<=' | '>' | '>=',
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): PyValue {
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown') return right;
  if (left.kind === 'tensor' || right.kind === 'tensor') return machine.tensorOperator(operator, left, right, span);
  const [one, other] = [setOf(left), setOf(right)];
  if (one !== undefined && other !== undefined) {
    const within = (a: SetValue, b: SetValue): boolean => [...a.entries.keys()].every((key) => b.entries.has(key));
    const [small, large] = operator.startsWith('<') ? [one, other] : [other, one];
    return bool(within(small, large) && (operator.length === 2 || small.entries.size < large.entries.size));
  }
  const difference = sortOrder(machine, left, right, span);
  if (difference !== undefined) {
    return bool(
      operator === '<'
        ? difference < 0
        : operator === '<='
          ? difference <= 0
          : operator === '>'
            ? difference > 0
            : difference >= 0,
    );
  }
  const names = { '<': '__lt__', '<=': '__le__', '>': '__gt__', '>=': '__ge__' } as const;
  const method = left.kind === 'instance' ? machine.method(left, names[operator], span) : undefined;
  if (method) return machine.call(method, { positional: [right], keywords: new Map() }, span);
  if (left.kind === 'instance' || right.kind === 'instance')
    return unknown(`What ${operator} gives here is not followed`, span);
  return machine.raise(
    'TypeError',
    `'${operator}' not supported between '${machine.nameOfType(left)}' and '${machine.nameOfType(right)}'`,
    span,
  );
}

/** Negative, zero or positive as `left` sorts before, with or after `right`; undefined where Python has no order. */
export function sortOrder(machine: Machine, left: PyValue, right: PyValue, span: SourceSpan): number | undefined {
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined && b !== undefined) return a - b;
  if (left.kind === 'string' && right.kind === 'string')
    return left.value < right.value ? -1 : left.value > right.value ? 1 : 0;
  if ((left.kind === 'list' || left.kind === 'tuple') && left.kind === right.kind) {
    for (const [i, item] of left.items.entries()) {
      machine.tick(span);
      const other = right.items[i];
      if (other === undefined) return 1;
      const difference = sortOrder(machine, item, other, span);
      if (difference !== 0) return difference;
    }
    return left.items.length - right.items.length;
  }
  return undefined;
}

/** Unary minus and its kin. */
export function unary(machine: Machine, operator: '-' | '+' | '~', operand: PyValue, span: SourceSpan): PyValue {
  if (operand.kind === 'unknown') return operand;
  if (operand.kind === 'tensor') {
    if (operator === '+') return operand;
    // The mask of what is left out.
    if (operator === '~' && operand.dtype === 'bool') return machine.tensorOperator('==', operand, int(0), span);
    return machine.tensorOperator('*', operand, int(-1), span);
  }
  const value = numberOf(operand);
  if (operand.kind === 'instance') {
    const name = { '-': '__neg__', '+': '__pos__', '~': '__invert__' }[operator];
    const method = machine.method(operand, name, span);
    if (method) return machine.callWith(method, span);
  }
  if (value === undefined && (operand.kind === 'class' || !isWhollyWritten(operand)))
    return unknown(`What ${operator} gives here is not modelled`, span);
  if (operand.kind === 'bool' && operator === '+') return int(operand.value ? 1 : 0);
  if (value === undefined) return machine.raise('TypeError', `bad operand type for unary ${operator}`, span);
  if (operator === '~') return int(-value - 1);
  if (operator === '+') return operand;
  const zero: IntValue | FloatValue = operand.kind === 'float' ? float(0) : int(0);
  const origin = computed('-', -value, [zero, operand], span);
  return operand.kind === 'float' ? float(-value, origin) : int(-value, origin);
}
