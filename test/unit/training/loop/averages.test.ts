// Running figures, against means worked out by hand; the time left, against what a simulated run then takes.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Averages } from '../../../../server/src/training/loop/averages.ts';

test('figures are means since the last report', () => {
  const averages = new Averages();
  averages.add(2, 1, 4, 10);
  averages.add(4, 4, 4, 30);
  expect(averages.take(50)).toMatchObject({ loss: 3, accuracy: 5 / 8, stepMs: 20 });
  averages.add(1, 0, 4, 40);
  expect(averages.take(100)).toMatchObject({ loss: 1, accuracy: 0, stepMs: 40 });
});

test('the time left is made of steps after the warm-up, and of the test', () => {
  const averages = new Averages(6);
  averages.add(1, 1, 1, 900);
  averages.add(1, 1, 1, 50);
  // All that is known: the latest step, 10 more, and 6 batches at a third of a step.
  expect(averages.take(10).secondsLeft).toBeCloseTo(0.05 * 12, 12);
  for (const time of [70, 20, 30, 40]) averages.add(1, 1, 1, time);
  expect(averages.take(10).secondsLeft).toBeCloseTo(0.03 * 12, 12);
});

test('a report without a step has no figures that are no numbers', () => {
  expect(new Averages().take(10)).toEqual({ loss: 0, stepMs: 0, secondsLeft: 0 });
});

test('the time left is within a tenth of the truth after twenty steps, however slow the first and however often a checkpoint', () => {
  const run = fc.record({
    steps: fc.integer({ min: 100, max: 2000 }),
    stepMs: fc.double({ min: 0.5, max: 5000, noNaN: true }),
    warmUp: fc.double({ min: 1, max: 100, noNaN: true }),
    checkpointEvery: fc.integer({ min: 10, max: 300 }),
    /** Of a step. */
    checkpoint: fc.double({ min: 0, max: 1, noNaN: true }),
    testBatches: fc.integer({ min: 0, max: 160 }),
  });
  fc.assert(
    fc.property(run, ({ steps, stepMs, warmUp, checkpointEvery, checkpoint, testBatches }) => {
      const averages = new Averages(testBatches);
      const times = Array.from({ length: steps }, (_, step) => {
        const pause = step > 0 && step % checkpointEvery === 0 ? checkpoint * stepMs : 0;
        return (step === 0 ? warmUp : 1) * stepMs + pause;
      });
      let left = times.reduce((sum, time) => sum + time, 0) + (testBatches * stepMs) / 3;
      times.forEach((time, step) => {
        if (step >= 20) {
          const seconds = averages.take(steps - step).secondsLeft;
          // A checkpoint more or less is what nobody can know of the last steps.
          expect(Math.abs(1000 * seconds - left)).toBeLessThan(0.1 * left + (checkpoint + 1e-6) * stepMs);
        }
        averages.add(1, 1, 1, time);
        left -= time;
      });
    }),
    { numRuns: 100 },
  );
});

test('a machine that gets slower is noticed within a few hundred steps', () => {
  const averages = new Averages();
  for (let step = 0; step < 5000; step += 1) averages.add(1, 1, 1, 10);
  for (let step = 0; step < 600; step += 1) averages.add(1, 1, 1, 30);
  expect(averages.take(1000).secondsLeft).toBeGreaterThan(0.95 * 30);
});
