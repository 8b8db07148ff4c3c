// Python's `math`. Rounding keeps the trail of a width; the rest gives plain numbers.

import { binary } from '../evaluator/operators.ts';
import { bool, float, int, none, unknown } from '../evaluator/values.ts';
import { argument, functionValues, type LibraryFunction, type ModuleTable } from './module-table.ts';
import { computed, integerOf, numberOf } from '../evaluator/numbers.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { Machine, PyValue } from '../evaluator/machine.ts';

const firstLost = (values: readonly PyValue[]): PyValue | undefined => values.find((value) => value.kind === 'unknown');

/** The number that a tensor of one element holds, as far as it is known; anything else as it is. */
function numberIn(machine: Machine, value: PyValue, span: SourceSpan): PyValue {
  if (value.kind !== 'tensor') return value;
  return machine.library.numberOf(value, span) ?? unknown('The contents of this tensor are not known', span);
}

/** A real function of one or more numbers. */
function real(calculate: (...numbers: number[]) => number): LibraryFunction {
  return (machine, args, span) => {
    const given = args.positional.map((value) => numberIn(machine, value, span));
    const lost = firstLost(given);
    if (lost) return lost;
    const numbers = given.map(numberOf);
    const known = numbers.filter((number) => number !== undefined);
    if (known.length !== numbers.length && given.some(({ kind }) => kind === 'instance'))
      return unknown('Which number this is is not known', span);
    if (known.length !== numbers.length) return machine.raise('TypeError', 'must be real number', span);
    const result = calculate(...known);
    // `pow(0, -1)`
    const isPole = known[0] === 0;
    if (Number.isNaN(result) && !known.some(Number.isNaN))
      return machine.raise('ValueError', 'math domain error', span);
    if (!Number.isFinite(result) && known.every(Number.isFinite))
      return result < 0 || isPole
        ? machine.raise('ValueError', 'math domain error', span)
        : machine.raise('OverflowError', 'math range error', span);
    return float(result);
  };
}

/** Rounds to an integer, which remembers what it was rounded from. */
function rounding(operator: 'ceil' | 'floor' | 'int', round: (value: number) => number): LibraryFunction {
  return (machine, args, span) => {
    const value = numberIn(machine, args.positional[0] ?? none, span);
    if (value.kind === 'unknown' || value.kind === 'int') return value;
    const number = numberOf(value);
    if (number === undefined) return machine.raise('TypeError', 'must be real number', span);
    if (!Number.isFinite(number)) return machine.raise('ValueError', 'cannot convert this float to an integer', span);
    return int(round(number), computed(operator, round(number), [value], span));
  };
}

/** A function of integers. */
function integral(calculate: (...numbers: number[]) => number): LibraryFunction {
  return (machine, args, span) => {
    const lost = firstLost(args.positional);
    if (lost) return lost;
    const numbers = args.positional.map(integerOf).filter((number) => number !== undefined);
    if (numbers.length !== args.positional.length)
      return args.positional.some(({ kind }) => kind === 'instance' || kind === 'tensor')
        ? unknown('Which number this is is not known', span)
        : machine.raise('TypeError', 'must be an integer', span);
    const result = calculate(...numbers);
    return Number.isSafeInteger(result)
      ? int(result)
      : unknown('This number has more than 15 digits and is not worked out', span);
  };
}

const predicate =
  (holds: (value: number) => boolean): LibraryFunction =>
  (machine, args, span) => {
    const value = args.positional[0] ?? none;
    if (value.kind === 'unknown') return value;
    const number = numberOf(numberIn(machine, value, span));
    if (number !== undefined) return bool(holds(number));
    return value.kind === 'tensor' || value.kind === 'instance'
      ? unknown('Which number this is is not known', span)
      : machine.raise('TypeError', 'must be real number', span);
  };

const greatestDivisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : greatestDivisor(b, a % b));

function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 0; i < Math.min(k, n - k, 10_000); i++) result = (result * (n - i)) / (i + 1);
  return k < 0 || k > n ? 0 : Math.round(result);
}

function factorial(n: number): number {
  let result = 1;
  // Beyond 170! a double is infinite anyway.
  for (let i = 2; i <= Math.min(n, 171); i++) result *= i;
  return result;
}

