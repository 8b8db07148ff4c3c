// When a training saves its state, by a clock of the test's own.

import { expect, it } from 'vitest';
import { CheckpointSchedule } from '../../../../server/src/training/loop/checkpoint-schedule.ts';

/** The steps before which `count` steps from `first` on save, when each takes `stepMs` and saving takes `savingMs`. */
async function savedAt(
  { first = 0, count, every }: { readonly first?: number; readonly count: number; readonly every: number },
  { stepMs, savingMs }: { readonly stepMs: number; readonly savingMs: number },
): Promise<readonly number[]> {
  let now = 0;
  const schedule = new CheckpointSchedule(every, first, () => now);
  const steps: number[] = [];
  for (let step = first; step < first + count; step++) {
    if (schedule.isDue(step)) {
      steps.push(step);
      await schedule.save(() => Promise.resolve((now += savingMs)));
    }
    now += stepMs;
    schedule.stepTook(stepMs);
  }
  return steps;
}

it('saves every so many steps, but not where it begins', async () => {
  expect(await savedAt({ count: 31, every: 10 }, { stepMs: 5, savingMs: 1 })).toEqual([10, 20, 30]);
  expect(await savedAt({ first: 20, count: 21, every: 10 }, { stepMs: 499, savingMs: 1 })).toEqual([30, 40]);
});

it('saves before each step where steps are long: the one in progress is all that an end at once loses', async () => {
  expect(await savedAt({ count: 5, every: 100 }, { stepMs: 500, savingMs: 10 })).toEqual([1, 2, 3, 4]);
  expect(await savedAt({ first: 7, count: 3, every: 100 }, { stepMs: 60_000, savingMs: 6000 })).toEqual([8, 9]);
});

it('spends at most a tenth of the time on it', async () => {
  // The first is due at once; then saving took 0.3 s, and the next ones wait for three seconds each.
  expect(await savedAt({ count: 12, every: 100 }, { stepMs: 1000, savingMs: 300 })).toEqual([1, 4, 7, 10]);
});
