// The two tables and the head: alive channels by group, the architecture beside the seed, what can be done with the run.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunProposal } from '../../../server/src/protocol/run-files.ts';
import type { RunStatus } from '../../../server/src/protocol/run-files.ts';
import { aliveGroupsOf } from '../../../webview/src/model/alive-groups.ts';
import { announce, progressIntervalMs } from '../../../webview/src/model/announcements.ts';
import { architectureOf } from '../../../webview/src/model/architecture.ts';
import { formatDuration, headerOf } from '../../../webview/src/model/run-header.ts';
import { visibleRows, wholeTableRows } from '../../../webview/src/model/visible-rows.ts';
import { at, sampleRun } from '../sample-run.ts';

test('groups carry the latest count; fixed groups do not count among what can be removed', () => {
  const groups = aliveGroupsOf(sampleRun({ layers: 3, step: 110, status: 'running' }));
  expect(groups).toMatchObject({ step: 100, alive: 54 + 64, size: 128 });
  expect(groups!.groups.map(({ alive, fixed }) => [alive, fixed])).toEqual([
    [54, undefined],
    [64, undefined],
    [54, 'its channels are the output of the model'],
  ]);
});

test('before the first count everything is there but nothing is claimed alive', () => {
  const groups = aliveGroupsOf(sampleRun({ layers: 2, step: 0, status: 'running' }));
  expect(groups).not.toHaveProperty('step');
  expect(groups!.groups[0]).not.toHaveProperty('alive');
  expect(aliveGroupsOf(sampleRun({ layers: 2, step: 0, status: 'queued' }))).toBeUndefined();
});

const proposal: RunProposal = {
  version: 1,
  step: 60,
  device: 'V100',
  removed: ['branch'],
  layers: [
    {
      name: 'conv',
      label: 'Conv2d',
      group: 'conv',
      width: { before: 64, after: 41 },
      macs: { before: 1_200_000, after: 300_000 },
      params: { before: 36_928, after: 9_232 },
      latencyMs: { before: 0.21, after: 0.052 },
    },
    {
      name: 'tied',
      label: 'Conv2d',
      group: 'conv',
      width: { before: 64, after: 41 },
      macs: { before: 0, after: 0 },
      params: { before: 1000, after: 1 },
      latencyMs: { before: 1, after: 0.999 },
    },
    {
      name: 'branch',
      label: 'Conv2d',
      group: 'branch',
      width: { before: 8, after: 0 },
      macs: { before: 10, after: 0 },
      params: { before: 10, after: 0 },
      latencyMs: { before: 1, after: 0 },
    },
  ],
  totals: {
    macs: { before: 1_200_010, after: 300_000 },
    params: { before: 37_938, after: 9_233 },
    latencyMs: { before: 2.21, after: 1.051 },
  },
};

test('a row shows before, after and what remains, in the reader’s convention', () => {
  const [conv] = architectureOf(proposal, 'macs').rows;
  expect(conv).toMatchObject({
    tiedTo: ['tied'],
    removed: false,
    width: { before: '64', after: '41', remains: '64 %', changed: true },
    operations: { before: '1.20 M', after: '300 k', remains: '25 %' },
    params: { before: '36.9 k', after: '9.23 k', remains: '25 %' },
    latency: { before: '0.21 ms', after: '0.052 ms', remains: '25 %' },
  });
  const inFlops = architectureOf(proposal, 'flops');
  expect(inFlops.operationsUnit).toBe('FLOPs');
  expect(inFlops.rows[0]!.operations).toMatchObject({ before: '2.40 M', after: '600 k', remains: '25 %' });
  expect(inFlops.totals.operations).toMatchObject({ before: '2.40 M', after: '600 k' });
});

test('shares near nothing and near all are not rounded to it, and nothing has no share', () => {
  const [, tied, branch] = architectureOf(proposal, 'macs').rows;
  expect(tied!.operations).toEqual({ before: '0', after: '0', remains: '', changed: false });
  expect(tied!.params.remains).toBe('<1 %');
  expect(tied!.latency.remains).toBe('>99 %');
  expect(branch).toMatchObject({ removed: true, width: { after: '0', remains: '0 %' } });
  expect(architectureOf(proposal, 'macs').changedCount).toBe(3);
});