/** The error function by its series (Abramowitz and Stegun 7.1.6); beyond 6 it is 1 in double precision. */
function errorFunction(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const functions: Readonly<Record<string, LibraryFunction>> = {
  ceil: rounding('ceil', Math.ceil),
  floor: rounding('floor', Math.floor),
  trunc: rounding('int', Math.trunc),
  sqrt: real(Math.sqrt),
  exp: real(Math.exp),
  log: (machine, args, span) =>
    numberOf(args.positional[1] ?? none) === 1 && (numberOf(args.positional[0] ?? none) ?? 0) > 0
      ? machine.raise('ZeroDivisionError', 'float division by zero', span)
      : real((value, base = Math.E) =>
          base <= 0 ? NaN : base === Math.E ? Math.log(value) : Math.log(value) / Math.log(base),
        )(machine, args, span),
  log2: real(Math.log2),
  log10: real(Math.log10),
  log1p: real(Math.log1p),
  pow: real((base, exponent = 1) => base ** exponent),
  fabs: real(Math.abs),
  sin: real(Math.sin),
  cos: real(Math.cos),
  tan: real(Math.tan),
  asin: real(Math.asin),
  acos: real(Math.acos),
  atan: real(Math.atan),
  atan2: real((y, x = 0) => Math.atan2(y, x)),
  sinh: real(Math.sinh),
  cosh: real(Math.cosh),
  tanh: real(Math.tanh),
  erf: real(errorFunction),
  erfc: real((value) => 1 - errorFunction(value)),
  hypot: real(Math.hypot),
  fmod: real((a, b = 1) => a % b),
  copysign: real((a, b = 1) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a))),
  radians: real((degrees) => (degrees * Math.PI) / 180),
  degrees: real((radians) => (radians * 180) / Math.PI),
  gcd: integral((...numbers) => numbers.reduce(greatestDivisor, 0)),
  lcm: integral((...numbers) =>
    numbers.reduce((a, b) => (a * b === 0 ? 0 : Math.abs(a * b) / greatestDivisor(a, b)), 1),
  ),
  comb: (machine, args, span) =>
    args.positional.some((value) => (integerOf(value) ?? 0) < 0)
      ? machine.raise('ValueError', 'must be a non-negative integer', span)
      : integral(choose)(machine, args, span),
  factorial: (machine, args, span) =>
    (integerOf(args.positional[0] ?? none) ?? 0) < 0
      ? machine.raise('ValueError', 'factorial() not defined for negative values', span)
      : integral(factorial)(machine, args, span),
  isqrt: (machine, args, span) =>
    (integerOf(args.positional[0] ?? none) ?? 0) < 0
      ? machine.raise('ValueError', 'isqrt() argument must be nonnegative', span)
      : integral((value) => Math.floor(Math.sqrt(value)))(machine, args, span),
  isnan: predicate(Number.isNaN),
  isinf: predicate((value) => value === Infinity || value === -Infinity),
  isfinite: predicate(Number.isFinite),
  isclose: (machine, args, span) => {
    const [a, b] = args.positional.map(numberOf);
    const relative = numberOf(args.keywords.get('rel_tol') ?? none) ?? 1e-9;
    const absolute = numberOf(args.keywords.get('abs_tol') ?? none) ?? 0;
    if (a === undefined || b === undefined)
      return firstLost(args.positional) ?? machine.raise('TypeError', 'must be real number', span);
    const lost = firstLost([...args.keywords.values()]);
    if (lost) return lost;
    if (a === b) return bool(true);
    if (!Number.isFinite(a) || !Number.isFinite(b)) return bool(false);
    return bool(Math.abs(a - b) <= Math.max(relative * Math.max(Math.abs(a), Math.abs(b)), absolute));
  },
  prod: (machine, args, span) => {
    const items = machine.iterate(args.positional[0] ?? none, span);
    if ('kind' in items) return items;
    const start = argument(args, 1, 'start');
    return items.reduce((product, item) => binary(machine, '*', product, item, span), start ?? int(1));
  },
};

export const mathModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues(functions),
    ['pi', float(Math.PI)],
    ['e', float(Math.E)],
    ['tau', float(2 * Math.PI)],
    ['inf', float(Infinity)],
    ['nan', float(NaN)],
  ]);
