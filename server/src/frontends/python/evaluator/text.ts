// `str` and `repr` of values, and the format mini-language as far as model code uses it.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Machine, PyValue } from './machine.ts';
import { numberOf } from './numbers.ts';

/** Digits behind the point that JavaScript writes at most. */
export const mostDigits = 100;

function numberText(value: number, isFloat: boolean): string {
  if (!isFloat) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${String(value)}.0`;
  return String(value)
    .replace(/e([+-])(\d)$/, 'e$10$2')
    .replace('Infinity', 'inf')
    .replace('NaN', 'nan');
}

/** `str(value)`. */
export function textOf(machine: Machine, value: PyValue, span: SourceSpan): string {
  if (value.kind === 'string') return value.value;
  if (value.kind === 'instance') {
    const method = machine.method(value, '__str__', span) ?? machine.method(value, '__repr__', span);
    if (method) {
      const text = machine.callWith(method, span);
      if (text.kind === 'string') return text.value;
    }
    const args = value.attributes.get('args');
    if (args?.kind === 'tuple') return args.items.map((item) => textOf(machine, item, span)).join(', ');
  }
  return reprOf(machine, value, span);
}

/** `repr(value)`. */
export function reprOf(machine: Machine, value: PyValue, span: SourceSpan): string {
  // A list that holds another one twice, many levels deep, has a text that doubles with each level.
  machine.tick(span);
  const all = (items: Iterable<PyValue>): string => [...items].map((item) => reprOf(machine, item, span)).join(', ');
  switch (value.kind) {
    case 'none':
      return 'None';
    case 'ellipsis':
      return 'Ellipsis';
    case 'not-implemented':
      return 'NotImplemented';
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'int':
      return numberText(value.value, false);
    case 'float':
      return numberText(value.value, true);
    case 'string':
      return `'${value.value.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n')}'`;
    case 'list':
      return `[${all(value.items)}]`;
    case 'tuple':
      return value.items.length === 1 ? `(${all(value.items)},)` : `(${all(value.items)})`;
    case 'set':
      return value.entries.size === 0 ? 'set()' : `{${all(value.entries.values())}}`;
    case 'dict':
      return `{${[...value.entries.values()].map((entry) => `${all([entry.key])}: ${all([entry.value])}`).join(', ')}}`;
    case 'range':
      return `range(${String(value.start)}, ${String(value.stop)}${value.step === 1 ? '' : `, ${String(value.step)}`})`;
    case 'function':
    case 'builtin':
      return `<function ${value.name}>`;
    case 'class':
      return `<class '${value.name}'>`;
    case 'module':
      return `<module '${value.name}'>`;
    case 'tensor':
      return `<tensor of ${value.shape.map((size) => (typeof size === 'number' ? String(size) : '?')).join('×')}>`;
    case 'instance':
      return `${value.class.name}(…)`;
    default:
      return `<${value.kind}>`;
  }
}

/** `format(value, specification)`: fill, alignment, sign, zero padding, width, grouping, precision and type. */
export function formatValue(machine: Machine, value: PyValue, specification: string, span: SourceSpan): string {
  if (specification === '') return textOf(machine, value, span);
  const match = /^(?:(.)?([<>^=]))?([+ -])?#?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/s.exec(specification);
  if (match === null) return textOf(machine, value, span);
  const [, fill, alignment, sign, zero, width, grouping, precision, type] = match;
  const number = numberOf(value);
  let text = textOf(machine, value, span);
  if (number !== undefined) {
    const digits = Math.min(precision === undefined ? 6 : Number(precision), mostDigits);
    if (type === 'f' || type === 'F') text = number.toFixed(digits);
    else if (type === 'e' || type === 'E') text = number.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
    else if (type === '%') text = `${(number * 100).toFixed(digits)}%`;
    else if (type === 'x' || type === 'X' || type === 'b' || type === 'o')
      text = number.toString(type === 'b' ? 2 : type === 'o' ? 8 : 16);
    else if (precision !== undefined) text = String(Number(number.toPrecision(Math.max(1, digits))));
    if (grouping !== undefined) text = text.replace(/\B(?=(\d{3})+(?!\d))/g, grouping);
    if ((sign === '+' || sign === ' ') && number >= 0) text = sign + text;
  } else if (precision !== undefined) text = text.slice(0, Number(precision));
  const size = Number(width ?? 0);
  machine.holdText(size, span);
  const padding = fill ?? (zero === undefined ? ' ' : '0');
  const place = alignment ?? (number === undefined ? '<' : '>');
  if (place === '<') return text.padEnd(size, padding);
  if (place === '^') return text.padStart(Math.floor((size + text.length) / 2), padding).padEnd(size, padding);
  return text.padStart(size, padding);
}
