// Runs as the language server sees them while processes come and go. The trainers here are small scripts.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { logEnd } from '../../server/src/jobs/log-end.ts';
import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunGrowth } from '../../server/src/experiments/run-service.ts';
import { createRunService } from '../../server/src/experiments/local-run-service.ts';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';
import { isAlive } from '../../server/src/runs/run-lock.ts';
import { runFolder, runsFolder } from '../../server/src/runs/run-store.ts';
import { createRunFolder } from '../../server/src/runs/run-folder.ts';
import { runConfigIn, temporaryFolder } from '../support/run-folder.ts';
import { tinyNetwork } from '../support/trainer.ts';

/** Settings whose data are there; nothing here reads them. */
function withData(workspace: string): RunConfig {
  return runConfigIn(workspace, { data: { kind: 'idx', path: temporaryFolder() } });
}

/** A trainer that starts, writes its log and waits to be stopped; it is slow to leave, and never says how it ends twice. */
function stoppable(): TrainerProgram {
  const script = join(temporaryFolder(), 'script.cjs');
  writeFileSync(
    script,
    `const { appendFileSync, writeFileSync } = require('node:fs');
const say = (event) => {
  const line = JSON.stringify({ version: 1, time: Date.now(), ...event });
  appendFileSync(process.argv[2] + '/events.ndjson', line + '\\n');
  console.log(line);
};
const seed = { macs: 1, params: 1, latencyMs: 1 };
const groups = [{ name: 'conv', size: 4, layers: ['conv'] }];
writeFileSync(process.argv[2] + '/structure.json', JSON.stringify({ version: 1, algorithm: 'gamma', groups }));
say({ kind: 'started', step: 0, totalSteps: 9, engine: 'none', threads: 1, pid: process.pid, seed });
const leave = (reason) => {
  process.stdin.removeAllListeners();
  say({ kind: 'interrupted', step: 2, reason });
  setTimeout(() => process.exit(0), 400);
};
process.stdin.once('data', () => leave('cancelled'));
process.stdin.once('end', () => leave('parent-gone'));`,
  );
  return { executable: process.execPath, script, environment: {} };
}

it('does not call a resumed run interrupted while its new process starts', async () => {
  const backend = createRunService(stoppable());
  onTestFinished(() => backend.dispose());
  const growths: RunGrowth[] = [];
  let listener: () => void = () => undefined;
  backend.onGrew((growth) => {
    growths.push(growth);
    listener();
  });
  const grown = (kind: string): Promise<void> =>
    new Promise((resolve) => {
      listener = () => {
        if (growths.some(({ events }) => events.some((event) => event.kind === kind))) resolve();
      };
      listener();
    });
  const workspace = temporaryFolder();
  const run = await backend.start({ workspace }, withData(workspace), tinyNetwork());
  if (!run.ok) throw new Error(run.error);
  const {
    folder,
    summary: { id },
  } = run.value;
  await grown('started');
  // A dashboard that was opened at once has read the folder before the trainer wrote this.
  expect(growths.find(({ events }) => events.some(({ kind }) => kind === 'started'))).toMatchObject({
    structure: { groups: [{ name: 'conv', size: 4 }] },
  });
  expect(backend.stop(folder, false)).toBe('asked');
  // A double click loses nothing: the trainer comes to its checkpoint all the same.
  expect(backend.stop(folder, false)).toBe('stopping');
  await grown('interrupted');
  // Who hears of the end can go on at once.
  expect(backend.stop(folder, false)).toBe('absent');
  expect(await backend.read(runFolder(workspace, id)!)).toMatchObject({ value: { status: 'interrupted' } });

  growths.length = 0;
  // What the answer says is what the client follows: an end there would be the end of its progress.
  expect(await backend.resume(folder)).toMatchObject({ value: { summary: { status: 'queued' } } });
  expect(await backend.read(runFolder(workspace, id)!)).toMatchObject({ value: { status: 'queued' } });
  expect(await backend.list(workspace)).toMatchObject({ runs: [{ id, status: 'queued' }], unreadable: [] });
  await grown('started');
  expect(await backend.read(runFolder(workspace, id)!)).not.toMatchObject({ value: { status: 'queued' } });
});

