// Tables beside each other: only layers that differ, each with both figures and the change.

import { expect, test } from 'vitest';
import { changeText, comparedRows, comparedTotals } from '../../../webview/src/model/cost-comparison.ts';
import { sampleCosts, sampleTried } from '../sample-costs.ts';

test('a table beside itself differs nowhere', () => {
  expect(comparedRows(sampleCosts(), sampleCosts())).toEqual([]);
});

test('layers of other widths, and those that only one has', () => {
  const there = sampleTried('stem', 8).table;
  const fewer = { ...there, rows: there.rows.filter(({ name }) => name !== 'fc') };
  const named = (rows: ReturnType<typeof comparedRows>) =>
    rows.map(({ name, here, there: other }) => [name, here?.width, other?.width]);
  expect(named(comparedRows(sampleCosts(), fewer))).toEqual([
    ['stem', 16, 8],
    ['fc', 10, undefined],
  ]);
  expect(named(comparedRows(fewer, sampleCosts()))).toEqual([
    ['stem', 8, 16],
    ['fc', undefined, 10],
  ]);
  expect(comparedTotals(sampleCosts(), there)).toBe(
    '6.00 MMACs → 5.00 MMACs (−17 %) · 6.00 k params · 16.4 k activations',
  );
});

test('bounds and unknowns have no share', () => {
  expect(changeText({ value: 10, atLeast: true }, { value: 5, atLeast: false })).toBe('≥ 10 → 5');
  expect(changeText({ value: null, atLeast: false }, undefined)).toBe('? → –');
});
