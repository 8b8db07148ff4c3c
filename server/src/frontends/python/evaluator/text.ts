// `str` and `repr` of values, where these are known: not of what is not known, of addresses, or of sets, whose order is Python's.

import type { SourceSpan } from '../../../common/source-span.ts';
import { unknownBaseOf } from './classes.ts';
import { formatNumber, formatText, parseSpecification } from './format-specification.ts';
import type { InstanceValue, Machine, PyValue } from './machine.ts';
import { floatText, integerText } from './number-text.ts';
import { numberOf } from './numbers.ts';
import { plainOf, string, unknown } from './values.ts';

/** `str(value)`, or undefined where it is not known. */
export function textOf(machine: Machine, value: PyValue, span: SourceSpan): string | undefined {
  if (value.kind === 'string') return value.value;
  if (value.kind !== 'instance') return reprOf(machine, value, span);
  const method = machine.method(value, '__str__', span) ?? machine.method(value, '__repr__', span);
  if (method) {
    const text = machine.callWith(method, span);
    return text.kind === 'string' ? text.value : undefined;
  }
  const args = value.attributes.get('args');
  if (args?.kind !== 'tuple' || !isException(value)) return reprOf(machine, value, span);
  const [first] = args.items;
  if (first === undefined) return '';
  if (args.items.length > 1) return reprOf(machine, args, span);
  return isKeyError(value) ? reprOf(machine, first, span) : textOf(machine, first, span);
}

/** What is said of a value in a message: its text, or its kind. */
export function describe(machine: Machine, value: PyValue, span: SourceSpan): string {
  const text = textOf(machine, value, span);
  if (text !== undefined) return text;
  switch (value.kind) {
    case 'class':
    case 'function':
    case 'builtin':
    case 'module':
      return `<${value.kind === 'builtin' ? 'function' : value.kind} ${value.name}>`;
    case 'tensor':
      return `<tensor of ${value.shape.map((size) => (typeof size === 'number' ? String(size) : '?')).join('×')}>`;
    case 'instance':
      return `${value.class.name}(…)`;
    default:
      return `<${value.kind}>`;
  }
}

/** `repr(value)`, or undefined where it is not known. */
export function reprOf(machine: Machine, value: PyValue, span: SourceSpan, depth = 0): string | undefined {
  // A list that holds another one twice, many levels deep, has a text that doubles with each level.
  machine.tick(span);
  if (depth > deepest) return undefined;
  const inner = (item: PyValue): string | undefined => reprOf(machine, item, span, depth + 1);
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
      return integerText(value.value);
    case 'float':
      return floatText(value.value);
    case 'string':
      return stringRepr(value.value);
    case 'list': {
      const items = value.isKeys === true ? undefined : all(value.items.map(inner));
      return items && `[${items.join(', ')}]`;
    }
    case 'tuple': {
      const items = all(value.items.map(inner));
      if (items === undefined || value.isSize === true) return undefined;
      if (value.class) {
        const { fields } = value;
        return fields && `${value.class.name}(${fields.map((field, i) => `${field}=${items[i] ?? ''}`).join(', ')})`;
      }
      return items.length === 1 ? `(${items.join('')},)` : `(${items.join(', ')})`;
    }
    case 'set': {
      const items =
        value.entries.size > 1 || value.isFrozen === true ? undefined : all([...value.entries.values()].map(inner));
      return items && (items.length === 0 ? 'set()' : `{${items.join('')}}`);
    }
    case 'dict': {
      if (value.missing || value.viewOf) return undefined;
      const items = all(
        [...value.entries.values()].map((entry) => {
          const [key, item] = [inner(entry.key), inner(entry.value)];
          return key !== undefined && item !== undefined ? `${key}: ${item}` : undefined;
        }),
      );
      return items && `{${items.join(', ')}}`;
    }
    case 'range': {
      const step = value.step === 1 ? '' : `, ${String(value.step)}`;
      return `range(${String(value.start)}, ${String(value.stop)}${step})`;
    }
    case 'slice': {
      const parts = all([value.lower, value.upper, value.step].map(inner));
      return parts && `slice(${parts.join(', ')})`;
    }
    case 'instance':
      return instanceRepr(machine, value, span, inner);
    default:
      return undefined;
  }
}

/** Lists in lists deeper than this are written by nobody. */
const deepest = 40;

function instanceRepr(
  machine: Machine,
  value: InstanceValue,
  span: SourceSpan,
  inner: (item: PyValue) => string | undefined,
): string | undefined {
  const method = machine.method(value, '__repr__', span);
  if (method) {
    const text = machine.callWith(method, span);
    return text.kind === 'string' ? text.value : undefined;
  }
  const args = value.attributes.get('args');
  if (args?.kind !== 'tuple' || !isException(value)) return undefined;
  const items = all(args.items.map(inner));
  return items && `${value.class.name}(${items.join(', ')})`;
}

function isException({ class: type }: InstanceValue): boolean {
  return type.mro.some(({ name, span }) => name === 'BaseException' && span === undefined);
}

function isKeyError({ class: type }: InstanceValue): boolean {
  return type.mro.some(({ name, span }) => name === 'KeyError' && span === undefined);
}

function all(texts: readonly (string | undefined)[]): readonly string[] | undefined {
  const known = texts.filter((text) => text !== undefined);
  return known.length === texts.length ? known : undefined;
}

/** A text between quotes; undefined where it has characters of which Python decides whether they can be printed. */
function stringRepr(text: string): string | undefined {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let written = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const escaped = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', [quote]: `\\${quote}` }[character];
    if (escaped !== undefined) written += escaped;
    else if (code < 0x20 || code === 0x7f) written += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code < 0x7f || /[\p{L}\p{N}]/u.test(character)) written += character;
    else return undefined;
  }
  return quote + written + quote;
}

/** `format(value, specification)`. */
export function formatValue(machine: Machine, value: PyValue, specification: string, span: SourceSpan): PyValue {
  if (value.kind === 'unknown') return value;
  const lost = (): PyValue => unknown('What this is written as is not known', span);
  if (value.kind === 'instance') {
    const method = machine.method(value, '__format__', span);
    if (method) return machine.callWith(method, span, string(specification));
  }
  // Before Python 3.12 a member of an enum that is a text as well was formatted as the text.
  if (value.kind === 'instance' && plainOf(value) !== value) return lost();
  if (specification === '') {
    const text = textOf(machine, value, span);
    return text === undefined ? lost() : string(text);
  }
  const parsed = parseSpecification(specification);
  if (parsed === undefined) return lost();
  machine.holdText(parsed.width + (parsed.precision ?? 0), span);
  if (value.kind === 'tensor' || (value.kind === 'instance' && unknownBaseOf(value.class) !== undefined)) return lost();
  const number = numberOf(value);
  let text: string | undefined;
  if (number !== undefined) text = formatNumber(number, value.kind !== 'float', parsed);
  else if (value.kind === 'string') text = formatText(value.value, parsed);
  else if (
    value.kind === 'none' ||
    value.kind === 'list' ||
    value.kind === 'dict' ||
    (value.kind === 'tuple' && !value.class)
  )
    return machine.raise(
      'TypeError',
      `unsupported format string passed to ${machine.nameOfType(value)}.__format__`,
      span,
    );
  return text === undefined ? lost() : string(text);
}
