// One structure-learning run a strength, on a logarithmic grid, and the curve of cost against accuracy that they make. A sweep is
// a folder of runs: what is done is skipped, what was stopped goes on.

import { join } from 'node:path';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { formatDataSet } from '../protocol/data-set-text.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { resourceUnits, sweepFileSchema, sweepName, type SweepFile, type SweepPoint } from '../protocol/sweep-file.ts';
import { portableConfig, workspaceFor, workspaceOf } from '../runs/portable-config.ts';
import { createRunFolder, readConfig, readDocument, writeDocument } from '../runs/run-folder.ts';
import { missingData, newStoreFolder } from '../runs/run-store.ts';
import { trainFromScratch } from './retraining.ts';
import { lastFailure, testResultOf } from './run-outcome.ts';
import { experimentFailed, trainStage, type ExperimentResult, type ExperimentTools } from './train-stage.ts';

/** A sweep as its folder says it. */
export interface Sweep {
  /** Absolute. */
  readonly folder: string;
  readonly config: RunConfig;
  /** The seed. */
  readonly network: NetworkGraph;
  readonly file: SweepFile;
}

export interface NewSweep {
  /** What it aims at and its strength are left out: each point's strength decides what it comes to. */
  readonly config: RunConfig;
  readonly network: NetworkGraph;
  readonly points: number;
  /** The smallest and the largest; absent: a tenth of 1 / the seed's cost and ten times that, since there the losses are of one size. */
  readonly strengths?: readonly [from: number, to: number] | undefined;
  /** Train each proposal from scratch too. */
  readonly retrain: boolean;
  /** Absolute; absent: a new one below `.morphnet/sweeps`. */
  readonly folder?: string | undefined;
}

type SweepTools = Pick<ExperimentTools, 'networks' | 'workingFolder'>;

/** Lays down the folder of a new sweep; nothing is trained yet. */
export async function createSweep(tools: SweepTools, asked: NewSweep): Promise<Result<Sweep>> {
  const { networks, workingFolder } = tools;
  const { network, folder } = asked;
  const { resource, fraction } = asked.config.target;
  const config: RunConfig = { ...asked.config, target: { resource }, strength: undefined };
  const missing = missingData(config);
  if (missing !== undefined) return { ok: false, error: missing };
  const seedCost = networks.cost(config, network);
  const place: Result<string> =
    folder === undefined
      ? newStoreFolder(workspaceFor(config, workingFolder), 'sweeps', config, new Date())
      : { ok: true, value: folder };
  if (!place.ok) return place;
  const workspace = workspaceOf(place.value, workingFolder);
  const made = createRunFolder(place.value, config, network, workspace);
  if (!made.ok) return made;
  const stored = portableConfig(config, workspace);
  if (!stored.ok) return stored;
  const [from, to] = asked.strengths ?? [0.1 / seedCost, 10 / seedCost];
  const file: SweepFile = {
    version: 1,
    kind: 'sweep',
    model: { document: stored.value.model.document, entry: config.model.entry },
    data: formatDataSet(stored.value.data),
    resource,
    unit: resourceUnits[resource],
    ...(fraction !== undefined && { targetShare: fraction }),
    device: config.device.name,
    seedCost,
    steps: config.steps,
    seed: config.seed,
    retrain: asked.retrain,
    points: atEqualRatios(from, to, asked.points).map((strength, index) => ({
      strength,
      run: `points/${String(index + 1)}`,
      status: 'waiting',
    })),
  };
  const written = writeDocument(made.value, sweepName, file);
  return written.ok ? openSweep(tools, made.value) : written;
}

/** A sweep that is there already. */
export async function openSweep({ networks, workingFolder }: SweepTools, folder: string): Promise<Result<Sweep>> {
  const config = readConfig(folder, workspaceOf(folder, workingFolder));
  if (!config.ok) return config;
  const network = await networks.network(folder, 'seed');
  if (!network.ok) return network;
  const file = readDocument(folder, sweepName, sweepFileSchema);
  if (!file.ok) return file;
  if (file.value === undefined) return { ok: false, error: `${folder} has no ${sweepName} any more.` };
  return { ok: true, value: { folder, config: config.value, network: network.value, file: file.value } };
}

/** Trains the points that are left. */
export async function sweep(
  tools: ExperimentTools,
  { folder, ...opened }: Sweep,
): Promise<ExperimentResult<SweepFile>> {
  let { file } = opened;
  const keep = (index: number, point: SweepPoint): Result<void> => {
    file = { ...file, points: file.points.with(index, point) };
    return writeDocument(folder, sweepName, file);
  };
  for (const [index, point] of file.points.entries()) {
    if (point.status === 'finished') continue;
    const title = `Strength ${point.strength.toExponential(3)}`;
    tools.follower.announce({ title, number: index + 1, of: file.points.length });
    const begun = keep(index, { ...point, status: 'running' });
    if (!begun.ok) return experimentFailed(begun.error);
    const trained = await trainPoint(tools, { folder, ...opened }, point);
    const kept = keep(index, trained.ok ? trained.value : { ...point, status: 'interrupted' });
    if (!trained.ok) return trained;
    if (!kept.ok) return experimentFailed(kept.error);
  }
  return { ok: true, value: file };
}

function atEqualRatios(from: number, to: number, count: number): readonly number[] {
  if (count === 1) return [Math.sqrt(from * to)];
  const ratio = (to / from) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? to : from * ratio ** index));
}

async function trainPoint(
  tools: ExperimentTools,
  { folder, network, file: { seedCost, retrain }, ...sweep }: Sweep,
  { strength, run }: SweepPoint,
): Promise<ExperimentResult<SweepPoint>> {
  const place = join(folder, run);
  const config: RunConfig = { ...sweep.config, strength };
  const learned = await trainStage(tools, { within: folder, run, config, network }, 'gives-run');
  if (!learned.ok) return learned;
  const point = { strength, run };
  if (learned.value.status === 'failed') {
    const message = lastFailure(learned.value)?.message ?? '';
    return { ok: true, value: { ...point, status: 'failed', message } };
  }
  const proposed = await tools.networks.network(place, 'proposal');
  if (!proposed.ok) return experimentFailed(proposed.error);
  const cost = tools.networks.cost(config, proposed.value);
  const figures = { cost, costShare: cost / seedCost, ...figuresOf(learned.value) };
  const finished = { ...point, status: 'finished', ...figures } as const;
  if (!retrain) return { ok: true, value: finished };
  const trained = await trainFromScratch(tools, {
    within: place,
    name: 'proposal',
    config,
    network: proposed.value,
    workspace: workspaceOf(folder, tools.workingFolder),
  });
  if (!trained.ok) return trained;
  const tested = testResultOf(trained.value.run);
  return { ok: true, value: { ...finished, ...(tested && { retrainedAccuracy: tested.accuracy }) } };
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
