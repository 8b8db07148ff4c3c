// Running figures, against means worked out by hand.

import { expect, test } from 'vitest';
import { Averages } from '../../../../server/src/training/loop/averages.ts';

test('figures are means since the last report', () => {
  const averages = new Averages();
  averages.add(2, 1, 4, 10);
  averages.add(4, 4, 4, 30);
  // Two steps of 20 ms on average: 50 more take one second.
  expect(averages.take(50)).toEqual({ loss: 3, accuracy: 5 / 8, stepMs: 20, secondsLeft: 1 });
  averages.add(1, 0, 4, 40);
  const next = averages.take(100);
  expect(next).toMatchObject({ loss: 1, accuracy: 0, stepMs: 40 });
  // 0.7 · 20 ms + 0.3 · 40 ms = 26 ms
  expect(next.secondsLeft).toBeCloseTo(2.6, 12);
});

test('a report without a step has no figures that are no numbers', () => {
  expect(new Averages().take(10)).toEqual({ loss: 0, accuracy: 0, stepMs: 0, secondsLeft: 0 });
});
