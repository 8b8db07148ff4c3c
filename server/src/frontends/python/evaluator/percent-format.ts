// `'%d of %s' % values`: the older of Python's two ways to put values into a text.

import type { SourceSpan } from '../../../common/source-span.ts';
import { formatNumber, formatText, type Specification } from './format-specification.ts';
import type { Machine, PyValue } from './machine.ts';
import { integerOf, numberOf } from './numbers.ts';
import { readEntry } from './partial-dictionary.ts';
import { reprOf, textOf } from './text.ts';
import { string, unknown } from './values.ts';

const place = /%(?:\(([^()]*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?(.)/gsu;

/** The template with its places filled. A value that is not known makes the whole text so. */
export function formatPercent(machine: Machine, template: string, value: PyValue, span: SourceSpan): PyValue {
  const values = value.kind === 'tuple' ? value.items : [value];
  // What has items may be meant for places with names: none has to be used.
  const isMapping = value.kind === 'dict' || value.kind === 'partial-dict' || value.kind === 'list';
  let [next, at, text, isNamed] = [0, 0, '', false];
  const take = (): PyValue =>
    values[next++] ?? machine.raise('TypeError', 'not enough arguments for format string', span);
  for (const match of template.matchAll(place)) {
    const [whole, name, flags = '', width, precision, type = ''] = match;
    if (template.slice(at, match.index).includes('%')) return incomplete(machine, span);
    text += template.slice(at, match.index);
    at = match.index + whole.length;
    if (type === '%') {
      text += '%';
      continue;
    }
    isNamed ||= name !== undefined;
    const size = width === '*' ? integerOf(take()) : Number(width ?? 0);
    const digits = precision === '*' ? integerOf(take()) : precision === undefined ? undefined : Number(precision);
    if (size === undefined || (precision !== undefined && digits === undefined)) return notKnown(span);
    machine.holdText(Math.abs(size) + (digits ?? 0), span);
    const item = name === undefined ? take() : named(machine, value, name, span);
    const isLeft = flags.includes('-') || size < 0;
    const specification: Specification = {
      fill: flags.includes('0') && !isLeft && !'sra'.includes(type) ? '0' : ' ',
      alignment: isLeft ? '<' : flags.includes('0') && !'sra'.includes(type) ? '=' : '>',
      sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '-',
      isAlternate: flags.includes('#'),
      width: Math.abs(size),
      grouping: '',
      precision: digits,
      type,
    };
    const written = writtenValue(machine, item, specification, span);
    if (written === undefined) return notKnown(span);
    text += written;
  }
  if (template.slice(at).includes('%')) return incomplete(machine, span);
  if (next < values.length && !isNamed && !isMapping)
    return value.kind === 'unknown' || value.kind === 'instance' || value.kind === 'tensor'
      ? notKnown(span)
      : machine.raise('TypeError', 'not all arguments converted during string formatting', span);
  return string(text + template.slice(at));
}

/** `%(name)s` */
function named(machine: Machine, value: PyValue, name: string, span: SourceSpan): PyValue {
  if (value.kind !== 'dict' && value.kind !== 'partial-dict') return notKnown(span);
  return (
    readEntry(value, string(name)) ?? (value.missing ? notKnown(span) : machine.raise('KeyError', `'${name}'`, span))
  );
}

function incomplete(machine: Machine, span: SourceSpan): never {
  return machine.raise('ValueError', 'incomplete format', span);
}

function notKnown(span: SourceSpan): PyValue {
  return unknown('What this is written as is not known', span);
}

function writtenValue(
  machine: Machine,
  item: PyValue,
  specification: Specification,
  span: SourceSpan,
): string | undefined {
  const { type } = specification;
  const plain: Specification = { ...specification, type: '', sign: '-', isAlternate: false };
  switch (type) {
    case 's':
    case 'r': {
      const text = item.kind === 'unknown' ? undefined : (type === 's' ? textOf : reprOf)(machine, item, span);
      return text === undefined ? undefined : formatText(text, plain);
    }
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o': {
      const number = numberOf(item);
      if (number === undefined) {
        refuse(machine, item, type, span);
        return undefined;
      }
      const isDecimal = !'xXo'.includes(type);
      if (item.kind === 'float' && !isDecimal)
        return machine.raise('TypeError', `%${type} format: an integer is required, not float`, span);
      if (!Number.isFinite(number) || specification.precision !== undefined) return undefined;
      return formatNumber(Math.trunc(number), true, { ...specification, type: isDecimal ? 'd' : type });
    }
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G': {
      const number = numberOf(item);
      if (number !== undefined) return formatNumber(number, false, specification);
      refuse(machine, item, type, span);
      return undefined;
    }
    default:
      return undefined;
  }
}

/** Raises where a value is certainly no number. */
function refuse(machine: Machine, item: PyValue, type: string, span: SourceSpan): void {
  if (/^(string|none|list|dict|set)$/.test(item.kind))
    machine.raise('TypeError', `%${type} format: a real number is required, not ${machine.nameOfType(item)}`, span);
}
