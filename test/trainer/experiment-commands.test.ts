// The commands that make several runs, on real trainer processes: what they come to, and that a killed one goes on.

import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainingService } from '../../server/src/experiments/run-service.ts';
import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import { createRunService } from '../../server/src/experiments/local-run-service.ts';
import { createRunNetworks } from '../../server/src/experiments/run-network-service.ts';
import type { IterationFile } from '../../server/src/protocol/iteration-file.ts';
import { retrainingFileSchema } from '../../server/src/protocol/retraining-file.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import type { ExpandedProposal, RunStructure } from '../../server/src/protocol/run-files.ts';
import type { SweepFile } from '../../server/src/protocol/sweep-file.ts';
import { morphnetIn, type CommandLineRun } from '../support/command-line.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { smallConfig } from '../support/small-config.ts';
import { buildTrainer, writeImages } from '../support/trainer.ts';

/** Of the model at these widths, by hand: two operations a multiply-add on 64 places, the mean's head last. */
const flops = (first: number, second: number): number => 2 * (64 * 9 * first + 64 * 9 * first * second + 3 * second);

const settings = { steps: 30, learningRate: 0.05, batchSize: 8, threads: 1, target: 'flops:0.5' };

let program: TrainerProgram;
beforeAll(async () => {
  program = await buildTrainer();
}, 60_000);

function workspace(changes: object = {}): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'net.cfg'), smallConfig);
  writeImages(join(folder, 'data'));
  const project = { ...settings, data: { kind: 'idx', path: 'data' }, ...changes };
  writeFileSync(join(folder, 'morphnet.json'), JSON.stringify(project));
  return folder;
}

function morphnet(
  folder: string,
  words: string,
  training: TrainingService = createRunService(program, { workingFolder: folder }),
): Promise<CommandLineRun> {
  return morphnetIn(folder, words.split(' '), training, undefined, createRunNetworks(folder));
}

async function done(folder: string, words: string): Promise<string> {
  const { status, output, notes } = await morphnet(folder, words);
  expect(status, notes).toBe(0);
  return output;
}

/** A service whose process is killed at the given event. */
function killedAt(workingFolder: string, isMoment: (event: RunEvent, folder: string) => boolean): TrainingService {
  const service = createRunService(program, { workingFolder });
  return {
    ...service,
    start(where, config, network, listener) {
      let pid = 0;
      return service.start(where, config, network, (event) => {
        if (event.kind === 'started') pid = event.pid;
        if (isMoment(event, where.folder ?? '')) process.kill(pid, 'SIGKILL');
        listener?.(event);
      });
    },
  };
}

it('a copied project works on its own files', async () => {
  const folder = workspace();
  await done(folder, 'run net.cfg');
  const [id = ''] = readdirSync(join(folder, '.morphnet/runs'));
  const copy = join(temporaryFolder(), 'copy');
  cpSync(folder, copy, { recursive: true });
  await done(copy, `apply .morphnet/runs/${id} --write`);
  expect(readFileSync(join(folder, 'net.cfg'), 'utf8')).toBe(smallConfig);
  expect(readFileSync(join(copy, 'net.cfg'), 'utf8')).not.toBe(smallConfig);
  // Also from elsewhere: the run's own workspace counts, not where the command was typed.
  await done(folder, `retrain ${join(copy, '.morphnet/runs', id)} --steps 2`);
  expect(readdirSync(join(copy, '.morphnet/runs', id))).toContain('retrained.json');
});

