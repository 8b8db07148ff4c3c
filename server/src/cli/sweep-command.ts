// `morphnet sweep`: one structure-learning run a strength, on a logarithmic grid, and the curve of cost against accuracy that
// they make. A sweep is a folder of runs: what is done is skipped, what was stopped goes on.

import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatAmount } from '../common/number-format.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { formatDataSet } from '../protocol/data-set-text.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { resourceUnits, sweepFileSchema, sweepName, type SweepFile, type SweepPoint } from '../protocol/sweep-file.ts';
import { portableConfig, workspaceFor, workspaceOf } from '../runs/portable-config.ts';
import { createRunFolder, readConfig, readDocument, writeDocument } from '../runs/run-folder.ts';
import { missingData, newStoreFolder } from '../runs/run-store.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { lastFailure, testResultOf, trainStage } from './follow-training.ts';
import { shownPath } from './model-argument.ts';
import type { OpenSession } from './open-model.ts';
import { stageFolderOf } from './retrain-command.ts';
import { optionName, prepareRun } from './run-command.ts';
import { parseCount, type RunOptions } from './run-settings.ts';
import { announceStage, type Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';

export interface SweepOptions extends RunOptions {
  readonly strengths?: string;
  readonly points?: string;
  readonly retrain?: boolean;
}

interface Sweep {
  readonly folder: string;
  readonly config: RunConfig;
  readonly network: NetworkGraph;
}

const usualPoints = 5;

export async function sweepCommand(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  networks: RunNetworkService,
  argument: string,
  options: SweepOptions,
): Promise<void> {
  const path = resolve(terminal.folder, argument);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const sweep = isFolder
    ? await resumed(terminal, networks, path, argument, options)
    : await newSweep(terminal, openSession, networks, argument, options);
  const shown = shownPath(sweep.folder, terminal.folder);
  const file = read(sweep.folder);
  terminal.note(`Sweep of ${String(file.points.length)} strengths in ${shown}.\n`);
  const points = [...file.points];
  const keep = (index: number, point: SweepPoint): void => {
    points[index] = point;
    const written = writeDocument(sweep.folder, sweepName, { ...file, points });
    if (!written.ok) throw workFailed(written.error);
  };
  for (const [index, point] of file.points.entries()) {
    if (point.status === 'finished') continue;
    const title = `Strength ${point.strength.toExponential(3)}`;
    announceStage(terminal, { title, number: index + 1, of: points.length });
    keep(index, { ...point, status: 'running' });
    try {
      keep(index, await trainPoint(terminal, training, networks, sweep, file, point, `morphnet sweep ${shown}`));
    } catch (error) {
      keep(index, { ...point, status: 'interrupted' });
      throw error;
    }
  }
  const done = read(sweep.folder);
  terminal.write(
    options.json === true ? `${JSON.stringify(done, undefined, 2)}\n` : `${curveTable(done).join('\n')}\n`,
  );
}

async function newSweep(
  terminal: Terminal,
  openSession: OpenSession,
  networks: RunNetworkService,
  argument: string,
  options: SweepOptions,
): Promise<Sweep> {
  if (options.strength !== undefined) throw wrongArguments('A sweep takes --strengths FROM..TO, not --strength.');
  const prepared = await prepareRun(terminal, openSession, argument, options);
  const { network } = prepared;
  const { resource } = prepared.config.target;
  // Each point's strength decides what it comes to.
  const config: RunConfig = { ...prepared.config, target: { resource }, strength: undefined };
  const seedCost = networks.cost(config, network);
  const missing = missingData(config);
  if (missing !== undefined) throw workFailed(missing);
  const strengths = gridOf(options, seedCost);
  const folder =
    options.out === undefined
      ? newStoreFolder(workspaceFor(config, terminal.folder), 'sweeps', config, new Date())
      : ({ ok: true, value: resolve(terminal.folder, options.out) } as const);
  if (!folder.ok) throw workFailed(folder.error);
  const workspace = workspaceOf(folder.value, terminal.folder);
  const made = createRunFolder(folder.value, config, network, workspace);
  if (!made.ok) throw workFailed(made.error);
  const stored = portableConfig(config, workspace);
  if (!stored.ok) throw workFailed(stored.error);
  const file: SweepFile = {
    version: 1,
    kind: 'sweep',
    model: { document: stored.value.model.document, entry: config.model.entry },
    data: formatDataSet(stored.value.data),
    resource,
    unit: resourceUnits[resource],
    device: config.device.name,
    seedCost,
    steps: config.steps,
    seed: config.seed,
    retrain: options.retrain === true,
    points: strengths.map((strength, index) => ({
      strength,
      run: `points/${String(index + 1)}`,
      status: 'waiting',
    })),
  };
  const written = writeDocument(made.value, sweepName, file);
  if (!written.ok) throw workFailed(written.error);
  return { folder: made.value, config, network };
}

async function resumed(
  terminal: Terminal,
  networks: RunNetworkService,
  folder: string,
  argument: string,
  options: SweepOptions,
): Promise<Sweep> {
  const given = Object.entries(options).find(([key, value]) => key !== 'json' && value !== undefined)?.[0];
  if (given !== undefined)
    throw wrongArguments(`--${optionName(given)} cannot be changed while a sweep goes on; start a new one.`);
  if (!existsSync(join(folder, sweepName)))
    throw wrongArguments(`${argument} is no sweep: it has no ${sweepName}. Give a model’s file to start one.`);
  const config = readConfig(folder, workspaceOf(folder, terminal.folder));
  if (!config.ok) throw workFailed(config.error);
  const network = await networks.network(folder, 'seed');
  if (!network.ok) throw workFailed(network.error);
  return { folder, config: config.value, network: network.value };
}

function read(folder: string): SweepFile {
  const file = readDocument(folder, sweepName, sweepFileSchema);
  if (!file.ok) throw workFailed(file.error);
  if (file.value === undefined) throw workFailed(`${folder} has no ${sweepName} any more.`);
  return file.value;
}

/** Strengths at equal ratios; around 1 / cost where no range is given, since there the two losses are of one size. */
function gridOf({ strengths, points }: SweepOptions, seedCost: number): readonly number[] {
  const count = points === undefined ? usualPoints : parseCount('--points', points, 1);
  const [from, to] = strengths === undefined ? [0.1 / seedCost, 10 / seedCost] : rangeOf(strengths);
  if (count === 1) return [Math.sqrt(from * to)];
  const ratio = (to / from) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? to : from * ratio ** index));
}

