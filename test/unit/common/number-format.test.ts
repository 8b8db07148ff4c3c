// How numbers read: three digits and a prefix, milliseconds with two, bounds and unknowns marked.

import { expect, test } from 'vitest';
import {
  formatAmount,
  formatCount,
  formatLatency,
  formatMilliseconds,
} from '../../../server/src/common/number-format.ts';

test.for<[number, string, string]>([
  [0, 'MACs', '0 MACs'],
  [840, 'MACs', '840 MACs'],
  [999, '', '999'],
  [1000, '', '1.00 k'],
  [36_928, '', '36.9 k'],
  [18_874_368, 'MACs', '18.9 MMACs'],
  [15_470_264_320, 'MACs', '15.5 GMACs'],
  [999_499, '', '999 k'],
  [999_500, '', '1.00 M'],
  [99_960, '', '100 k'],
  [9_996, '', '10.0 k'],
  [1_234_567_890_123, 'FLOPs', '1.23 TFLOPs'],
])('%d with unit %j reads %j', ([value, unit, text]) => {
  expect(formatAmount(value, unit)).toBe(text);
});

test.for<[number, string]>([
  [0, '0 ms'],
  [0.2097, '0.21 ms'],
  [0.00213, '2.1 µs'],
  [0.00004, '0.040 µs'],
  [0.00996, '10 µs'],
  [0.01, '0.010 ms'],
  [0.0996, '0.10 ms'],
  [1.234, '1.2 ms'],
  [12.34, '12.3 ms'],
  [1234.5, '1235 ms'],
  [1e-9, '<0.001 µs'],
])('%d ms reads %j', ([value, text]) => {
  expect(formatMilliseconds(value)).toBe(text);
});

test('bounds and unknowns say so', () => {
  expect(formatCount({ kind: 'at-least', value: 36_928, reason: 'r' }, 'MACs')).toBe('≥ 36.9 kMACs');
  expect(formatCount({ kind: 'unknown', reason: 'r' }, 'MACs')).toBe('? MACs');
  expect(formatCount({ kind: 'unknown', reason: 'r' })).toBe('?');
  expect(formatLatency({ kind: 'at-least', value: 0.21, reason: 'r' })).toBe('≥ 0.21 ms');
  expect(formatLatency({ kind: 'unknown', reason: 'r' })).toBe('? ms');
});