describe('a run', () => {
  it('is expanded beyond the seed’s cost, retrained, and applied', async () => {
    const folder = workspace({ multipleOf: 2 });
    await done(folder, 'run net.cfg --out here');
    const expanded = JSON.parse(await done(folder, 'expand here --flops 1.5 --json')) as ExpandedProposal;
    const [first, second] = expanded.layers.map(({ width }) => width.after) as [number, number];
    const { cost, budget, seedCost } = expanded.expansion;
    expect(seedCost).toBe(flops(12, 16));
    expect(budget).toBe(1.5 * seedCost);
    expect(cost).toBe(flops(first, second));
    expect(cost).toBeLessThanOrEqual(budget);
    expect([first % 2, second % 2]).toEqual([0, 0]);

    const diff = await done(folder, 'expand here --flops 1.5 --diff');
    const changed = [...diff.matchAll(/^\+filters=(\d+)$/gm)].map(([, width]) => Number(width));
    expect(changed).toEqual([first, second].filter((width, index) => width !== [12, 16][index]));
    await done(folder, 'apply here --expanded --write');
    const written = [...readFileSync(join(folder, 'net.cfg'), 'utf8').matchAll(/filters=(\d+)/g)];
    expect(written.map(([, width]) => Number(width))).toEqual([first, second]);

    const report = v.parse(
      retrainingFileSchema,
      JSON.parse(await done(folder, 'retrain here --steps 40 --seeds 2 --expanded --json')),
    );
    expect(report.structures.map(({ name, accuracies }) => [name, accuracies.length])).toEqual([
      ['seed', 2],
      ['proposal', 2],
      ['expanded', 2],
    ]);
    expect(report.structures.map(({ totals }) => 2 * totals.macs)).toEqual([
      seedCost,
      2 * expandedFrom(folder).macs,
      cost,
    ]);
    for (const { runs } of report.structures)
      for (const run of runs) expect(statSync(join(folder, 'here', run, 'config.json')).isFile()).toBe(true);
    // Three bright bands are told apart after a few steps: chance would be a third.
    expect(report.structures[0]?.mean).toBeGreaterThan(0.6);
    // What is trained is not trained again.
    const again = await morphnet(folder, 'retrain here --steps 40 --seeds 2 --expanded --json');
    expect(again.notes).not.toContain('Training');
    expect(JSON.parse(again.output)).toEqual(report);
  }, 120_000);
});

/** The learned proposal's totals, as its own file says. */
function expandedFrom(folder: string): { readonly macs: number } {
  const text = readFileSync(join(folder, 'here', 'proposal.json'), 'utf8');
  const { totals } = JSON.parse(text) as Pick<ExpandedProposal, 'totals'>;
  return { macs: totals.macs.after };
}

