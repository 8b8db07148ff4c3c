// Conversions between numbers and texts, rounding and ranges, as Python's built-in functions make them. Trails are kept.

import type { SourceSpan } from '../../../common/source-span.ts';
import { float, int, unknown } from './values.ts';
import type { Machine, Arguments, PyValue } from './machine.ts';
import { computed, integerOf, numberOf } from './numbers.ts';

/** An argument by place or by name. */
export const argument = (args: Arguments, index: number, name = ''): PyValue | undefined =>
  args.positional[index] ?? args.keywords.get(name);

export function toInteger(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const value = argument(args, 0);
  if (value === undefined) return int(0);
  if (value.kind === 'int' || value.kind === 'unknown') return value;
  if (value.kind === 'string') {
    const base = args.positional[1] ? (integerOf(args.positional[1]) ?? 10) : 10;
    const parsed = /^\s*[-+]?[0-9a-zA-Z_]+\s*$/.test(value.value) ? parseInt(value.value.replace(/_/g, ''), base) : NaN;
    return Number.isNaN(parsed)
      ? machine.raise('ValueError', `invalid literal for int(): '${value.value}'`, span)
      : int(parsed);
  }
  if (value.kind === 'tensor')
    return value.fill === undefined
      ? unknown('The contents of a tensor are not known', span)
      : int(Math.trunc(value.fill));
  const number = numberOf(value);
  if (number === undefined) return machine.raise('TypeError', 'int() takes a number or a string', span);
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
    };
    const parsed = special[text] ?? Number(text);
    return text !== 'nan' && Number.isNaN(parsed)
      ? machine.raise('ValueError', 'could not convert string to float', span)
      : float(parsed);
  }
  if (value.kind === 'tensor')
    return value.fill === undefined ? unknown('The contents of a tensor are not known', span) : float(value.fill);
  const number = numberOf(value);
  return number === undefined
    ? machine.raise('TypeError', 'float() takes a number or a string', span)
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
