// Commands of several trainings, in words.

import { expect, test } from 'vitest';
import { describeExperiment, doneShare, hasEnded } from '../../../client/src/status/experiment-view.ts';
import type { ExperimentSummary } from '../../../server/src/protocol/experiment-messages.ts';

const sweep: ExperimentSummary = {
  kind: 'sweep',
  id: 's-1',
  model: 'net.py',
  status: 'queued',
  step: 0,
  totalSteps: 0,
};
const second: ExperimentSummary = {
  ...sweep,
  status: 'running',
  stage: { title: 'Strength 1e-7', number: 2, of: 4 },
  step: 50,
  totalSteps: 200,
  secondsLeft: 80,
};

test('what waits says so, and what runs says where it is', () => {
  expect(describeExperiment(sweep)).toBe('waiting for its turn');
  expect(describeExperiment({ ...sweep, status: 'running' })).toBe('starting');
  expect(describeExperiment(second)).toBe('2 of 4: Strength 1e-7 · 25 % · 1 min 20 s left of this one');
  expect(describeExperiment({ ...second, status: 'stopping' })).toBe('stopping at a checkpoint');
});

test('what is done counts whole trainings and the steps of the one that goes on', () => {
  expect(doneShare(sweep)).toBe(0);
  // One of four, and a quarter of the second: 1.25 / 4.
  expect(doneShare(second)).toBe(31.25);
});

test('only an end is an end', () => {
  const ends = (['queued', 'running', 'stopping', 'interrupted', 'finished', 'failed'] as const).filter((status) =>
    hasEnded({ ...sweep, status }),
  );
  expect(ends).toEqual(['interrupted', 'finished', 'failed']);
});