function rangeOf(text: string): readonly [from: number, to: number] {
  const [, from, to] = /^(.+?)\.\.(.+)$/.exec(text) ?? [];
  const range = [Number(from), Number(to)] as const;
  if (range[0] > 0 && range[1] > range[0] && Number.isFinite(range[1])) return range;
  throw wrongArguments(`--strengths ${text} must be two numbers above 0, the smaller first: 1e-9..1e-6`);
}

async function trainPoint(
  terminal: Terminal,
  training: TrainingService,
  networks: RunNetworkService,
  sweep: Sweep,
  { seedCost, retrain }: SweepFile,
  { strength, run }: SweepPoint,
  resume: string,
): Promise<SweepPoint> {
  const folder = join(sweep.folder, run);
  const config: RunConfig = { ...sweep.config, strength };
  const { network } = sweep;
  const learned = await trainStage(
    terminal,
    training,
    { within: sweep.folder, run, config, network },
    resume,
    'gives-run',
  );
  const point = { strength, run };
  if (learned.status === 'failed') return { ...point, status: 'failed', message: lastFailure(learned)?.message ?? '' };
  const proposed = await networks.network(folder, 'proposal');
  if (!proposed.ok) throw workFailed(proposed.error);
  const cost = networks.cost(config, proposed.value);
  const finished = { ...point, status: 'finished', cost, costShare: cost / seedCost, ...figuresOf(learned) } as const;
  if (!retrain) return finished;
  const settings: RunConfig = { ...config, task: 'retrain' };
  const stored = portableConfig(settings, workspaceOf(sweep.folder, terminal.folder));
  if (!stored.ok) throw workFailed(stored.error);
  const stage = stageFolderOf('proposal', stored.value, proposed.value);
  const trained = await trainStage(
    terminal,
    training,
    { within: folder, run: stage, config: settings, network: proposed.value },
    resume,
  );
  const tested = testResultOf(trained);
  return { ...finished, ...(tested && { retrainedAccuracy: tested.accuracy }) };
}

function figuresOf(run: RunSnapshot): Pick<SweepPoint, 'totals' | 'accuracy' | 'loss'> {
  const tested = testResultOf(run);
  const totals = run.proposal?.totals;
  return {
    ...(totals && {
      totals: { macs: totals.macs.after, params: totals.params.after, latencyMs: totals.latencyMs.after },
    }),
    ...(tested && { accuracy: tested.accuracy, loss: tested.loss }),
  };
}

function curveTable({ points, seedCost, unit, retrain }: SweepFile): readonly string[] {
  const percent = (share: number | undefined): string => (share === undefined ? '' : `${(100 * share).toFixed(1)} %`);
  const columns = [
    { title: 'strength', align: 'right' },
    { title: unit, align: 'right' },
    { title: 'of the seed', align: 'right' },
    { title: 'accuracy', align: 'right' },
    ...(retrain ? [{ title: 'retrained', align: 'right' } as const] : []),
    { title: '', align: 'left' },
  ] as const;
  const rows = points.map(({ strength, cost, costShare, accuracy, retrainedAccuracy, message }) => [
    strength.toExponential(2),
    cost === undefined ? '' : formatAmount(cost),
    percent(costShare),
    percent(accuracy),
    ...(retrain ? [percent(retrainedAccuracy)] : []),
    message ?? '',
  ]);
  return [...textTable(columns, rows), '', `The seed costs ${formatAmount(seedCost, unit)}.`];
}
