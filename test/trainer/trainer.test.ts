// The trainer as a process: runs to the end, is stopped, killed and resumed, and says what is wrong when it can't train.

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTrainer, type TrainerProcess, type TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import { EventReader } from '../../server/src/runs/event-log.ts';
import { readProposal, readSnapshot } from '../../server/src/runs/run-folder.ts';
import { randomStream } from '../../server/src/training/engines/random.ts';
import { runConfig, temporaryFolder } from '../support/run-folder.ts';
import { buildTrainer, makeRun, only, resultOf, tinyNetwork } from '../support/trainer.ts';

let program: TrainerProgram;
/** What an uninterrupted run comes to. Words and signals come early in a run, so that they are there before its end. */
let straight: { readonly events: readonly RunEvent[]; readonly result: ReturnType<typeof resultOf> };

beforeAll(async () => {
  program = await buildTrainer();
});

type OnEvent = (event: RunEvent, trainer: TrainerProcess) => void;

/** Trains in a folder to the end of the process; `onEvent` may interfere. */
async function train(folder: string, onEvent: OnEvent = () => undefined): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  const trainer = startTrainer(program, folder, (event) => {
    events.push(event);
    onEvent(event, trainer);
  });
  await trainer.ended;
  return events;
}

const logOf = (folder: string): readonly RunEvent[] => new EventReader(join(folder, 'events.ndjson')).read();
const statusOf = (folder: string): unknown => {
  const snapshot = readSnapshot(folder);
  return snapshot.ok ? snapshot.value.status : snapshot.error;
};

/** The one sentence that a folder's training fails with. */
async function failureOf(folder: string): Promise<string> {
  const { message, code } = only(await train(folder), 'failed');
  expect(code).not.toBe('trainer-crashed');
  return message;
}

