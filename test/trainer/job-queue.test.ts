// The queue of runs and what it makes of programs that end without a word. The programs here are small scripts.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobQueue } from '../../server/src/jobs/job-queue.ts';
import { startTrainer, type TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import { EventReader } from '../../server/src/runs/event-log.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { only } from '../support/trainer.ts';

/** A program that runs these lines; `say` writes an event to its parent. */
function program(lines: string): TrainerProgram {
  const script = join(temporaryFolder(), 'script.cjs');
  writeFileSync(
    script,
    `const say = (event) => console.log(JSON.stringify({ version: 1, time: Date.now(), ...event }));\n${lines}\n`,
  );
  return { executable: process.execPath, script, environment: {} };
}

/** Ends as it is asked to; whose parent goes, it says so. */
const obedient = `
say({ kind: 'checkpoint', step: 1, file: process.argv[2] });
const leave = (reason) => { say({ kind: 'interrupted', step: 2, reason }); process.exit(0); };
process.stdin.once('data', (line) => leave(JSON.parse(line).kind === 'pause' ? 'paused' : 'cancelled'));
process.stdin.once('end', () => leave('parent-gone'));`;

async function eventsOf(trainer: TrainerProgram, folder = temporaryFolder()): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  await startTrainer(trainer, folder, (event) => events.push(event)).ended;
  return events;
}

describe('a trainer that ends without a word', () => {
  it('has failed with its status and its last words, in the log as well', async () => {
    const folder = temporaryFolder();
    const crashing = program(`
      say({ kind: 'checkpoint', step: 7, file: 'x' });
      for (let line = 1; line <= 40; line++) console.error('line ' + line);
      console.error('Error: out of memory');
      process.exitCode = 3;`);
    const events = await eventsOf(crashing, folder);
    const failed = only(events, 'failed');
    expect(failed).toMatchObject({ code: 'trainer-crashed', step: 7 });
    expect(failed.message).toContain('ended with status 3 at step 7');
    expect(failed.message.endsWith('line 40\nError: out of memory')).toBe(true);
    // Not all that it ever wrote.
    expect(failed.message).not.toContain('line 9\n');
    expect(new EventReader(join(folder, 'events.ndjson')).read()).toEqual([failed]);
  });

  it('has failed with words that are read after its end', async () => {
    // The error output outlives the process: one that it started still holds it.
    const leaving = program(`
      const late = ['-e', 'console.error("late words")'];
      const stdio = ['ignore', 'ignore', 'inherit'];
      require('node:child_process').spawn(process.execPath, late, { stdio, detached: true }).unref();
      process.exitCode = 3;`);
    expect(only(await eventsOf(leaving), 'failed').message).toMatch(/status 3.*late words$/);
  });

  it('has failed even when it ends well', async () => {
    expect(only(await eventsOf(program('')), 'failed').message).toContain('ended with status 0');
  });

  it('has failed when it can not be started', async () => {
    const missing = { ...program(''), executable: join(temporaryFolder(), 'no-node') };
    expect(only(await eventsOf(missing), 'failed').message).toContain('could not be started: ');
  });

  it('is told even where the folder is gone', async () => {
    expect(only(await eventsOf(program(''), join(temporaryFolder(), 'gone')), 'failed').code).toBe('trainer-crashed');
  });

  it('has not failed after it said how it ended', async () => {
    const events = await eventsOf(program("say({ kind: 'finished', step: 9, summary: 'x' }); process.exitCode = 3;"));
    expect(events.map(({ kind }) => kind)).toEqual(['finished']);
  });

  it('is explained with what it said besides events', async () => {
    const other = program(
      "console.log(JSON.stringify({ kind: 'hello', protocol: 99, pid: 1 })); console.log('second');",
    );
    expect(only(await eventsOf(other), 'failed').message).toContain('Not understood: {"kind":"hello","protocol":99');
  });

  it('is ended at once when it does not listen', async () => {
    const figures = '{ loss: 1, accuracy: 0, regularization: 0, strength: 0, cost: 1, seedCost: 1, learningRate: 1 }';
    const deaf = program(`
      say({ kind: 'checkpoint', step: 1, file: 'x' });
      say({ kind: 'checkpoint', step: 5, file: 'x' });
      say({ kind: 'progress', step: 9, stepMs: 1, secondsLeft: 1, ...${figures} });
      setInterval(() => {}, 1000);`);
    const folder = temporaryFolder();
    const events: RunEvent[] = [];
    const trainer = startTrainer(deaf, folder, (event) => {
      events.push(event);
      if (event.kind === 'progress') {
        trainer.stop();
        trainer.stop();
      }
    });
    await trainer.ended;
    // Who asked for it need not be told of a crash. The step is the checkpoint's, from which the run goes on.
    expect(events.map(({ kind }) => kind)).toEqual(['checkpoint', 'checkpoint', 'progress', 'interrupted']);
    expect(only(events, 'interrupted')).toMatchObject({ step: 5, reason: 'cancelled' });
    expect(new EventReader(join(folder, 'events.ndjson')).read()).toEqual([only(events, 'interrupted')]);
  });
});

