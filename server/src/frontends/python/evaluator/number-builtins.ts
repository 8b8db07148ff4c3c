// Conversions between numbers and texts, rounding and ranges, as Python's built-in functions make them. Trails are kept.

import type { SourceSpan } from '../../../common/source-span.ts';
import { isWhollyWritten } from './classes.ts';
import { float, int, unknown } from './values.ts';
import type { Machine, Arguments, PyValue } from './machine.ts';
import { computed, integerOf, numberOf } from './numbers.ts';

/** An argument by place or by name. */
export const argument = (args: Arguments, index: number, name = ''): PyValue | undefined =>
  args.positional[index] ?? args.keywords.get(name);

export function toInteger(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const value = argument(args, 0);
  if (value === undefined) return int(0);
  const base = argument(args, 1, 'base');
  if (value.kind === 'unknown') return value;
  if (base !== undefined && value.kind !== 'string')
    return machine.raise('TypeError', "int() can't convert non-string with explicit base", span);
  if (value.kind === 'int') return value;
  if (value.kind === 'string') {
    const radix = base ? integerOf(base) : 10;
    if (radix === undefined || radix < 2 || radix > 36)
      return unknown('In which base this number is written is not known', span);
    const parsed = integerIn(value.value, radix);
    return parsed === undefined
      ? machine.raise('ValueError', `invalid literal for int(): '${value.value}'`, span)
      : int(parsed);
  }
  if (value.kind === 'tensor')
    return value.fill === undefined
      ? unknown('The contents of a tensor are not known', span)
      : int(Math.trunc(value.fill));
  const number = numberOf(value);
  if (number === undefined)
    return (
      numberOfInstance(machine, value, ['__int__', '__index__', '__trunc__'], span) ??
      machine.raise('TypeError', 'int() takes a number or a string', span)
    );
  if (!Number.isFinite(number)) return machine.raise('ValueError', 'cannot convert this float to an integer', span);
  return int(Math.trunc(number), computed('int', Math.trunc(number), [value], span));
}

export function toFloat(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const value = argument(args, 0);
  if (value === undefined) return float(0);
  if (value.kind === 'unknown' || value.kind === 'float') return value;
  if (value.kind === 'string') {
    const text = value.value.trim().toLowerCase();
    const special: Readonly<Record<string, number>> = {
      inf: Infinity,
      '-inf': -Infinity,
      nan: NaN,
      infinity: Infinity,
      '+inf': Infinity,
      '-infinity': -Infinity,
    };
    const isNumber = /^[+-]?(\d+(_\d+)*)?(\.(\d+(_\d+)*)?)?(e[+-]?\d+)?$/.test(text) && /^[+-]?\.?\d/.test(text);
    const parsed = special[text] ?? (isNumber ? Number(text.replaceAll('_', '')) : NaN);
    return text !== 'nan' && Number.isNaN(parsed)
      ? machine.raise('ValueError', 'could not convert string to float', span)
      : float(parsed);
  }
  if (value.kind === 'tensor')
    return value.fill === undefined ? unknown('The contents of a tensor are not known', span) : float(value.fill);
  const number = numberOf(value);
  return number === undefined
    ? (numberOfInstance(machine, value, ['__float__', '__index__'], span) ??
        machine.raise('TypeError', 'float() takes a number or a string', span))
    : float(number, value.kind === 'int' ? value.origin : undefined);
}

export function range(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const bounds = args.positional.map(integerOf);
  const lost = args.positional.find((value) => value.kind === 'unknown');
  if (lost) return lost;
  if (bounds.some((bound) => bound === undefined)) return machine.raise('TypeError', 'range() takes integers', span);
  const [first = 0, second, step = 1] = bounds;
  if (step === 0) return machine.raise('ValueError', 'range() arg 3 must not be zero', span);
  return second === undefined
    ? { kind: 'range', start: 0, stop: first, step: 1 }
    : { kind: 'range', start: first, stop: second, step };
}

/** The integer that a text is in a base, as Python reads it: `_` between digits, a prefix that fits the base. */
function integerIn(text: string, base: number): number | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(\w+)$/.exec(text.trim()) ?? [];
  const prefix = { 2: /^0b_?/i, 8: /^0o_?/i, 16: /^0x_?/i }[base];
  const rest = prefix ? digits.replace(prefix, '') : digits;
  if (!/^[0-9a-z]+(_[0-9a-z]+)*$/i.test(rest)) return undefined;
  const plain = rest.replace(/_/g, '');
  if (!Array.from(plain).every((digit) => parseInt(digit, 36) < base)) return undefined;
  return (sign === '-' ? -1 : 1) * parseInt(plain, base);
}

/** What an object says it is as a number; not known where its class is not known whole, undefined where it is none. */
function numberOfInstance(
  machine: Machine,
  value: PyValue,
  names: readonly string[],
  span: SourceSpan,
): PyValue | undefined {
  if (value.kind !== 'instance') return undefined;
  for (const name of names) {
    const method = machine.method(value, name, span);
    if (method) return machine.callWith(method, span);
  }
  return isWhollyWritten(value) ? undefined : unknown(`What number a ${value.class.name} is is not known`, span);
}
