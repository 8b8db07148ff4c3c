// `npm run bench:runs`: what runs cost the language server. The list of a workspace with many long runs, as it is made before the
// first hint; and one notification of a run that is being trained, by how long its log is already.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { URI } from 'vscode-uri';
import { createRunService } from '../server/src/experiments/local-run-service.ts';
import type { RunConfig } from '../server/src/protocol/run-config.ts';
import { runDefaults } from '../server/src/protocol/run-defaults.ts';
import type { RunEvent } from '../server/src/protocol/run-events.ts';
import { eventsFile } from '../server/src/runs/event-log.ts';
import { createRunFolder } from '../server/src/runs/run-folder.ts';
import { afterEvent, newState } from '../server/src/runs/run-state.ts';
import { runsFolder } from '../server/src/runs/run-store.ts';

const workspace = mkdtempSync(join(tmpdir(), 'morphnet-bench-runs-'));
const config: RunConfig = {
  version: 1,
  model: { document: URI.file(join(workspace, 'net.py')).toString(), entry: 'Net()', input: [[1, 28, 28]] },
  data: { kind: 'idx', path: join(workspace, 'data') },
  ...runDefaults,
  device: { name: 'V100', peakGflopsPerSecond: 125_000, memoryGigabytesPerSecond: 900 },
};

const seed = { macs: 1, params: 1, latencyMs: 1 };
const started: RunEvent = {
  version: 1,
  time: 1,
  kind: 'started',
  step: 0,
  totalSteps: 1,
  engine: 'onnx',
  threads: 1,
  pid: 1,
  seed,
};
const progress = (step: number): RunEvent => ({
  ...{ version: 1, time: 1, kind: 'progress', step, loss: 1.2345, accuracy: 0.5, regularization: 0.01, strength: 1e-7 },
  ...{ cost: 30, seedCost: 100, learningRate: 0.004, stepMs: 12.5, secondsLeft: 100 },
});
const lines = (steps: number): string =>
  [started, ...Array.from({ length: steps }, (_, step) => progress(step + 1))]
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('');

/** The longest time that others waited for the thread meanwhile, and the whole, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<{ readonly whole: number; readonly longestWait: number }> {
  let [last, longestWait] = [performance.now(), 0];
  const pulse = setInterval(() => {
    const now = performance.now();
    longestWait = Math.max(longestWait, now - last);
    last = now;
  }, 1);
  const begin = performance.now();
  await work();
  clearInterval(pulse);
  return { whole: performance.now() - begin, longestWait };
}

const show = (value: number): string => value.toFixed(1).padStart(7);

try {
  const log = lines(10_000);
  for (let number = 0; number < 100; number++) {
    const folder = join(runsFolder(workspace), `run-${String(number).padStart(3, '0')}`);
    const made = createRunFolder(folder, config, { version: 1, ops: [] });
    if (!made.ok) throw new Error(made.error);
    writeFileSync(join(folder, eventsFile), log);
  }
  const service = createRunService({ executable: process.execPath, script: '', environment: {} });
  console.log('100 runs of 10,000 steps            whole ms  longest wait ms');
  for (const name of ['listed for the first time', 'listed again']) {
    const { whole, longestWait } = await timed(() => service.list(workspace));
    console.log(`${name.padEnd(34)} ${show(whole)}  ${show(longestWait)}`);
  }
  console.log('\nsteps so far   one notification, ms');
  for (const steps of [600, 10_000, 50_000, 100_000]) {
    let state = [started, ...Array.from({ length: steps }, (_, step) => progress(step))].reduce(afterEvent, newState);
    const times = Array.from({ length: 50 }, (_, index) => {
      const begin = performance.now();
      state = afterEvent(state, progress(steps + index));
      return performance.now() - begin;
    }).sort((a, b) => a - b);
    console.log(`${String(steps).padStart(12)}   ${(times[25] ?? 0).toFixed(4)}`);
  }
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