it('tells that a run was stopped before its turn, and leaves what a closed editor held in its queue to be resumed', async () => {
  const backend = createRunService(stoppable());
  onTestFinished(() => backend.dispose());
  const growths: RunGrowth[] = [];
  let listener: () => void = () => undefined;
  backend.onGrew((growth) => {
    growths.push(growth);
    listener();
  });
  const workspace = temporaryFolder();
  const ids: string[] = [];
  for (let number = 1; number <= 3; number++) {
    const run = await backend.start({ workspace }, withData(workspace), tinyNetwork());
    if (!run.ok) throw new Error(run.error);
    expect(run.value.summary.status).toBe('queued');
    ids.push(run.value.summary.id);
  }
  const [, stopped = '', left = ''] = ids;
  const isTold = new Promise<void>((resolve) => {
    listener = () => {
      if (growths.some(({ id, status }) => id === stopped && status === 'interrupted')) resolve();
    };
  });
  expect(backend.stop(runFolder(workspace, stopped)!, false)).toBe('asked');
  await isTold;
  expect(await backend.read(runFolder(workspace, left)!)).toMatchObject({ value: { status: 'queued' } });
  await backend.dispose();
  const next = createRunService(stoppable());
  onTestFinished(() => next.dispose());
  expect(await next.read(runFolder(workspace, left)!)).toMatchObject({ value: { status: 'interrupted', events: [] } });
  expect(await next.resume(runFolder(workspace, left)!)).toMatchObject({ value: { summary: { status: 'queued' } } });
});

it('does not take up a run that has finished', async () => {
  const backend = createRunService(stoppable());
  onTestFinished(() => backend.dispose());
  const workspace = temporaryFolder();
  const run = createRunFolder(join(workspace, '.morphnet', 'runs', 'net-1'), withData(workspace), tinyNetwork());
  if (!run.ok) throw new Error(run.error);
  logEnd(run.value, { version: 1, time: 0, kind: 'finished', step: 9, summary: 'Nothing got narrower.' });
  const error = 'The run net-1 has finished: there is nothing left to train';
  expect(await backend.resume(runFolder(workspace, 'net-1')!)).toEqual({ ok: false, error });
  expect(await backend.read(runFolder(workspace, 'net-1')!)).toMatchObject({ value: { status: 'finished' } });
});

it('starts nothing and leaves nothing behind where the data set is not there', async () => {
  const backend = createRunService(stoppable());
  onTestFinished(() => backend.dispose());
  const workspace = temporaryFolder();
  const path = join(workspace, 'gone');
  const started = await backend.start(
    { workspace },
    runConfigIn(workspace, { data: { kind: 'idx', path } }),
    tinyNetwork(),
  );
  expect(started).toEqual({ ok: false, error: expect.stringContaining(`The data set ${path} is not there`) as string });
  expect(readdirSync(workspace)).toEqual([]);
});

it('starts nothing and leaves nothing behind where the model lies elsewhere', async () => {
  const backend = createRunService(stoppable());
  onTestFinished(() => backend.dispose());
  const workspace = temporaryFolder();
  const started = await backend.start({ workspace }, withData(temporaryFolder()), tinyNetwork());
  expect(started).toEqual({ ok: false, error: expect.stringContaining('lies outside') as string });
  expect(readdirSync(workspace)).toEqual([]);
});

it('tells processes where TensorFlow.js is, as it stands when they start', async () => {
  const script = join(temporaryFolder(), 'script.cjs');
  writeFileSync(
    script,
    `const seed = { macs: 1, params: 1, latencyMs: 1 };
const engine = 'tfjs from ' + process.env.MORPHNET_TFJS_PATH;
const event = { version: 1, time: 1, kind: 'started', step: 0, totalSteps: 9, engine, threads: 1, pid: process.pid, seed };
console.log(JSON.stringify(event));`,
  );
  const backend = createRunService({ executable: process.execPath, script, environment: {} });
  onTestFinished(() => backend.dispose());
  const engines: string[] = [];
  backend.onGrew(({ events }) => events.forEach((event) => event.kind === 'started' && engines.push(event.engine)));
  for (const path of ['/first', '/second']) {
    backend.setPaths({ tfjsPath: path, python: '', sitePackages: '' });
    const workspace = temporaryFolder();
    const run = await backend.start({ workspace }, withData(workspace), tinyNetwork());
    expect(run.ok).toBe(true);
    await expect.poll(() => engines.at(-1), { timeout: 120_000 }).toBe(`tfjs from ${path}`);
  }
});

