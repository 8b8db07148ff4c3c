// A sweep's points as a curve and as a table: in order of cost, with nothing made up for what was not measured.

import { expect, test } from 'vitest';
import { accuracyAxis, describeTradeOff, tradeOffOf } from '../../../webview/src/model/trade-off.ts';
import { sampleSweep } from '../sample-sweep.ts';

test('each kind of accuracy is a series by ascending cost, of measured points alone', () => {
  const { series } = tradeOffOf(sampleSweep());
  expect(
    series.map(({ name, points }) => [name, ...points.map(({ costShare, accuracy }) => [costShare, accuracy])]),
  ).toEqual([
    ['as learned', [0.125, 0.962], [0.41, 0.985], [0.9, 0.991]],
    ['trained from scratch', [0.41, 0.988], [0.9, 0.992]],
  ]);
});

test('every strength has a row, measured or not', () => {
  const { rows, summary } = tradeOffOf(sampleSweep());
  expect(summary).toBe('2 of 4 strengths done, 400 steps each');
  expect(
    rows.map(({ strength, status, cost, accuracy, retrained }) => [strength, status, cost, accuracy, retrained]),
  ).toEqual([
    ['1.0e-9', 'Finished', '90 %', '99.1 %', '99.2 %'],
    ['1.0e-8', 'Finished', '41 %', '98.5 %', '98.8 %'],
    ['1.0e-7', 'Running', '12.5 %', '96.2 %', '–'],
    ['1.0e-6', 'Failed', '–', '–', '–'],
  ]);
  expect(rows[3]?.message).toBe('The loss is not a number.');
});

test('the text alternative tells every point', () => {
  expect(describeTradeOff(tradeOffOf(sampleSweep()))).toBe(
    "Accuracy over FLOPs, in shares of the seed's. as learned: 96.2 % at 12.5 %, 98.5 % at 41 %, 99.1 % at 90 %. trained from scratch: 98.8 % at 41 %, 99.2 % at 90 %.",
  );
});

test('a sweep that has measured nothing has rows and no curve', () => {
  const sweep = sampleSweep();
  const waiting = sweep.points.map(({ strength, run }) => ({ strength, run, status: 'waiting' as const }));
  const { series, rows } = tradeOffOf({ ...sweep, retrain: false, points: waiting });
  expect(series).toEqual([]);
  expect(rows.map(({ status }) => status)).toEqual(Array(4).fill('Waiting'));
});

test('strengths that look alike are told apart, and each row is its run’s', () => {
  const sweep = sampleSweep();
  const points = sweep.points.map((point, index) => ({ ...point, strength: 1e-7 * (1 + index / 1000) }));
  const { rows, series } = tradeOffOf({ ...sweep, points });
  expect(rows.map(({ strength }) => strength)).toEqual(['1.000e-7', '1.001e-7', '1.002e-7', '1.003e-7']);
  expect(new Set(rows.map(({ run }) => run)).size).toBe(4);
  expect(series[0]?.points.map(({ strength }) => strength)).toEqual(['1.002e-7', '1.001e-7', '1.000e-7']);
  // Two of just the same strength are still two rows.
  const equal = sweep.points.map((point) => ({ ...point, strength: 0 }));
  expect(new Set(tradeOffOf({ ...sweep, points: equal }).rows.map(({ run }) => run)).size).toBe(4);
});

test('the measured point that came nearest to the target is marked, and told', () => {
  const sweep = { ...sampleSweep(), targetShare: 0.5 };
  const tradeOff = tradeOffOf(sweep);
  expect(tradeOff.target).toEqual({ share: 0.5, run: 'points/1' });
  expect(tradeOff.rows.map(({ isNearest }) => isNearest)).toEqual([false, true, false, false]);
  expect(describeTradeOff(tradeOff)).toMatch(/Nearest to the target of 50 %: strength 1\.0e-8, 98\.5 % at 41 %\.$/);
  expect(tradeOffOf(sampleSweep()).rows.some(({ isNearest }) => isNearest)).toBe(false);
});

test('the axis makes no cliff of less than a percent, and says where it does not begin at zero', () => {
  const close = accuracyAxis([0.981, 0.99]);
  expect(close.high - close.low).toBeCloseTo(0.05);
  expect(close.isBroken).toBe(true);
  const wide = accuracyAxis([0.02, 0.97]);
  expect(wide).toEqual({ low: 0, high: 1, isBroken: false });
  for (const [low, high] of [
    [1, 1],
    [0, 0],
    [0.4, 0.8],
  ] as const) {
    const axis = accuracyAxis([low, high]);
    expect(axis.low).toBeLessThanOrEqual(low);
    expect(axis.high).toBeGreaterThanOrEqual(high);
  }
});
