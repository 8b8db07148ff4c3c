// Runs side by side: figures with the best of them, one line a run in each chart, widths that differ.

import { expect, test } from 'vitest';
import { comparisonOf } from '../../../webview/src/model/run-comparison.ts';
import { sampleRun } from '../sample-run.ts';

const further = { ...sampleRun({ layers: 4, step: 200, status: 'finished', isExpanded: true }), id: 'lenet-2' };
const nearer = sampleRun({ layers: 4, step: 100, status: 'paused' });
const comparison = comparisonOf([nearer, further], 'macs');
const figure = (name: string) => comparison.figures.find((known) => known.name === name);

test('runs are told apart by letters, with their names', () => {
  expect(comparison.runs.map(({ letter, id }) => `${letter} ${id}`)).toEqual(['A lenet-1', 'B lenet-2']);
});

test('the best figure of those that are known is marked; what only one run has is no contest', () => {
  // 4,000 multiply-adds; three layers in four lose a channel of 64 in ten steps.
  expect(figure('MACs proposed')).toEqual({
    name: 'MACs proposed',
    values: [expect.stringMatching(/^3\.\d+ k, 9\d\.\d %$/), expect.stringMatching(/^3\.\d+ k, 8\d\.\d %$/)],
    best: [1],
  });
  expect(figure('Accuracy while shrinking')).toMatchObject({ values: ['38.46 %', '76.92 %'], best: [1] });
  expect(figure('Accuracy of the proposal, trained from scratch')).toMatchObject({
    values: ['–', '89.50 %'],
    best: [],
  });
});

test('equal figures have no best, and FLOPs are twice the MACs', () => {
  const same = comparisonOf([nearer, { ...nearer, id: 'lenet-3' }], 'flops');
  const [flops] = same.figures.filter(({ name }) => name === 'FLOPs proposed');
  expect(flops?.best).toEqual([]);
  expect(flops?.values[0]).toMatch(/^7\.\d+ k, /);
});

test('each chart has a line a run, to the last step of the longest', () => {
  expect(comparison.curves.map(({ id, series }) => [id, series.map(({ name, rank }) => `${name}${rank}`)])).toEqual([
    ['loss', ['A0', 'B1']],
    ['accuracy', ['A0', 'B1']],
    ['cost', ['A0', 'B1']],
  ]);
  const [loss] = comparison.curves;
  // Only one of them was tested more than once: both are shown as they trained.
  expect(loss?.title).toBe('Loss while training');
  expect(loss?.series.map(({ points }) => points.at(-1)?.step)).toEqual([100, 200]);
});

test('widths stand beside those of the seed, and differ or not', () => {
  expect(comparison.widths.map(({ seed, values, differs }) => [seed, ...values, differs])).toEqual([
    ['64', '54', '44', true],
    ['64', '64', '64', false],
    ['64', '54', '44', true],
    ['64', '64', '64', false],
  ]);
});
