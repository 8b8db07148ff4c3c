// What elementwise functions compute for the elements of constants.

import type { Fold } from './constants.ts';

/** A comparison: 1 where it holds. */
export const flag =
  (holds: (a: number, b: number) => boolean): Fold =>
  (a = NaN, b = NaN) =>
    holds(a, b) ? 1 : 0;

export const one =
  (compute: (value: number) => number): Fold =>
  (value = NaN) =>
    compute(value);

export const two =
  (compute: (a: number, b: number) => number): Fold =>
  (a = NaN, b = NaN) =>
    compute(a, b);

/** The functions of one element that the operators of the language stand for. */
export const operatorFolds: Readonly<Record<string, Fold>> = {
  '+': two((a, b) => a + b),
  '-': two((a, b) => a - b),
  '*': two((a, b) => a * b),
  '/': two((a, b) => a / b),
  '//': two((a, b) => Math.floor(a / b)),
  '%': two((a, b) => a - b * Math.floor(a / b)),
  '**': two((a, b) => a ** b),
  '==': flag((a, b) => a === b),
  '!=': flag((a, b) => a !== b),
  '<': flag((a, b) => a < b),
  '<=': flag((a, b) => a <= b),
  '>': flag((a, b) => a > b),
  '>=': flag((a, b) => a >= b),
  '&': flag((a, b) => a !== 0 && b !== 0),
  '|': flag((a, b) => a !== 0 || b !== 0),
};