describe('a sweep', () => {
  const words = 'sweep net.cfg --strengths 1e-8..1e-4 --points 3 --out swept --json';

  it('that is killed within a point goes on to the same curve', async () => {
    const folder = workspace();
    const straight = JSON.parse(await done(folder, words)) as SweepFile;
    expect(straight.points.map(({ strength }) => Number(strength.toPrecision(6)))).toEqual([1e-8, 1e-6, 1e-4]);
    expect(straight.seedCost).toBe(flops(12, 16));
    // The weakest strength leaves everything alive.
    expect(straight.points[0]).toMatchObject({ status: 'finished', costShare: 1, cost: flops(12, 16) });
    const shares = straight.points.flatMap(({ costShare }) => costShare ?? []);
    expect(shares).toEqual([...shares].sort((left, right) => right - left));

    const other = workspace({ data: { kind: 'idx', path: 'data' } });
    const killed = await morphnet(
      other,
      words,
      killedAt(other, (event, run) => run.endsWith('2') && event.kind === 'progress'),
    );
    expect(killed.status).toBe(1);
    expect(killed.notes).toContain('go on with: morphnet sweep swept');
    const between = JSON.parse(readFileSync(join(other, 'swept', 'sweep.json'), 'utf8')) as SweepFile;
    expect(between.points.map(({ status }) => status)).toEqual(['finished', 'interrupted', 'waiting']);
    const { output, notes } = await morphnet(other, 'sweep swept --json');
    expect(notes).not.toContain('(1 of 3)');
    const resumed = JSON.parse(output) as SweepFile;
    expect(resumed.points).toEqual(straight.points);
  }, 120_000);

  it('goes past a strength that ruins the network, says so on the curve, and trains it no second time', async () => {
    const folder = workspace();
    const command = 'sweep net.cfg --strengths 1e-8..1e30 --points 2 --out swept';
    const table = await done(folder, command);
    const file = JSON.parse(readFileSync(join(folder, 'swept', 'sweep.json'), 'utf8')) as SweepFile;
    expect(file.points.map(({ status }) => status)).toEqual(['finished', 'failed']);
    const failed = file.points[1];
    expect(failed?.message).toMatch(
      /^Training diverged at step \d+: .* Lower the learning rate \(0\.05 now\) or the strength/,
    );
    expect(failed).not.toHaveProperty('cost');
    // A narrow terminal breaks the sentence into lines.
    expect(table.replaceAll(/\s+/g, ' ')).toContain(failed?.message);
    const again = await morphnet(folder, 'sweep swept --json');
    expect(again.status).toBe(0);
    expect(JSON.parse(again.output)).toEqual(file);
    expect(again.notes).not.toContain('Training from');

    // The strengths behind a ruinous one are trained as well.
    const all = JSON.parse(
      await done(folder, 'sweep net.cfg --strengths 1e30..1e36 --points 2 --steps 4 --out ruined --json'),
    ) as SweepFile;
    expect(all.points.map(({ status }) => status)).toEqual(['failed', 'failed']);
  }, 60_000);

  it('retrains each point where that is asked for', async () => {
    const folder = workspace();
    const command = 'sweep net.cfg --strengths 1e-8..1e-4 --points 2 --retrain --out swept';
    const table = await done(folder, command);
    const file = JSON.parse(readFileSync(join(folder, 'swept', 'sweep.json'), 'utf8')) as SweepFile;
    expect(file.retrain).toBe(true);
    for (const { run, retrainedAccuracy } of file.points) {
      const [part = ''] = readdirSync(join(folder, 'swept', run, 'retrained'));
      const trained = readFileSync(join(folder, 'swept', run, 'retrained', part, 'events.ndjson'), 'utf8');
      const lines = trained.trim().split('\n');
      const tested = lines.map((line) => JSON.parse(line) as RunEvent).findLast(({ kind }) => kind === 'evaluated');
      expect(tested).toMatchObject({ accuracy: retrainedAccuracy });
    }
    expect(table).toContain('retrained');
  }, 60_000);

  it('takes no new settings while it goes on, and is no run', async () => {
    const folder = workspace();
    await done(folder, 'sweep net.cfg --points 1 --steps 2 --out swept');
    expect(await morphnet(folder, 'sweep swept --points 4')).toMatchObject({
      status: 2,
      notes: '--points cannot be changed while a sweep goes on; start a new one from the model’s file.\n',
    });
    expect((await morphnet(folder, 'run swept')).notes).toBe(
      'swept holds several runs. Go on with it: morphnet sweep swept\n',
    );
  });
});

it('an iteration shrinks and expands round by round, and proposes what it came to', async () => {
  const folder = workspace();
  const words = 'iterate net.cfg --rounds 2 --flops 0.8 --out rounds --json';
  const killed = await morphnet(
    folder,
    words,
    killedAt(folder, (event, run) => run.endsWith('2') && event.kind === 'started'),
  );
  expect(killed.status).toBe(1);
  const file = JSON.parse(await done(folder, 'iterate rounds --json')) as IterationFile;
  expect(file.finished.map(({ run }) => run)).toEqual(['round-1', 'round-2']);
  expect(file.budget).toBeCloseTo(0.8 * flops(12, 16), 6);
  for (const { shrunkCost, expandedCost, factor } of file.finished) {
    expect(shrunkCost).toBeLessThan(file.budget);
    expect(expandedCost).toBeLessThanOrEqual(file.budget);
    expect(factor).toBeGreaterThan(1);
  }
  const proposal = JSON.parse(readFileSync(join(folder, 'rounds', 'proposal.json'), 'utf8')) as ExpandedProposal;
  const [first, second] = proposal.layers.map(({ width }) => width) as [ExpandedProposal['layers'][0]['width'], never];
  expect(first.before).toBe(12);
  expect(flops(first.after, (second as typeof first).after)).toBe(file.finished[1]?.expandedCost);
  await done(folder, 'apply rounds --write');
  const written = [...readFileSync(join(folder, 'net.cfg'), 'utf8').matchAll(/filters=(\d+)/g)];
  expect(written.map(([, width]) => Number(width))).toEqual([first.after, (second as typeof first).after]);
}, 120_000);

