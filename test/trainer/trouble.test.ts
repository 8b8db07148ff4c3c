// Training in trouble: numbers that run away, a disk that is full or read-only, an editor that is killed. Nothing that was learned is lost.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { startTrainer, type TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import { loadCheckpoint } from '../../server/src/runs/checkpoints.ts';
import { EventReader } from '../../server/src/runs/event-log.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { buildTrainer, makeRun, only, resultOf } from '../support/trainer.ts';

let program: TrainerProgram;
beforeAll(async () => {
  program = await buildTrainer();
});

async function train(
  folder: string,
  listener: (event: RunEvent) => void = () => undefined,
): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  await startTrainer(program, folder, (event) => {
    events.push(event);
    listener(event);
  }).ended;
  return events;
}

const logOf = (folder: string): readonly RunEvent[] => new EventReader(join(folder, 'events.ndjson')).read();

it('a training that diverges stops, keeps the last good checkpoint, and says what to lower', async () => {
  const folder = makeRun(temporaryFolder(), 'run', { optimizer: 'sgd', learningRate: 1e30, checkpointEvery: 1 });
  const { code, message } = only(await train(folder), 'failed');
  expect(code).toBe('diverged');
  expect(message).toContain('Lower the learning rate (1e+30 now) or the strength');
  const checkpoint = loadCheckpoint(folder);
  if (!checkpoint.ok) throw new Error(checkpoint.error);
  const values = [...(checkpoint.value?.tensors.values() ?? [])].flatMap(({ data }) => [...data]);
  expect(values.every((value) => Number.isFinite(value))).toBe(true);
});

/** A small disk of its own below a folder; undefined where this process may not make one. */
function smallDisk(parent: string, kilobytes: number): string | undefined {
  const disk = join(parent, 'disk');
  mkdirSync(disk);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${String(kilobytes)}k`, 'tmpfs', disk]);
  if (status !== 0) return undefined;
  onTestFinished(() => {
    spawnSync('umount', ['-l', disk]);
  });
  return disk;
}

it('a full disk is told, and with more space the run goes on to the same result bit by bit', async (context) => {
  const parent = temporaryFolder();
  const disk = smallDisk(parent, 100);
  context.skip(disk === undefined, 'no right to mount a small disk');
  const whole = makeRun(parent, 'whole');
  await train(whole);

  const folder = makeRun(disk ?? '', 'run');
  const { code, message } = only(await train(folder), 'failed');
  expect(code).toBe('disk-full');
  expect(message).toContain(`The disk of ${folder} is full`);
  execFileSync('mount', ['-o', 'remount,size=20m', disk ?? '']);
  expect(only(await train(folder), 'finished').step).toBe(100);
  expect(resultOf(folder)).toEqual(resultOf(whole));
});

/** Lays a read-only view of a folder over it, as a disk that failed would be; undefined where this process may not mount. */
function makeReadOnly(folder: string): { readonly end: () => void } | undefined {
  if (spawnSync('mount', ['--bind', folder, folder]).status !== 0) return undefined;
  let isMounted = true;
  const end = (): void => {
    if (isMounted) execFileSync('umount', ['-l', folder]);
    isMounted = false;
  };
  onTestFinished(end);
  return spawnSync('mount', ['-o', 'remount,bind,ro', folder]).status === 0 ? { end } : undefined;
}

it('a folder that can not be written is told, before a run and within, and the run goes on to the same result bit by bit', async (context) => {
  const parent = temporaryFolder();
  // Long enough to be at work still when the mount is there.
  const settings = { steps: 300, checkpointEvery: 50 };
  const folder = makeRun(parent, 'run', settings);
  const before = makeReadOnly(folder);
  context.skip(before === undefined, 'no right to mount a read-only view');
  const refused = only(await train(folder), 'failed');
  expect(refused).toMatchObject({ code: 'can-not-start', step: 0 });
  expect(refused.message).toContain(`The run can't be kept in ${folder}: EROFS: read-only file system`);
  before?.end();
  expect(readdirSync(folder).sort()).toEqual(['config.json', 'network.json']);

  let within: { readonly end: () => void } | undefined;
  const { code, message, step } = only(
    await train(folder, ({ kind }) => {
      if (kind === 'progress') within ??= makeReadOnly(folder);
    }),
    'failed',
  );
  expect(code).toBe('folder-read-only');
  expect(message).toContain(`Nothing can be written to ${folder} any more`);
  expect(message).toContain('Make it writable and resume the run');
  expect(step).toBeGreaterThanOrEqual(10);
  within?.end();

  expect(only(await train(folder), 'finished').step).toBe(settings.steps);
  const whole = makeRun(parent, 'whole', settings);
  await train(whole);
  expect(resultOf(folder)).toEqual(resultOf(whole));
}, 60_000);

it('a trainer whose editor is killed stops at a checkpoint by itself', async () => {
  const folder = makeRun(temporaryFolder(), 'run', { steps: 100_000 });
  const script = `
    const child = require('node:child_process').spawn(${JSON.stringify(program.executable)},
      ${JSON.stringify([program.script, folder])}, { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdout.on('data', () => process.stdout.write('.'));`;
  const env = { ...process.env, ...program.environment };
  const editor = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => editor.stdout.once('data', resolve));
  await expect.poll(() => logOf(folder).some(({ kind }) => kind === 'progress'), { timeout: 120_000 }).toBe(true);
  editor.kill('SIGKILL');
  await expect.poll(() => logOf(folder).at(-1)?.kind, { timeout: 120_000 }).toBe('interrupted');
  const { reason, step } = only(logOf(folder), 'interrupted');
  expect(reason).toBe('parent-gone');
  expect(readdirSync(join(folder, 'checkpoints'))).toContain(`step-${String(step)}.safetensors`);
}, 60_000);