describe('a run', () => {
  it('goes from its start to a proposal, with every event in the log', async () => {
    const folder = makeRun(temporaryFolder(), 'run');
    const events = await train(folder);
    expect(logOf(folder)).toEqual(events);
    expect(only(events, 'started')).toMatchObject({ step: 0, totalSteps: 100, threads: 1 });
    expect(events[0]?.kind).toBe('started');
    expect(events.at(-1)).toMatchObject({ kind: 'finished', step: 100 });
    const stepsOf = (kind: RunEvent['kind']): number[] =>
      events.flatMap((event) => (event.kind === kind && 'step' in event ? [event.step] : []));
    const every = (interval: number, from: number): number[] =>
      Array.from({ length: (100 - from) / interval + 1 }, (_, index) => from + index * interval);
    expect(stepsOf('alive')).toEqual(every(10, 0));
    expect(stepsOf('progress')).toEqual(every(10, 10));
    expect(stepsOf('checkpoint')).toEqual(every(20, 20));
    expect(only(events, 'evaluated')).toMatchObject({ step: 100, images: 20 });
    // Two layers may shrink; half of the cost was asked for.
    const proposal = readProposal(folder);
    const { totals, step } = (proposal.ok && proposal.value) || { totals: undefined, step: undefined };
    expect(step).toBe(100);
    expect(totals?.macs.after).toBeLessThanOrEqual(0.5 * (totals?.macs.before ?? 0));
    // Seed by hand: 6·9·36 + 8·6·9·16 + 8·3 multiplications of convolutions and head.
    expect(totals?.macs.before).toBe(6 * 9 * 36 + 8 * 6 * 9 * 16 + 8 * 3);
    expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual(['step-100.safetensors', 'step-80.safetensors']);
    expect(readdirSync(folder).sort()).not.toContain('trainer.lock');
    expect(statusOf(folder)).toBe('finished');
    straight = { events, result: resultOf(folder) };
  });

  it('stops when told to, and goes on to the same result bit by bit', async () => {
    const folder = makeRun(temporaryFolder(), 'run');
    const first = await train(folder, (event, trainer) => {
      if (event.kind === 'progress' && event.step === 10) trainer.stop();
    });
    const { step, reason } = only(first, 'interrupted');
    expect(reason).toBe('cancelled');
    // A report that was due at the very step is made before the end.
    const reports = first.flatMap((event) => (event.kind === 'progress' ? [event.step] : []));
    expect(reports.at(-1)).toBe(Math.floor(step / 10) * 10);
    expect(step).toBeGreaterThanOrEqual(10);
    expect(step).toBeLessThan(100);
    expect(statusOf(folder)).toBe('interrupted');
    const second = await train(folder);
    expect(only(second, 'started').step).toBe(step);
    expect(only(second, 'finished').step).toBe(100);
    expect(logOf(folder)).toEqual([...first, ...second]);
    expect(resultOf(folder)).toEqual(straight.result);
  });

  it.skipIf(process.platform === 'win32').for([
    ['stop', 'cancelled'],
    ['pause', 'paused'],
  ] as const)(
    'that hears nothing of a %s, as in the middle of a long step, is ended and goes on from its last checkpoint',
    async ([word, reason]) => {
      const folder = makeRun(temporaryFolder(), 'run');
      const first: RunEvent[] = [];
      let pid = 0;
      const trainer = startTrainer(
        program,
        folder,
        (event) => {
          first.push(event);
          if (event.kind === 'started') pid = event.pid;
          if (event.kind !== 'progress' || event.step !== 30) return;
          // It holds still, and so it never hears the word.
          process.kill(pid, 'SIGSTOP');
          trainer[word]();
        },
        50,
      );
      await trainer.ended;
      expect(only(first, 'interrupted')).toMatchObject({ step: 20, reason });
      expect(logOf(folder)).toEqual(first);
      expect(statusOf(folder)).toBe(word === 'pause' ? 'paused' : 'interrupted');
      const second = await train(folder);
      expect(only(second, 'started').step).toBe(20);
      expect(resultOf(folder)).toEqual(straight.result);
    },
  );

  it('that hears the word has all the time that it needs for its checkpoint', async () => {
    const folder = makeRun(temporaryFolder(), 'run');
    const events: RunEvent[] = [];
    let pid = 0;
    // What holds it up behind the word: by then it has said that it heard it.
    const trainer = startTrainer(
      program,
      folder,
      (event) => {
        events.push(event);
        if (event.kind === 'started') pid = event.pid;
        if (event.kind === 'progress' && event.step === 10) trainer.stop();
        if (event.kind !== 'checkpoint') return;
        process.kill(pid, 'SIGSTOP');
        setTimeout(() => process.kill(pid, 'SIGCONT'), 2500);
      },
      2000,
    );
    await trainer.ended;
    const { step } = only(events, 'checkpoint');
    expect(only(events, 'interrupted')).toMatchObject({ step, reason: 'cancelled' });
  });

  it.for<readonly [string, (event: RunEvent) => boolean]>([
    ['before its first step', ({ kind }) => kind === 'started'],
    ['at a checkpoint', (event) => event.kind === 'checkpoint' && event.step === 20],
    ['between two checkpoints', (event) => event.kind === 'progress' && event.step === 30],
  ])('is killed %s and goes on to the same result bit by bit', async ([, isMoment]) => {
    const folder = makeRun(temporaryFolder(), 'run');
    let pid = 0;
    const first = await train(folder, (event) => {
      if (event.kind === 'started') pid = event.pid;
      if (isMoment(event)) process.kill(pid, 'SIGKILL');
    });
    const { code, message } = only(first, 'failed');
    expect(code).toBe('trainer-crashed');
    expect(message).toContain('was ended by SIGKILL');
    expect(logOf(folder).at(-1)).toEqual(first.at(-1));
    expect(statusOf(folder)).toBe('failed');
    const second = await train(folder);
    expect(only(second, 'finished').step).toBe(100);
    expect(resultOf(folder)).toEqual(straight.result);
  });

  it('is killed at two random moments and goes on to the same result bit by bit', async () => {
    // `npm run test:kills` has fifty.
    const seed = Number(process.env['MORPHNET_KILL_SEED'] ?? Math.floor(Math.random() * 1e9));
    const random = randomStream(seed, 'kills');
    const said = `MORPHNET_KILL_SEED=${String(seed)} repeats it as far as clocks do`;
    const [began = 0, ended = 0] = [straight.events[0]?.time, straight.events.at(-1)?.time];
    const folder = makeRun(temporaryFolder(), 'run');
    for (let kill = 0; kill < 2; kill += 1) {
      let timer: NodeJS.Timeout | undefined;
      await train(folder, (event) => {
        if (event.kind !== 'started') return;
        timer = setTimeout(() => process.kill(event.pid, 'SIGKILL'), random.uniform() * (ended - began));
      });
      clearTimeout(timer);
      // A moment of which the process was faster leaves nothing to kill.
      if (statusOf(folder) === 'finished') break;
    }
    if (statusOf(folder) !== 'finished') expect(only(await train(folder), 'finished').step, said).toBe(100);
    expect(resultOf(folder), said).toEqual(straight.result);
  });

  it('ends at a checkpoint when its parent is gone', async () => {
    const folder = makeRun(temporaryFolder(), 'run', { steps: 100_000 });
    const { executable, script, environment } = program;
    const env = { ...process.env, ...environment };
    const child = spawn(executable, [script, folder], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdout.once('data', () => {
      child.stdin.end();
      child.stdout.destroy();
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
    const events = logOf(folder);
    const { reason, step } = only(events, 'interrupted');
    expect(reason).toBe('parent-gone');
    expect(readdirSync(join(folder, 'checkpoints'))).toContain(`step-${String(step)}.safetensors`);
    expect(events.at(-1)?.kind).toBe('interrupted');
  });

  it('goes on from the checkpoint before a damaged one, and says so', async () => {
    const folder = makeRun(temporaryFolder(), 'run');
    await train(folder, (event, trainer) => {
      if (event.kind === 'progress' && event.step === 50) trainer.stop();
    });
    const latest = damage(folder);
    const events = await train(folder);
    const notice = events.find((event) => event.kind === 'notice' && event.code === 'checkpoint-damaged');
    expect(notice).toMatchObject({ severity: 'warning', message: expect.stringContaining(latest) as unknown });
    expect(resultOf(folder)).toEqual(straight.result);
  });
});

/** Cuts off a run's latest checkpoint; its path. */
function damage(folder: string): string {
  const checkpoints = join(folder, 'checkpoints');
  const steps = readdirSync(checkpoints).map((name) => Number(/\d+/.exec(name)?.[0]));
  const latest = join(checkpoints, `step-${String(Math.max(...steps))}.safetensors`);
  writeFileSync(latest, readFileSync(latest).subarray(0, -4));
  return latest;
}

describe('what a run fails with', () => {
  it('a data set that is not there', async () => {
    const folder = makeRun(temporaryFolder(), 'run', { data: { kind: 'idx', path: join(temporaryFolder(), 'gone') } });
    const message = await failureOf(folder);
    expect(message).toMatch(/gone is no folder that can be read\. Choose the folder with/);
    expect(statusOf(folder)).toBe('failed');
  });

  it('a network that does not fit the data', async () => {
    const message = await failureOf(makeRun(temporaryFolder(), 'run', {}, tinyNetwork(10)));
    expect(message).toContain('takes 1×10×10, but the images of IDX images in');
    expect(message).toContain('are 1×8×8');
  });

  it('a batch that the data can not fill', async () => {
    const message = await failureOf(makeRun(temporaryFolder(), 'run', { batchSize: 61 }));
    expect(message).toContain('Set the batch size to at most 60');
  });

  it('a config.json that is wrong', async () => {
    const folder = makeRun(temporaryFolder(), 'run');
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...runConfig(), steps: 0 }));
    const message = await failureOf(folder);
    expect(message).toContain(`${join(folder, 'config.json')} is not as it should be: steps must be at least 1, not 0`);
  });

  it('checkpoints of which none is whole', async () => {
    const folder = makeRun(temporaryFolder(), 'run');
    await train(folder, (event, trainer) => {
      if (event.kind === 'checkpoint' && event.step === 20) trainer.stop();
    });
    const names = readdirSync(join(folder, 'checkpoints'));
    for (const name of names) writeFileSync(join(folder, 'checkpoints', name), 'torn');
    const events = await train(folder);
    const { message, code } = only(events, 'failed');
    expect(code).toBe('checkpoint-damaged');
    for (const name of names) expect(message).toContain(join(folder, 'checkpoints', name));
    expect(message).toContain('delete the checkpoints folder');
  });

  it('what changed since it was stopped, at the step that it came to', async () => {
    const folder = makeRun(temporaryFolder(), 'run');
    const stopped = await train(folder, (event, trainer) => {
      if (event.kind === 'checkpoint' && event.step === 20) trainer.stop();
    });
    const { step } = only(stopped, 'interrupted');
    expect(step).toBeGreaterThanOrEqual(20);
    const configFile = join(folder, 'config.json');
    const config = readFileSync(configFile, 'utf8');
    writeFileSync(configFile, config.replace('"batchSize": 8', '"batchSize": 61'));
    expect(only(await train(folder), 'failed')).toMatchObject({ step, code: 'does-not-fit' });
    writeFileSync(configFile, config.replace(/"path": "[^"]*"/, '"path": "/no/such/data"'));
    expect(only(await train(folder), 'failed')).toMatchObject({ step, code: 'can-not-start' });
  });

  it('a second trainer on it, which leaves the first one alone', async () => {
    const folder = makeRun(temporaryFolder(), 'run', { steps: 100_000 });
    let second: Promise<string> | undefined;
    const events = await train(folder, (event, trainer) => {
      if (event.kind !== 'started') return;
      second = failureOf(folder);
      void second.catch(() => undefined).then(() => trainer.stop());
    });
    expect(await second).toContain(`trains ${folder} already; stop it first`);
    expect(only(events, 'interrupted').reason).toBe('cancelled');
    expect(logOf(folder)).toEqual(events);
  });

  it('a folder that was never there', async () => {
    const folder = join(temporaryFolder(), 'gone');
    expect(await failureOf(folder)).toContain(`${folder} is no run: it has no config.json`);
  });

  it('a folder that goes while it trains', async () => {
    const folder = makeRun(temporaryFolder(), 'run', { steps: 100_000 });
    const events = await train(folder, (event) => {
      if (event.kind === 'progress' && event.step === 10) renameSync(folder, `${folder}-moved`);
    });
    const { message, code, step } = only(events, 'failed');
    expect(code).toBe('folder-gone');
    expect(message).toContain(folder);
    expect(message).toContain('Put it back and resume the run');
    expect(step).toBeGreaterThanOrEqual(5);
  });
});