it('an iteration goes on without a branch that died in it, whatever patterns named in it', async () => {
  const layer = (filters: number): string =>
    `[convolutional]\nbatch_normalize=1\nfilters=${String(filters)}\nsize=3\nstride=1\npad=1\nactivation=relu\n\n`;
  const residual = `[net]\nwidth=8\nheight=8\nchannels=1\n\n${layer(6)}${layer(4)}${layer(6)}[shortcut]\nfrom=-3\nactivation=linear\n\n${layer(8)}[avgpool]\n\n[connected]\noutput=3\nactivation=linear\n`;
  const folder = workspace({ target: 'flops:0.18', exclude: ['convolutional_0', 'convolutional_2'] });
  writeFileSync(join(folder, 'net.cfg'), residual);
  const cost = (inner: number, last: number): number => 2 * (64 * 9 * (6 + 2 * 6 * inner + 6 * last) + 3 * last);
  const words = 'iterate net.cfg --rounds 2 --flops 0.8 --out rounds --json';
  const file = JSON.parse(await done(folder, words)) as IterationFile;
  expect(file.seedCost).toBe(cost(4, 8));
  // With one channel left in the branch, and one in the last layer, it would still cost too much.
  expect(cost(1, 1)).toBeGreaterThan(0.2 * file.seedCost);
  const [first, second] = file.finished;
  expect(first?.shrunkCost).toBe(cost(0, 2));
  expect(first?.expandedCost).toBe(cost(0, 12));
  expect(second?.expandedCost).toBe(cost(0, 12));
  expect(cost(0, 13)).toBeGreaterThan(file.budget);
  const proposal = JSON.parse(readFileSync(join(folder, 'rounds', 'proposal.json'), 'utf8')) as ExpandedProposal;
  expect(proposal.removed.filter((name) => /^\w+$/.test(name))).toEqual([
    'convolutional_1',
    'convolutional_2',
    'shortcut_3',
  ]);
  const { status, notes, output } = await morphnet(folder, 'apply rounds');
  expect(status, notes).toBe(0);
  expect(output.match(/^[+-]filters=.*$/gm)).toEqual(['-filters=4', '+filters=1', '-filters=8', '+filters=12']);
  expect(notes).toContain(
    'The proposed network is without convolutional_1, convolutional_2. Edits of numbers can’t take layers out',
  );
  // A slim file is PyTorch: nobody is sent there from a Darknet configuration.
  expect(notes).not.toContain('--slim-file');
}, 60_000);

it('a retraining that is killed within a part goes on from there, to the same report', async () => {
  const folder = workspace({ checkpointEvery: 10 });
  await done(folder, 'run net.cfg --out here');
  const killed = await morphnet(
    folder,
    'retrain here --json',
    killedAt(folder, (event, run) => run.includes('proposal-seed') && event.kind === 'checkpoint'),
  );
  expect(killed.status).toBe(1);
  expect(killed.notes).toContain('go on with: morphnet retrain here');
  const { output, notes } = await morphnet(folder, 'retrain here --json');
  // The seed is done; the proposal goes on behind its checkpoint.
  expect(notes.match(/Training .*/g)).toEqual([expect.stringMatching(/^Training from step 10 /)]);
  const resumed = v.parse(retrainingFileSchema, JSON.parse(output));
  const other = workspace({ checkpointEvery: 10 });
  await done(other, 'run net.cfg --out here');
  const straight = v.parse(retrainingFileSchema, JSON.parse(await done(other, 'retrain here --json')));
  expect(resumed.structures.map(({ name, mean }) => [name, mean])).toEqual(
    straight.structures.map(({ name, mean }) => [name, mean]),
  );
}, 60_000);