/** A trainer that tells of this many steps at once, and damages its log behind it: who reads that again sees it. */
function talkative(steps: number): TrainerProgram {
  const script = join(temporaryFolder(), 'script.cjs');
  writeFileSync(
    script,
    `const { writeFileSync } = require('node:fs');
const say = (event) => console.log(JSON.stringify({ version: 1, time: 1, ...event }));
const seed = { macs: 1, params: 1, latencyMs: 1 };
say({ kind: 'started', step: 0, totalSteps: ${String(steps)}, engine: 'none', threads: 1, pid: process.pid, seed });
for (let step = 1; step <= ${String(steps)}; step++)
  say({ kind: 'progress', step, loss: 1, accuracy: 0.5, regularization: 0, strength: 0, cost: 50, seedCost: 100, learningRate: 1, stepMs: 1, secondsLeft: 1 });
writeFileSync(process.argv[2] + '/events.ndjson', 'damaged');
say({ kind: 'finished', step: ${String(steps)}, summary: 'Half.' });`,
  );
  return { executable: process.execPath, script, environment: {} };
}

it('knows how a run stands from what its process says, and reads no log for it', async () => {
  const service = createRunService(talkative(2000));
  onTestFinished(() => service.dispose());
  const workspace = temporaryFolder();
  const growths: RunGrowth[] = [];
  service.onGrew((growth) => growths.push(growth));
  const run = await service.start({ workspace }, withData(workspace), tinyNetwork());
  if (!run.ok) throw new Error(run.error);
  await run.value.ended;
  expect(growths.at(-1)).toMatchObject({ status: 'finished' });
  expect(growths.flatMap(({ events }) => events)).toHaveLength(2002);
});

it.for<readonly [string, TrainerProgram]>([
  ['a program that is not there', { executable: '/no/such/program', script: '', environment: {} }],
  ['a program that the system refuses by its name', { executable: 'node\0', script: '', environment: {} }],
  ['words that the system refuses', { executable: process.execPath, script: 'x'.repeat(300_000), environment: {} }],
])('%s fails, leaves nothing behind, and does not stay in the queue', async ([, program]) => {
  const service = createRunService(program);
  onTestFinished(() => service.dispose());
  const workspace = temporaryFolder();
  const growths: RunGrowth[] = [];
  service.onGrew((growth) => growths.push(growth));
  const [first, second] = await Promise.all(
    [1, 2].map(() => service.start({ workspace }, withData(workspace), tinyNetwork())),
  );
  if (first?.ok !== true || second?.ok !== true) throw new Error('both are put into the queue');
  for (const { value } of [first, second])
    expect(await value.ended).toMatchObject({
      ok: false,
      error: expect.stringContaining('could not be started') as string,
    });
  expect(growths.map(({ status, removed }) => [status, removed])).toEqual([
    ['failed', true],
    ['failed', true],
  ]);
  expect(readdirSync(runsFolder(workspace))).toEqual([]);
});

it('tells the end of a run only when its process is gone', async () => {
  const service = createRunService(stoppable());
  onTestFinished(() => service.dispose());
  const workspace = temporaryFolder();
  const run = await service.start({ workspace }, withData(workspace), tinyNetwork());
  if (!run.ok) throw new Error(run.error);
  const { folder } = run.value;
  let pid = 0;
  const aliveAtEnd: boolean[] = [];
  service.onGrew(({ events, status }) => {
    for (const event of events) {
      if (event.kind === 'started') {
        ({ pid } = event);
        service.stop(folder, false);
      }
    }
    if (status === 'interrupted') aliveAtEnd.push(isAlive(pid));
  });
  await run.value.ended;
  // It lives on for 400 ms after it has said that it is interrupted.
  expect(aliveAtEnd).toEqual([false]);
});
