// A real training is paused for another one, stays paused when the editor is closed, and goes on bit by bit.

import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunService } from '../../server/src/experiments/run-service.ts';
import { createRunService } from '../../server/src/experiments/local-run-service.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import { EventReader } from '../../server/src/runs/event-log.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { buildTrainer, makeRun, only, resultOf } from '../support/trainer.ts';

let program: TrainerProgram;

beforeAll(async () => {
  program = await buildTrainer();
});

/** Long enough to be paused midway by somebody who looks into its log. */
const settings = { steps: 300, checkpointEvery: 100 };
const patience = { timeout: 60_000, interval: 5 };

function openEditor(): RunService {
  const backend = createRunService(program);
  onTestFinished(() => backend.dispose());
  return backend;
}

const logOf = (folder: string): readonly RunEvent[] => new EventReader(join(folder, 'events.ndjson')).read();
const hasCome = (folder: string, kind: RunEvent['kind']): boolean => logOf(folder).some((event) => event.kind === kind);

it('is paused while another run trains, over the end of the editor, and goes on to the same result bit by bit', async () => {
  const workspace = temporaryFolder();
  const store = join(workspace, '.morphnet', 'runs');
  const [paused, other, whole] = ['paused', 'other', 'whole'].map((name) => makeRun(store, name, settings));
  if (paused === undefined || other === undefined || whole === undefined) throw new Error('three runs were made');
  const runOf = (id: string): string => join(store, id);
  const first = openEditor();
  expect(await first.resume(runOf('paused'))).toMatchObject({ ok: true });
  expect(await first.resume(runOf('other'))).toMatchObject({ value: { summary: { status: 'queued' } } });
  await expect.poll(() => hasCome(paused, 'progress'), patience).toBe(true);
  expect(first.pause(runOf('paused'))).toBe('asked');
  await expect.poll(() => hasCome(other, 'progress'), patience).toBe(true);
  expect(await first.read(runOf('paused'))).toMatchObject({ value: { status: 'paused' } });
  expect(first.pause(runOf('paused'))).toBe('absent');
  await first.dispose();
  const { step, reason } = only(logOf(paused), 'interrupted');
  expect(reason).toBe('paused');
  expect(step).toBeLessThan(settings.steps);
  // Of the other nobody said that it should end.
  expect(only(logOf(other), 'interrupted').reason).toBe('parent-gone');

  const second = openEditor();
  expect((await second.list(workspace)).runs).toMatchObject([
    { id: 'whole' },
    { id: 'paused', status: 'paused' },
    { id: 'other', status: 'interrupted' },
  ]);
  for (const id of ['paused', 'other', 'whole']) expect(await second.resume(runOf(id))).toMatchObject({ ok: true });
  await expect.poll(() => hasCome(whole, 'finished'), patience).toBe(true);
  expect(logOf(paused).filter(({ kind }) => kind === 'started')).toMatchObject([{ step: 0 }, { step }]);
  expect(resultOf(paused)).toEqual(resultOf(whole));
  expect(resultOf(other)).toEqual(resultOf(whole));
}, 120_000);
