// Curves are what the log says: values from the events, the target from the seed, FLOPs twice the MACs.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { numbersOf, valuesNear } from '../../../webview/src/model/chart-numbers.ts';
import { curvesOf, describeCurve, type Curve } from '../../../webview/src/model/curves.ts';
import { downSample } from '../../../webview/src/model/down-sample.ts';
import { aliveAt, at, sampleRun } from '../sample-run.ts';

const run = sampleRun({ layers: 2, step: 100, status: 'running' });
const curve = (id: Curve['id'], convention: 'macs' | 'flops' = 'macs', of = run): Curve =>
  curvesOf(of, convention).find((candidate) => candidate.id === id)!;

test('each curve has a point for every event that measured it', () => {
  const steps = (id: Curve['id']): unknown => curve(id).series.map(({ points }) => points.map(({ step }) => step));
  const tens = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
  expect(steps('loss')).toEqual([tens, [100]]);
  expect(steps('accuracy')).toEqual([tens, [100]]);
  expect(steps('regularization')).toEqual([tens]);
  expect(steps('cost')).toEqual([[20, 40, 60, 80, 100]]);
});

test('the cost of the proposed structure follows the convention, its target the seed', () => {
  // Two layers of 1000 MACs and 64 channels; only the first one shrinks.
  const macs = 1000 + (1000 * aliveAt(0, 100)) / 64;
  expect(curve('cost').series[0]!.points.at(-1)).toEqual({ step: 100, value: macs });
  expect(curve('cost', 'flops').series[0]!.points.at(-1)).toEqual({ step: 100, value: 2 * macs });
  expect(curve('cost').target).toEqual({ name: 'target, 50 % of the seed', value: 1000 });
  expect(curve('cost', 'flops').target?.value).toBe(2000);
  expect(curve('cost', 'flops').title).toBe('FLOPs of the proposed structure');
});

test('a run that aims at model size shows parameters, whatever the convention', () => {
  const sized = { ...run, config: { ...run.config, target: { resource: 'params' as const } } };
  const cost = curve('cost', 'flops', sized);
  expect(cost.title).toBe('Parameters of the proposed structure');
  expect(cost.series[0]!.points.at(-1)!.value).toBe(100 + (100 * aliveAt(0, 100)) / 64);
  expect(cost).not.toHaveProperty('target');
});

test('a run that aims at latency shows what is left of it, since its totals are not those of single layers', () => {
  const events = run.events.filter(({ kind }) => kind === 'started');
  const figures = {
    loss: 1,
    accuracy: 0.5,
    regularization: 0,
    strength: 1,
    learningRate: 0.1,
    stepMs: 1,
    secondsLeft: 1,
  };
  const timed = {
    ...run,
    config: { ...run.config, target: { resource: 'latency' as const, fraction: 0.5 } },
    events: [...events, { ...at(10), kind: 'progress' as const, ...figures, cost: 300, seedCost: 400 }],
  };
  expect(curve('cost', 'macs', timed)).toMatchObject({
    title: "Latency of the proposed structure, share of the seed's",
    series: [{ name: 'proposed', rank: 0, points: [{ step: 10, value: 0.75 }] }],
    target: { name: 'target, 50 % of the seed', value: 0.5 },
  });
  expect(curve('cost', 'macs', timed).format(0.75)).toBe('75 %');
});

test('values that are no numbers leave a gap instead of a broken line', () => {
  const events = run.events.map((event) => (event.kind === 'progress' ? { ...event, loss: NaN } : event));
  expect(curve('loss', 'macs', { ...run, events }).series[0]!.points).toEqual([]);
});

test('the text alternative says where a curve starts, ends and how far it goes', () => {
  expect(describeCurve(curve('accuracy'))).toBe(
    'Accuracy. training: from 4.0 % at step 10 to 40.0 % at step 100, lowest 4.0 %, highest 40.0 %. test: 38.5 % at step 100.',
  );
  expect(describeCurve(curve('loss', 'macs', sampleRun({ layers: 1, step: 0, status: 'running' })))).toBe(
    'Loss. training: nothing yet.',
  );
});

test('the table of numbers has a row for each sampled step and a dash where a series has none', () => {
  const rows = numbersOf(curve('accuracy'));
  expect(rows.map(({ step }) => step)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(rows[0]!.values).toEqual(['4.0 %', '–']);
  expect(rows.at(-1)!.values).toEqual(['40.0 %', '38.5 %']);
});

test('pointing takes the nearest step of each series', () => {
  expect(valuesNear(curve('accuracy'), 34).map(({ point }) => point.step)).toEqual([30, 100]);
});

const points = fc
  .array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 400 })
  // Plus zero, since -0 and 0 are one height.
  .map((values) => values.map((value, step) => ({ step, value: value + 0 })));

test('a down-sampled curve is short, in order, and keeps its ends, its lowest and its highest value', () => {
  fc.assert(
    fc.property(points, fc.integer({ min: 4, max: 60 }), (all, most) => {
      const sampled = downSample(all, most);
      expect(sampled.length).toBeLessThanOrEqual(Math.max(most, 4));
      expect(sampled.map(({ step }) => step)).toEqual(
        [...new Set(sampled.map(({ step }) => step))].sort((a, b) => a - b),
      );
      expect(sampled[0]).toBe(all[0]);
      expect(sampled.at(-1)).toBe(all.at(-1));
      const values = (of: typeof all): number[] => of.map(({ value }) => value);
      expect(Math.max(...values([...sampled]))).toBe(Math.max(...values(all)));
      expect(Math.min(...values([...sampled]))).toBe(Math.min(...values(all)));
    }),
  );
});

test('steps that were trained again after a resume are drawn once', () => {
  const resumed = {
    ...run,
    events: [
      ...run.events,
      { ...run.events[0]!, ...at(50), time: 5 } as (typeof run.events)[number],
      ...run.events.filter((event) => event.kind === 'progress' && event.step === 60),
    ],
  };
  expect(curve('loss', 'macs', resumed).series[0]!.points.map(({ step }) => step)).toEqual([10, 20, 30, 40, 50, 60]);
});
