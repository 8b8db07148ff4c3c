// A run's events as the status bar tells them.

import { expect, test } from 'vitest';
import { describeProgress, foldEvents, type RunView } from '../../../client/src/status/run-view.ts';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';

const queued: RunView = { id: 'r', status: 'queued', step: 0, totalSteps: 100 };
const at = { version: 1, time: 0 } as const;
const totals = { macs: 10, params: 10, latencyMs: 1 };
const started: RunEvent = {
  ...at,
  kind: 'started',
  step: 0,
  totalSteps: 200,
  engine: 'onnx',
  threads: 1,
  pid: 1,
  seed: totals,
};
const progress: RunEvent = {
  ...at,
  kind: 'progress',
  step: 50,
  loss: 1,
  accuracy: 0.875,
  regularization: 0,
  strength: 0,
  cost: 30,
  seedCost: 40,
  learningRate: 0.1,
  stepMs: 1,
  secondsLeft: 75.4,
};

test('what is not known yet is left out', () => {
  expect(describeProgress(queued)).toBe('starting');
  expect(describeProgress(foldEvents(queued, 'running', [started]))).toBe('0 %');
});

test('progress is told in shares', () => {
  const view = foldEvents(queued, 'running', [started, progress]);
  expect(describeProgress(view)).toBe('25 % · 75 % of the cost · accuracy 87.5 % · 1 min 15 s left');
});

test('the last word is kept', () => {
  const done: RunEvent = { ...at, kind: 'finished', step: 200, summary: 'Half the cost.' };
  expect(foldEvents(queued, 'finished', [started, done])).toMatchObject({ step: 200, outcome: 'Half the cost.' });
  const stopped: RunEvent = { ...at, kind: 'interrupted', step: 60, reason: 'cancelled' };
  expect(foldEvents(queued, 'interrupted', [stopped]).interruptedBy).toBe('cancelled');
});
