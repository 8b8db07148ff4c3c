// Trails are evaluated as the source's language computes.

import { expect, test } from 'vitest';
import { evaluateTrail, followsShape, leafKey, rounds } from '../../../server/src/edits/trail.ts';
import { javascriptNumbers, pythonNumbers } from '../../../server/src/frontends/shared/number-dialect.ts';
import type { OriginOperator } from '../../../server/src/network/width-origin.ts';
import { computed, literal, madeDivisible } from './trails.ts';

// The right-hand sides are Python's own answers.
test.for<[OriginOperator, number[], number]>([
  ['+', [3, 4, 5], 12],
  ['sum', [3, 4, 5], 12],
  ['-', [3, 4], -1],
  ['-', [3], -3],
  ['*', [16, 5, 5], 400],
  ['/', [7, 2], 3.5],
  ['//', [7, 2], 3],
  ['//', [-7, 2], -4],
  ['%', [-7, 3], 2],
  ['%', [7, -3], -2],
  ['**', [2, 10], 1024],
  ['min', [7, 3], 3],
  ['max', [7, 3], 7],
  ['int', [-2.7], -2],
  ['ceil', [2.1], 3],
  ['floor', [-2.1], -3],
  ['round', [2.5], 2],
  ['round', [3.5], 4],
  ['round', [-2.5], -2],
  ['round', [2.4999], 2],
  ['<<', [24, 2], 96],
  ['>>', [27, 2], 6],
])('%s of %j is %d in Python', ([operator, operands, value]) => {
  const trail = computed(operator, value, ...operands.map((operand, index) => literal(operand, index * 10)));
  expect(evaluateTrail(trail, new Map(), pythonNumbers)).toBe(value);
});

// The right-hand sides are JavaScript's own answers.
test.for<[OriginOperator, number[], number]>([
  ['//', [-7, 2], -3],
  ['%', [-7, 3], -1],
  ['%', [7, -3], 1],
  ['int', [-2.7], -2],
  ['round', [2.5], 3],
  ['round', [3.5], 4],
  ['round', [-2.5], -2],
  ['round', [2.4999], 2],
  ['<<', [24, 2], 96],
  ['>>', [27, 2], 6],
])('%s of %j is %d in JavaScript', ([operator, operands, value]) => {
  const trail = computed(operator, value, ...operands.map((operand, index) => literal(operand, index * 10)));
  expect(evaluateTrail(trail, new Map(), javascriptNumbers)).toBe(value);
});

test('division by zero is no width', () => {
  expect(evaluateTrail(computed('//', 0, literal(4, 0), literal(0, 5)), new Map(), pythonNumbers)).toBeNaN();
});

test('other values of a literal count wherever it stands in the trail', () => {
  const width = literal(6, 0);
  const square = computed('*', 36, width, width);
  expect(evaluateTrail(square, new Map([[leafKey(width), 5]]), pythonNumbers)).toBe(25);
});

test('a rounding to multiples of 8 is one however it is written', () => {
  const trail = madeDivisible(computed('*', 24, literal(32, 0), literal(0.75, 10)));
  expect(evaluateTrail(trail, new Map(), pythonNumbers)).toBe(24);
  expect(rounds(trail)).toBe(true);
  expect(followsShape(computed('*', 8, trail, { kind: 'shape', value: 4, of: 'x' }))).toBe(true);
});
