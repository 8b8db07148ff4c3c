// Commands of several trainings as the editor starts them: real processes of the command line, in the queue of the editor's
// trainings. And what they come to on the pages that show it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderToString } from 'preact-render-to-string';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { buildNodeBundle } from '../../scripts/bundles.ts';
import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { ExperimentService } from '../../server/src/experiments/experiment-service.ts';
import { createExperimentService } from '../../server/src/experiments/local-experiment-service.ts';
import { createRunService } from '../../server/src/experiments/local-run-service.ts';
import { createTrainingQueue } from '../../server/src/jobs/training-queue.ts';
import type { ExperimentSummary } from '../../server/src/protocol/experiment-messages.ts';
import type { RetrainingFile } from '../../server/src/protocol/retraining-file.ts';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';
import { listIterations } from '../../server/src/runs/read-iterations.ts';
import { readSweeps } from '../../server/src/runs/read-sweeps.ts';
import { readSnapshot } from '../../server/src/runs/run-folder.ts';
import { TradeOffPage } from '../../webview/src/components/trade-off-page.tsx';
import { runConfig, temporaryFolder } from '../support/run-folder.ts';
import { smallConfig } from '../support/small-config.ts';
import { buildTrainer, writeImages } from '../support/trainer.ts';

let trainer: TrainerProgram;
let commandLine: TrainerProgram;

beforeAll(async () => {
  trainer = await buildTrainer();
  // The command line looks for the trainer beside itself.
  commandLine = { ...trainer, script: join(dirname(trainer.script), 'cli.cjs') };
  await buildNodeBundle('cli', commandLine.script);
}, 60_000);

interface Desk {
  readonly folder: string;
  readonly config: RunConfig;
  readonly experiments: ExperimentService;
  readonly said: ExperimentSummary[];
  /** The first summary that fits, waited for. */
  readonly heard: (fits: (summary: ExperimentSummary) => boolean) => Promise<ExperimentSummary>;
}

function desk(changes: Partial<RunConfig> = {}, program = commandLine): Desk {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'net.cfg'), smallConfig);
  const config = runConfig({
    model: { document: pathToFileURL(join(folder, 'net.cfg')).toString(), entry: '', input: [[1, 8, 8]] },
    data: { kind: 'idx', path: writeImages(join(folder, 'data')) },
    target: { resource: 'flops' },
    learningRate: 0.05,
    steps: 20,
    ...changes,
  });
  const training = createTrainingQueue(trainer);
  onTestFinished(() => training.queue.dispose());
  const experiments = createExperimentService(program, training);
  const said: ExperimentSummary[] = [];
  const waiting = new Set<() => void>();
  experiments.onGrew((summary) => {
    said.push(summary);
    for (const look of waiting) look();
  });
  const heard: Desk['heard'] = (fits) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = said.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { folder, config, experiments, said, heard };
}

const hasEnded = ({ status }: ExperimentSummary): boolean => ['finished', 'failed', 'interrupted'].includes(status);
const textOf = (html: string): string => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

it('sweeps in a process of its own, and the page shows every point of the curve', async () => {
  const { folder, config, experiments, said, heard } = desk();
  const work = { kind: 'sweep', workspaceFolder: folder, model: 'net.cfg' } as const;
  const strengths = { from: 1e-9, to: 1e-6 };
  const started = await experiments.sweep(work, config, { points: 2, strengths, retrain: false });
  expect(started).toMatchObject({ ok: true, value: { kind: 'sweep', status: 'queued' } });
  expect(await heard(hasEnded)).toMatchObject({ status: 'finished' });
  expect(said.map(({ stage }) => stage?.number)).toContain(2);

  const [known] = readSweeps(folder);
  const points = known!.sweep.points;
  expect(points.map(({ status, strength }) => [status, strength])).toEqual([
    ['finished', 1e-9],
    ['finished', 1e-6],
  ]);
  const html = renderToString(
    TradeOffPage({ sweep: known!.sweep, isTrained: false, post: () => undefined, keep: () => undefined }),
  );
  for (const { accuracy, costShare } of points) {
    const shown = (share: number): string => `${String(Math.round(1000 * share) / 10)} %`;
    const figures = `${shown(accuracy!)} at ${shown(costShare!)}`;
    expect(html).toContain(figures);
  }
  expect(textOf(html)).toContain('2 of 2');
  // A point's run is found, read and retrained by the sweep's name and its own.
  const runs = createRunService(trainer);
  onTestFinished(() => runs.dispose());
  const id = `${known!.id}/${points[0]!.run}`;
  const point = runs.find(folder, id);
  expect(await runs.read(point!)).toMatchObject({ ok: true, value: { status: 'finished', proposal: {} } });
  expect(runs.find(folder, `${known!.id}/../../runs`)).toBeUndefined();
  const again = { kind: 'retrain', workspaceFolder: folder, model: 'net.cfg', folder: point! } as const;
  const retrained = await experiments.retrain(again, { seeds: 1, steps: 2, expanded: false });
  expect(retrained).toMatchObject({ ok: true, value: { kind: 'retrain', id } });
  expect(experiments.stop(id, 'retrain', false)).toBe('asked');
}, 60_000);

