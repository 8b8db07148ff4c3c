// `npm run test:kills`: kills the trainer with SIGKILL at random moments. Each time a new process goes on from the run's
// folder alone; whatever the finished run holds must be what an uninterrupted one holds, bit by bit.
//
//   npm run test:kills [-- --kills 50 --seed 1 --most 5]
//
// `--most` is how often one run is killed before it may finish. Exit status: 0 all equal, 1 a run differs.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import type { TrainerProgram } from '../server/src/jobs/trainer-process.ts';
import type { RunEvent } from '../server/src/protocol/run-events.ts';
import { EventReader } from '../server/src/runs/event-log.ts';
import { randomStream } from '../server/src/training/engines/random.ts';
import { makeRun, resultOf } from '../test/support/trainer.ts';
import { buildNodeBundle, root } from './bundles.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    most: { type: 'string', default: '5' },
  },
});
const [kills, seed, most] = [Number(values.kills), Number(values.seed), Number(values.most)];

/** Long enough for the steps to take most of a run's time, with a checkpoint every 20. */
const changes = { steps: 600 };

/** Trains in a folder until the process ends, or is killed after `killAfterMs`. */
async function train(program: TrainerProgram, folder: string, killAfterMs?: number): Promise<'ended' | 'killed'> {
  const child = spawn(program.executable, [program.script, folder], { stdio: ['pipe', 'ignore', 'inherit'] });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (_code, by) => {
      resolve(by);
    });
  });
  clearTimeout(timer);
  return signal === 'SIGKILL' ? 'killed' : 'ended';
}

/** Trains to the end; gives the milliseconds that it took. */
async function trainTimed(program: TrainerProgram, folder: string): Promise<number> {
  const began = performance.now();
  await train(program, folder);
  return performance.now() - began;
}

const logOf = (folder: string): readonly RunEvent[] => new EventReader(join(folder, 'events.ndjson')).read();

/** What an event says of the run, and not of the clock: by kind and step; undefined for events of a process. */
function said(event: RunEvent): readonly [string, unknown] | undefined {
  switch (event.kind) {
    case 'alive':
    case 'evaluated':
    case 'finished':
      return [`${event.kind} ${String(event.step)}`, { ...event, time: 0 }];
    case 'progress':
      return [`${event.kind} ${String(event.step)}`, { ...event, time: 0, stepMs: 0, secondsLeft: 0 }];
    default:
      return undefined;
  }
}

function statements(log: readonly RunEvent[]): (readonly [string, unknown])[] {
  return log.map(said).filter((entry) => entry !== undefined);
}

/** How a log differs from an uninterrupted run's: lines that say another thing, and lines that are not there. */
function logDifferences(expected: readonly RunEvent[], log: readonly RunEvent[]): string[] {
  const whole = new Map(statements(expected));
  const lines = statements(log);
  const found = new Set(lines.map(([key]) => key));
  return [
    ...lines.filter(([key, content]) => !isDeepStrictEqual(whole.get(key), content)).map(([key]) => `${key} differs`),
    ...[...whole.keys()].filter((key) => !found.has(key)).map((key) => `${key} is missing`),
  ];
}

const stepOf = (log: readonly RunEvent[]): number =>
  log.reduce((latest, event) => ('step' in event ? Math.max(latest, event.step) : latest), 0);

async function main(parent: string): Promise<number> {
  // A bundle of its own: the tests write theirs anew while this runs.
  const script = join(root, '.cache', 'test-kills', 'trainer.cjs');
  await buildNodeBundle('trainer', script);
  const program: TrainerProgram = { executable: process.execPath, script, environment: {} };
  const straight = makeRun(parent, 'straight', changes);
  await train(program, straight);
  // A second one for its time alone: the first also reads the program and the engine's library from the disk.
  let wholeMs = await trainTimed(program, makeRun(parent, 'timed', changes));
  const [expected, expectedLog] = [resultOf(straight), logOf(straight)];
  console.log(`An uninterrupted run takes ${wholeMs.toFixed(0)} ms. Seed ${String(seed)}.`);
  console.log('run  killed at (ms: step that the log had come to)                     result');
  const random = randomStream(seed, 'kills');
  let [killed, differing] = [0, 0];
  for (let run = 1; killed < kills; run++) {
    const folder = makeRun(parent, `run-${String(run)}`, changes);
    const moments: string[] = [];
    let hasEnded = false;
    while (!hasEnded && moments.length < most && killed < kills) {
      const moment = random.uniform() * wholeMs;
      const began = performance.now();
      hasEnded = (await train(program, folder, moment)) === 'ended';
      // A whole run that was over before its moment is the latest word on how long one takes beside what else computes.
      if (hasEnded && moments.length === 0) wholeMs = performance.now() - began;
      if (!hasEnded) {
        killed += 1;
        moments.push(`${moment.toFixed(0)}: ${String(stepOf(logOf(folder)))}`);
      }
    }
    if (!hasEnded) await train(program, folder);
    const differences = logDifferences(expectedLog, logOf(folder));
    if (!isDeepStrictEqual(resultOf(folder), expected)) differences.unshift('weights, counts or proposal differ');
    if (differences.length > 0) differing += 1;
    const result = differences.length === 0 ? 'equal' : differences.join(', ');
    console.log(`${String(run).padStart(3)}  ${moments.join(', ').padEnd(64)} ${result}`);
  }
  console.log(
    `${String(killed)} kills; ${differing === 0 ? 'every run' : 'not every run'} is what it had been without.`,
  );
  return differing === 0 ? 0 : 1;
}

const folder = mkdtempSync(join(tmpdir(), 'morphnet-kills-'));
try {
  process.exitCode = await main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