test('the head names model, data, target, engine, speed and time left', () => {
  const header = headerOf(sampleRun({ layers: 3, step: 110, status: 'running' }));
  expect(header).toMatchObject({ model: 'LeNet()', statusText: 'Running', step: 110, totalSteps: 200 });
  expect(Object.fromEntries(header.facts.map(({ name, value }) => [name, value]))).toEqual({
    Model: 'lenet small.py',
    Input: '1×28×28',
    Data: 'IDX images in mnist/idx',
    Target: 'FLOPs down to 50 % of the seed, strength 0.001',
    Engine: 'onnx, 1 thread',
    'Test accuracy': '38.5 % at step 100',
    Speed: '25 ms a step, 2560 images/s',
    'Time left': '2 s',
  });
});

test('what can be done follows the state of the run', () => {
  const abilities = (status: RunStatus, step: number): unknown => {
    const { canStop, canResume, canApply } = headerOf(sampleRun({ layers: 3, step, status }));
    return { canStop, canResume, canApply };
  };
  expect(abilities('queued', 0)).toEqual({ canStop: true, canResume: false, canApply: false });
  expect(abilities('running', 40)).toEqual({ canStop: true, canResume: false, canApply: true });
  expect(abilities('paused', 40)).toEqual({ canStop: false, canResume: true, canApply: true });
  expect(abilities('interrupted', 40)).toEqual({ canStop: false, canResume: true, canApply: true });
  expect(abilities('finished', 200)).toEqual({ canStop: false, canResume: false, canApply: true });
  expect(abilities('failed', 0)).toEqual({ canStop: false, canResume: true, canApply: false });
});

test('a failure is told in its own words, a silent one in ours, and repeated notices once', () => {
  const ending = [
    { ...at(90), kind: 'notice', severity: 'warning', code: 'slow', message: 'One thread is slow.' },
    { ...at(91), kind: 'notice', severity: 'warning', code: 'slow', message: 'One thread is slow.' },
    { ...at(95), kind: 'failed', code: 'bad-data', message: 'train-images: 3 bytes are missing.' },
  ] as const;
  const header = headerOf(sampleRun({ layers: 3, step: 80, status: 'failed', ending }));
  expect(header.outcome).toEqual({ severity: 'error', text: 'train-images: 3 bytes are missing.' });
  expect(header.notices).toEqual([{ severity: 'warning', text: 'One thread is slow.' }]);
  expect(headerOf(sampleRun({ layers: 3, step: 80, status: 'failed' })).outcome?.text).toContain('without a word');
});

test('a stop by the user is not called an interruption', () => {
  const stopped = (reason: 'cancelled' | 'parent-gone'): string =>
    headerOf(
      sampleRun({ layers: 1, step: 40, status: 'interrupted', ending: [{ ...at(41), kind: 'interrupted', reason }] }),
    ).statusText;
  expect([stopped('cancelled'), stopped('parent-gone')]).toEqual(['Stopped', 'Interrupted']);
  const paused = [{ ...at(41), kind: 'interrupted', reason: 'paused' }] as const;
  expect(headerOf(sampleRun({ layers: 1, step: 40, status: 'paused', ending: paused })).statusText).toBe('Paused');
});

test('durations are rounded to what one plans by', () => {
  expect([0.4, 59.6, 200, 3900].map(formatDuration)).toEqual(['0 s', '1 min 0 s', '3 min 20 s', '1 h 5 min']);
});

test('progress is announced seldom, a new state at once', () => {
  const running = sampleRun({ layers: 2, step: 100, status: 'running' });
  const say = (
    previous: ReturnType<typeof announce> | undefined,
    status: 'running' | 'finished',
    now: number,
    refusal?: string,
  ) => announce(previous, headerOf({ ...running, status }), aliveGroupsOf(running), refusal, now);
  const first = say(undefined, 'running', 0);
  expect(first.text).toBe('Running, step 100 of 200. 54 of 64 channels alive.');
  expect(say(first, 'running', progressIntervalMs - 1)).toBe(first);
  expect(say(first, 'running', progressIntervalMs)).not.toBe(first);
  const finished = say(first, 'finished', 1);
  expect(finished.text).toContain('Finished');
  expect(say(finished, 'finished', 10 * progressIntervalMs)).toBe(finished);
  expect(say(finished, 'finished', 2, 'No data set there.').text).toBe('No data set there.');
});

test('the rows in view are always drawn, and few others', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(200_000), (count, scrollTop) => {
      const { start, end } = visibleRows(count, 30, scrollTop, 480);
      if (count <= wholeTableRows) {
        expect({ start, end }).toEqual({ start: 0, end: count });
        return;
      }
      const reachable = Math.min(scrollTop, count * 30 - 480);
      expect(start * 30).toBeLessThanOrEqual(reachable);
      expect(end * 30).toBeGreaterThanOrEqual(Math.min(count * 30, reachable + 480));
      expect(end - start).toBeLessThanOrEqual(60);
    }),
  );
});