it('stops at a checkpoint, goes on where it was, and trains seed and proposal side by side', async () => {
  const { folder, config, experiments, said, heard } = desk({ steps: 4000, checkpointEvery: 10 });
  const work = { kind: 'sweep', workspaceFolder: folder, model: 'net.cfg' } as const;
  const sweep = await experiments.sweep(work, config, {
    points: 1,
    strengths: { from: 1e-9, to: 2e-9 },
    retrain: false,
  });
  if (!sweep.ok) throw new Error(sweep.error);
  const { id } = sweep.value;
  // Late enough that widths are proposed: alive channels are counted every five steps.
  await heard(({ step }) => step > 10);
  expect(experiments.stop(id, 'sweep', false)).toBe('asked');
  expect(await heard(hasEnded)).toMatchObject({ status: 'interrupted' });
  const run = join(folder, '.morphnet', 'sweeps', id, 'points', '1');
  const stopped = readSnapshot(run);
  if (!stopped.ok) throw new Error(stopped.error);
  expect(stopped.value.events.at(-1)).toMatchObject({ kind: 'interrupted', reason: 'cancelled' });
  const [left] = readSweeps(folder);
  expect(left!.sweep.points.map(({ status }) => status)).toEqual(['interrupted']);

  // The proposal of the point that was stopped is a proposal like any other.
  said.length = 0;
  const retrained = await experiments.retrain(
    { kind: 'retrain', folder: run, workspaceFolder: folder, model: 'net.cfg' },
    { steps: 12, seeds: 1, expanded: false },
  );
  expect(retrained.ok).toBe(true);
  expect(await heard(hasEnded)).toMatchObject({ status: 'finished', kind: 'retrain' });
  const file = JSON.parse(readFileSync(join(run, 'retrained.json'), 'utf8')) as RetrainingFile;
  expect(file.structures.map(({ name, accuracies }) => [name, accuracies.length])).toEqual([
    ['seed', 1],
    ['proposal', 1],
  ]);
  expect(readSnapshot(run)).toMatchObject({ value: { retraining: { steps: 12 } } });

  said.length = 0;
  const resume = { kind: 'sweep', folder: join(folder, '.morphnet', 'sweeps', id), workspaceFolder: folder } as const;
  expect((await experiments.resume({ ...resume, model: 'net.cfg' })).ok).toBe(true);
  await heard(({ step }) => step > 0);
  expect(experiments.stop(id, 'sweep', false)).toBe('asked');
  await heard(hasEnded);
  const gone = readSnapshot(run);
  const stoppedAt = stopped.value.events.findLast((event) => event.kind === 'interrupted')?.step;
  const starts = gone.ok ? gone.value.events.filter((event) => event.kind === 'started').map(({ step }) => step) : [];
  expect(starts).toEqual([0, stoppedAt]);
}, 60_000);

it('tells the end once, when the process has left the folder and the next one can begin', async () => {
  const script = join(temporaryFolder(), 'slow-to-leave.cjs');
  writeFileSync(
    script,
    `console.log(JSON.stringify({ kind: 'ended', ok: true, message: '' }));
setTimeout(() => undefined, 400);`,
  );
  const { folder, experiments, said, heard } = desk({}, { ...commandLine, script });
  const work = { kind: 'sweep', folder: join(folder, 'sweep'), workspaceFolder: folder, model: 'net.cfg' } as const;
  expect((await experiments.resume(work)).ok).toBe(true);
  await heard(hasEnded);
  expect(said.map(({ status }) => status)).toEqual(['finished']);
  said.length = 0;
  expect((await experiments.resume(work)).ok).toBe(true);
  await heard(hasEnded);
  expect(said.map(({ status }) => status)).toEqual(['finished']);
});

it('says why it failed, and what is there stays', async () => {
  const { folder, config, experiments, heard } = desk();
  const work = { kind: 'iterate', workspaceFolder: folder, model: 'net.cfg' } as const;
  const budget = { resource: 'flops', share: 1, multipleOf: 2 } as const;
  writeFileSync(join(folder, 'net.cfg'), '[net]\nwidth=eight\n');
  const started = await experiments.iterate(work, config, { rounds: 1, budget });
  if (!started.ok) throw new Error(started.error);
  const ended = await heard(hasEnded);
  expect(ended).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/^The network must end in one number a class.*\[does-not-fit\]$/) as string,
  });
  expect(existsSync(join(folder, '.morphnet', 'iterations', started.value.id, 'asked.json'))).toBe(true);
}, 60_000);

it('iterates to its end', async () => {
  const { folder, config, experiments, heard } = desk();
  const work = { kind: 'iterate', workspaceFolder: folder, model: 'net.cfg' } as const;
  const budget = { resource: 'flops', share: 1, multipleOf: 2 } as const;
  const started = await experiments.iterate(work, config, { rounds: 1, budget });
  if (!started.ok) throw new Error(started.error);
  expect(await heard(hasEnded)).toMatchObject({ status: 'finished', stage: { number: 1, of: 1 } });
  const { id } = started.value;
  const [iteration] = listIterations(folder);
  expect(iteration).toMatchObject({ id, status: 'finished', proposal: { step: 20 }, config: { steps: 20 } });
  const summary = /^One round of shrinking and expanding came to \d+\.\d % of the seed’s FLOPs\.$/;
  const events = iteration?.events.map((event) => (event.kind === 'finished' ? event.summary : ''));
  expect(events).toEqual([expect.stringMatching(summary)]);
  expect(await createRunService(trainer).read(join(folder, '.morphnet/iterations', id))).toEqual({
    ok: true,
    value: iteration,
  });
}, 60_000);