describe('a queue of runs', () => {
  it('trains one after the other', async () => {
    const queue = new JobQueue(program(obedient));
    const told: string[] = [];
    const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    const jobs = folders.map((folder, index) =>
      queue.add(folder, ({ kind }) => {
        told.push(`${String(index)} ${kind}`);
        if (kind === 'checkpoint') queue.find(folder)?.stop();
      }),
    );
    expect(folders.map((folder) => queue.find(folder))).toEqual(jobs);
    await Promise.all(jobs.map(({ ended }) => ended));
    expect(told).toEqual([0, 1, 2].flatMap((index) => [`${String(index)} checkpoint`, `${String(index)} interrupted`]));
    expect(folders.map((folder) => queue.find(folder))).toEqual([undefined, undefined, undefined]);
  });

  it('drops the run that is stopped while it waits, and no other', async () => {
    const queue = new JobQueue(program(obedient));
    const told: string[] = [];
    const listen =
      (name: string, then?: () => void) =>
      ({ kind }: RunEvent): void => {
        told.push(`${name} ${kind}`);
        if (kind === 'checkpoint') then?.();
      };
    const first = queue.add(
      temporaryFolder(),
      listen('first', () => first.stop()),
    );
    const second = queue.add(temporaryFolder(), listen('second'));
    const third = queue.add(
      temporaryFolder(),
      listen('third', () => third.stop()),
    );
    second.stop();
    second.stop();
    await second.ended;
    expect(queue.find(second.folder)).toBeUndefined();
    expect(new EventReader(join(second.folder, 'events.ndjson')).read()).toMatchObject([
      { kind: 'interrupted', step: 0, reason: 'cancelled' },
    ]);
    await Promise.all([first.ended, third.ended]);
    expect(told).toEqual([
      'second interrupted',
      'first checkpoint',
      'first interrupted',
      'third checkpoint',
      'third interrupted',
    ]);
  });

  it('lets others go while a run is paused, which then goes before those that came after it', async () => {
    const queue = new JobQueue(program(obedient));
    const told: string[] = [];
    let whenLastBegins: () => void = () => undefined;
    const hasLastBegun = new Promise<void>((resolve) => (whenLastBegins = resolve));
    const listen =
      (name: string, then: () => void) =>
      (event: RunEvent): void => {
        told.push(event.kind === 'interrupted' ? `${name} ${event.reason}` : `${name} ${event.kind}`);
        if (event.kind === 'checkpoint') then();
      };
    const folder = temporaryFolder();
    const first = queue.add(
      folder,
      listen('first', () => first.pause()),
    );
    const waiting = queue.add(
      temporaryFolder(),
      listen('waiting', () => undefined),
    );
    const second = queue.add(temporaryFolder(), listen('second', whenLastBegins));
    waiting.pause();
    await Promise.all([waiting.ended, first.ended, hasLastBegun]);
    const third = queue.add(
      temporaryFolder(),
      listen('third', () => third.stop()),
    );
    const again = queue.add(
      waiting.folder,
      listen('waiting', () => again.stop()),
    );
    const resumed = queue.add(
      folder,
      listen('first', () => resumed.stop()),
    );
    second.stop();
    await Promise.all([second, third, again, resumed].map(({ ended }) => ended));
    expect(told).toEqual([
      'waiting paused',
      'first checkpoint',
      'first paused',
      'second checkpoint',
      'second cancelled',
      'first checkpoint',
      'first cancelled',
      'waiting checkpoint',
      'waiting cancelled',
      'third checkpoint',
      'third cancelled',
    ]);
    expect(new EventReader(join(waiting.folder, 'events.ndjson')).read()).toMatchObject([
      { kind: 'interrupted', step: 0, reason: 'paused' },
    ]);
  });

  it('goes on after a crash', async () => {
    const queue = new JobQueue(program('process.exitCode = 3;'));
    const told: string[] = [];
    const jobs = ['a', 'b'].map((name) => queue.add(temporaryFolder(), ({ kind }) => told.push(`${name} ${kind}`)));
    await Promise.all(jobs.map(({ ended }) => ended));
    expect(told).toEqual(['a failed', 'b failed']);
  });

  it('ends all of its runs when it is disposed of', async () => {
    const queue = new JobQueue(program(obedient));
    const told: string[] = [];
    const hasBegun = new Promise<void>((resolve) => {
      queue.add(temporaryFolder(), (event) => {
        // Nobody stopped it: the next window offers to go on.
        told.push(event.kind === 'interrupted' ? event.reason : event.kind);
        resolve();
      });
    });
    const waiting = queue.add(temporaryFolder(), ({ kind }) => told.push(`waiting ${kind}`));
    await hasBegun;
    await queue.dispose();
    await waiting.ended;
    expect(told).toEqual(['checkpoint', 'parent-gone']);
  });

  it('lets a run that is stopping already come to its checkpoint when it is disposed of', async () => {
    const queue = new JobQueue(program(obedient));
    const told: string[] = [];
    const hasBegun = new Promise<void>((resolve) => {
      const job = queue.add(temporaryFolder(), (event) => {
        told.push('step' in event ? `${event.kind} ${String(event.step)}` : event.kind);
        if (event.kind !== 'checkpoint') return;
        job.stop();
        resolve();
      });
    });
    await hasBegun;
    await queue.dispose();
    expect(told).toEqual(['checkpoint 1', 'interrupted 2']);
  });
});