it('settings of the method reach the training: what is excluded stays, and a wrong pattern is told', async () => {
  const folder = workspace({ algorithm: 'group-lasso', l1Fraction: 0.5, labelSmoothing: 0.1, steps: 6 });
  const run = 'run net.cfg --strength 1e-3 --target flops --compat reference --exclude convolutional_0 --out';
  await morphnet(folder, `${run} here`);
  const text = readFileSync(join(folder, 'here', 'structure.json'), 'utf8');
  const { algorithm, groups } = JSON.parse(text) as RunStructure;
  expect(algorithm).toBe('group-lasso');
  const fixed = groups.filter((group) => group.fixed !== undefined).flatMap(({ layers }) => layers);
  expect(fixed).toContain('convolutional_0');
  expect(fixed).not.toContain('convolutional_1');
  const config = JSON.parse(readFileSync(join(folder, 'here', 'config.json'), 'utf8')) as object;
  expect(config).toMatchObject({ l1Fraction: 0.5, labelSmoothing: 0.1, compat: 'reference', strength: 1e-3 });
  const wrong = await morphnet(folder, `run net.cfg --exclude no_such_layer --out there`);
  expect(wrong.status).toBe(1);
  expect(wrong.notes).toContain('no_such_layer');
}, 60_000);

it('boundaries, a decorator, rules, gates and names without their prefix reach a training', async () => {
  const folder = workspace({
    algorithm: 'logistic-sigmoid',
    inputBoundary: ['convolutional_0*'],
    decorator: { factor: 0.5 },
    rules: { roll: 'whole' },
    steps: 4,
    aliveEvery: 2,
  });
  const run = 'run net.cfg --strength 1e-3 --target flops --gate keep=first,straight-through,mask --out';
  await done(folder, `${run} here --remove-common-prefix`);
  await done(folder, `${run} whole --decorator 1`);
  const of = (name: string, file: string): unknown => JSON.parse(readFileSync(join(folder, name, file), 'utf8'));
  const { groups } = of('here', 'structure.json') as RunStructure;
  expect(groups.find(({ layers }) => layers.includes('convolutional_0'))?.fixed).toContain('outside');
  expect(of('here', 'config.json')).toMatchObject({
    gate: { keepAlive: 'first', straightThrough: true, regularizeOnMask: true },
    rules: { roll: 'whole' },
    removeCommonPrefix: true,
  });
  const regularization = (name: string): number | undefined =>
    readFileSync(join(folder, name, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; regularization?: number })
      .find(({ kind }) => kind === 'progress')?.regularization;
  // Half of each probability is half of the loss, at the same weights and masks.
  expect(regularization('whole')! / regularization('here')!).toBeCloseTo(2, 1);
}, 60_000);

it.for(['run', 'sweep', 'iterate', 'run --out here', 'sweep --out here', 'iterate --out here'])(
  '%s starts nothing and leaves nothing behind where the data set is not there',
  async (words) => {
    const folder = workspace({ data: { kind: 'idx', path: 'gone' } });
    const before = readdirSync(folder);
    const [command = '', ...options] = words.split(' ');
    const { status, notes } = await morphnet(folder, [command, 'net.cfg', ...options].join(' '));
    expect(status).toBe(1);
    expect(notes).toContain(`The data set ${join(folder, 'gone')} is not there, so nothing was started`);
    expect(readdirSync(folder)).toEqual(before);
  },
);
