// The trainer's engines as a process: the list that it prints, and a run whose engine is not there.

import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { askEngines } from '../../server/src/jobs/ask-engines.ts';
import { startTrainer, type TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import { EventReader, EventWriter } from '../../server/src/runs/event-log.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { buildTrainer, makeRun, only } from '../support/trainer.ts';

let trainer: TrainerProgram;

beforeAll(async () => {
  trainer = await buildTrainer();
});

/** The trainer told to look for TensorFlow.js and for a Python in a folder that has neither. */
function onnxAlone(): TrainerProgram {
  const empty = temporaryFolder();
  const environment = { MORPHNET_TFJS_PATH: empty, MORPHNET_PYTHON: join(empty, 'python') };
  return { ...trainer, environment: { ...trainer.environment, ...environment } };
}

it('prints its engines with a measured figure, and why others are missing', async () => {
  const program = onnxAlone();
  const report = await askEngines(program, 1);
  expect(report).toMatchObject({
    ok: true,
    value: {
      auto: 'onnx',
      engines: [
        { name: 'onnx', available: true, device: 'cpu', threads: 1 },
        { name: 'tfjs', available: false, reason: expect.stringContaining('is installed in') as string },
        { name: 'torch', available: false, reason: expect.stringContaining('python') as string },
      ],
    },
  });
  const figures = report.ok
    ? report.value.engines.flatMap((engine) => (engine.available ? [engine.stepsPerSecond] : []))
    : [];
  expect(figures).toHaveLength(1);
  expect(figures[0]).toBeGreaterThan(0);
});

it('says why nothing could be asked of a program that is no trainer', async () => {
  const script = join(temporaryFolder(), 'none.cjs');
  const report = await askEngines({ executable: process.execPath, script, environment: {} }, 1);
  expect(report).toEqual({ ok: false, error: expect.stringContaining('the trainer ended with status 1') as string });
});

it('trains with another engine than the one that is not there, and says so once in the log', async () => {
  const program = onnxAlone();
  const folder = makeRun(temporaryFolder(), 'run', { engine: 'tfjs', steps: 40 });
  const train = async (onEvent: (event: RunEvent, stop: () => void) => void): Promise<void> => {
    const process = startTrainer(program, folder, (event) => onEvent(event, () => process.stop()));
    await process.ended;
  };
  await train((event, stop) => {
    if (event.kind === 'progress') stop();
  });
  await train(() => undefined);
  const log = new EventReader(join(folder, 'events.ndjson')).read();
  expect(only(log, 'finished').step).toBe(40);
  const started = log.filter((event) => event.kind === 'started');
  expect(started.map(({ engine }) => engine.split(' ')[0])).toEqual(['onnx', 'onnx']);
  const said = log.filter((event) => event.kind === 'notice' && event.code === 'engine-replaced');
  expect(said).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('tfjs can’t be loaded') as string },
  ]);
});

it('goes on with the engine that the run was begun with, whatever auto would take now', async () => {
  const folder = makeRun(temporaryFolder(), 'run', { engine: 'auto', steps: 10 });
  const seed = { macs: 1, params: 1, latencyMs: 1 };
  const base = { version: 1, time: 1, kind: 'started', step: 0, totalSteps: 10, threads: 1, pid: 1, seed } as const;
  const log = new EventWriter(join(folder, 'events.ndjson'));
  log.append({ ...base, engine: 'tfjs 4.22.0' });
  log.close();
  const events: RunEvent[] = [];
  await startTrainer(onnxAlone(), folder, (event) => events.push(event)).ended;
  // It is not there, which nobody would care about had the run not been begun with it.
  const message = expect.stringMatching(/^This run trains with onnx .*since tfjs can’t be loaded/) as string;
  expect(events).toContainEqual(expect.objectContaining({ code: 'engine-replaced', message }));
  expect(only(events, 'finished').step).toBe(10);
});
