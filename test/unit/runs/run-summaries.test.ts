// Lists of runs: by the end of each log alone, so that a long run costs no more than a short one.

import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import { eventsFile } from '../../../server/src/runs/event-log.ts';
import { createRunFolder, readSnapshot } from '../../../server/src/runs/run-folder.ts';
import { RunLogs } from '../../../server/src/runs/run-logs.ts';
import { runsFolder } from '../../../server/src/runs/run-store.ts';
import { RunSummaries } from '../../../server/src/runs/run-summaries.ts';
import { runConfigIn, temporaryFolder } from '../../support/run-folder.ts';

const line = (event: object): string => `${JSON.stringify({ version: 1, time: 7, ...event })}\n`;
const progress = (step: number): string =>
  line({
    kind: 'progress',
    step,
    loss: 1,
    accuracy: 0.5,
    regularization: 0,
    strength: 0,
    cost: 30,
    seedCost: 100,
    learningRate: 0.1,
    stepMs: 1,
    secondsLeft: 1,
  });
const started = line({
  kind: 'started',
  step: 0,
  totalSteps: 40,
  engine: 'onnx 1',
  threads: 1,
  pid: 1,
  seed: { macs: 1, params: 1, latencyMs: 1 },
});

function makeRun(workspace: string, id: string, log: string): string {
  const folder = join(runsFolder(workspace), id);
  expect(createRunFolder(folder, runConfigIn(workspace), { version: 1 }).ok).toBe(true);
  writeFileSync(join(folder, eventsFile), log);
  return folder;
}

test('a run is told apart by what it aims at, how far it came, and what it came to', async () => {
  const workspace = temporaryFolder();
  makeRun(workspace, 'a', started + progress(10) + line({ kind: 'interrupted', step: 12, reason: 'cancelled' }));
  makeRun(
    workspace,
    'b',
    started +
      progress(40) +
      line({ kind: 'evaluated', step: 40, loss: 1, accuracy: 0.9, images: 20 }) +
      line({ kind: 'finished', step: 40, summary: 'Done.' }),
  );
  const { runs } = await new RunSummaries().list(workspace);
  expect(runs).toMatchObject([
    { id: 'b', status: 'finished', step: 40, target: 'flops:0.5', accuracy: 0.9, costShare: 0.3, message: 'Done.' },
    { id: 'a', status: 'interrupted', cancelled: true, step: 12, totalSteps: 40, hasProposal: false, time: 7 },
  ]);
});

test.for(['interrupted', 'finished', 'failed', 'running'])(
  'the end of a long log says as much as all of it: %s',
  async (kind) => {
    const workspace = temporaryFolder();
    const steps = Array.from({ length: 2000 }, (_, step) => progress(step)).join('');
    const ends: Readonly<Record<string, object>> = {
      interrupted: { kind: 'interrupted', step: 1999, reason: 'paused' },
      finished: { kind: 'finished', step: 1999, summary: '' },
      failed: { kind: 'failed', step: 1999, code: 'diverged', message: '' },
    };
    const end = ends[kind];
    const folder = makeRun(workspace, 'a', started + steps + (end === undefined ? '' : line(end)));
    const summary = await new RunSummaries().read(folder);
    const whole = readSnapshot(folder);
    expect(summary).toMatchObject({ ok: true, value: { step: 1999 } });
    expect(summary.ok && summary.value.status).toBe(whole.ok && whole.value.status);
  },
);

test('what can’t be read is said and hides nothing', async () => {
  const workspace = temporaryFolder();
  makeRun(workspace, 'a', started);
  mkdirSync(join(runsFolder(workspace), 'b'));
  writeFileSync(join(runsFolder(workspace), 'b', 'config.json'), '{"version":1');
  // A log whose settings somebody took away.
  rmSync(join(makeRun(workspace, 'c', started), 'config.json'));
  const { runs, unreadable } = await new RunSummaries().list(workspace);
  expect(runs.map(({ id }) => id)).toEqual(['a']);
  expect(unreadable.toSorted()).toEqual([
    expect.stringContaining(join('b', 'config.json')),
    expect.stringMatching(/c is no run: it has no config\.json$/),
  ]);
});

test('a changed log is read again, an unchanged one is not', async () => {
  const workspace = temporaryFolder();
  const folder = makeRun(workspace, 'a', started);
  const summaries = new RunSummaries();
  expect(await summaries.read(folder)).toMatchObject({ value: { step: 0 } });
  appendFileSync(join(folder, eventsFile), progress(9));
  expect(await summaries.read(folder)).toMatchObject({ value: { step: 9 } });
  rmSync(folder, { recursive: true });
  expect(existsSync(folder)).toBe(false);
  expect((await summaries.list(workspace)).runs).toEqual([]);
});

test('a dashboard’s log is read once: later questions read what it gained', async () => {
  const workspace = temporaryFolder();
  const folder = makeRun(workspace, 'a', started + progress(1));
  const logs = new RunLogs();
  const eventsNow = async (): Promise<readonly RunEvent[]> => {
    const snapshot = await logs.snapshot(folder);
    if (!snapshot.ok) throw new Error(snapshot.error);
    return snapshot.value.events;
  };
  expect(await eventsNow()).toHaveLength(2);
  // The same length, but other content: who starts over would see it.
  const log = started + progress(1);
  writeFileSync(join(folder, eventsFile), 'x'.repeat(log.length - 1) + '\n' + progress(2));
  expect((await eventsNow()).map((event) => ('step' in event ? event.step : -1))).toEqual([0, 1, 2]);
  // A shorter one is another log.
  writeFileSync(join(folder, eventsFile), started);
  expect(await eventsNow()).toHaveLength(1);
});
