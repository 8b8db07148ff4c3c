// How long a run takes, as its review says it, and what it offers where that is long.

import { expect, test } from 'vitest';
import { durationMs, durationWords, isLong, shortenings } from '../../../client/src/commands/run-duration.ts';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import { runDefaults } from '../../../server/src/protocol/run-defaults.ts';
import type { RunTime } from '../../../server/src/protocol/run-time.ts';

const config: RunConfig = {
  version: 1,
  model: { document: 'file:///w/lenet.py', entry: 'LeNet', input: [[1, 28, 28]] },
  data: { kind: 'idx', path: '/w/data' },
  ...runDefaults,
  batchSize: 64,
  steps: 600,
  device: { name: 'V100', peakGflopsPerSecond: 125000, memoryGigabytesPerSecond: 900 },
};

const time: RunTime = { engine: 'onnx 1.30.0', threads: 1, stepMs: 12, imageCount: 60_000 };

test('steps, epochs, engine, threads and time in one line', () => {
  expect(durationWords(config, time)).toBe(
    'about 7 s: 600 steps of 12 ms, 0.64 epochs of 60,000 images, onnx 1.30.0 with 1 thread',
  );
  expect(durationWords({ ...config, steps: 937_500 }, { ...time, threads: 3, stepMs: 1250 })).toBe(
    'about 14 days: 937,500 steps of 1.3 s, 1000 epochs of 60,000 images, onnx 1.30.0 with 3 threads',
  );
  expect(durationWords(config, { ...time, stepMs: 1000, imageCount: 38_400 })).toContain(
    'about 10 min: 600 steps of 1.0 s, 1 epoch',
  );
});

test('up to an hour is short; what is longer can be made shorter', () => {
  expect(isLong(config, { ...time, stepMs: 6000 })).toBe(false);
  const slow = { ...time, stepMs: 30_000 };
  expect(isLong(config, slow)).toBe(true);
  const offered = shortenings(config, slow);
  expect(offered.map(({ label }) => label)).toEqual([
    '120 steps in place of 600',
    '20 steps in place of 600',
    'The engine torch',
    'Batches of 16 in place of 64',
  ]);
  // What says an hour is one.
  expect(offered[0] && durationMs(offered[0].config, slow)).toBe(3_600_000);
  expect(shortenings({ ...config, engine: 'torch', batchSize: 16 }, slow).map(({ label }) => label)).toEqual([
    '120 steps in place of 600',
    '20 steps in place of 600',
  ]);
});
