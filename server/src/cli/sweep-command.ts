// `morphnet sweep`: the curve of cost against accuracy, as one command. A folder as argument goes on with that sweep.

import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatAmount } from '../common/number-format.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';
import { createSweep, openSweep, sweep, type Sweep } from '../experiments/sweep.ts';
import { sweepName, type SweepFile } from '../protocol/sweep-file.ts';
import { orWorkFailed, wrongArguments } from './cli-failure.ts';
import { experimentEnded, followInTerminal } from './follow-training.ts';
import { shownPath } from './model-argument.ts';
import type { OpenSession } from './open-model.ts';
import { prepareRun, refuseChanges } from './run-command.ts';
import { parseCount, type RunOptions } from './run-settings.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

export interface SweepOptions extends RunOptions {
  readonly strengths?: string;
  readonly points?: string;
  readonly retrain?: boolean;
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
  const opened = isFolder
    ? await resumed(terminal, networks, path, argument, options)
    : await newSweep(terminal, openSession, networks, argument, options);
  const shown = shownPath(opened.folder, terminal.folder);
  terminal.note(`Sweep of ${String(opened.file.points.length)} strengths in ${shown}.\n`);
  const tools = { training, networks, follower: followInTerminal(terminal), workingFolder: terminal.folder };
  const done = await sweep(tools, opened);
  if (!done.ok) throw experimentEnded(terminal, done.error, `morphnet sweep ${shown}`);
  terminal.write(
    options.json === true ? `${JSON.stringify(done.value, undefined, 2)}\n` : `${curveTable(done.value).join('\n')}\n`,
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
  const points = options.points === undefined ? usualPoints : parseCount('--points', options.points, 1);
  const strengths = options.strengths === undefined ? undefined : rangeOf(options.strengths);
  const { config, network } = await prepareRun(terminal, openSession, argument, options);
  const made = await createSweep(
    { networks, workingFolder: terminal.folder },
    {
      ...{ config, network, points, strengths },
      retrain: options.retrain === true,
      folder: options.out === undefined ? undefined : resolve(terminal.folder, options.out),
    },
  );
  return orWorkFailed(made);
}

async function resumed(
  terminal: Terminal,
  networks: RunNetworkService,
  folder: string,
  argument: string,
  options: SweepOptions,
): Promise<Sweep> {
  refuseChanges(options, 'a sweep');
  if (!existsSync(join(folder, sweepName)))
    throw wrongArguments(`${argument} is no sweep: it has no ${sweepName}. Give a model’s file to start one.`);
  return orWorkFailed(await openSweep({ networks, workingFolder: terminal.folder }, folder));
}

function rangeOf(text: string): readonly [from: number, to: number] {
  const [, from, to] = /^(.+?)\.\.(.+)$/.exec(text) ?? [];
  const range = [Number(from), Number(to)] as const;
  if (range[0] > 0 && range[1] > range[0] && Number.isFinite(range[1])) return range;
  throw wrongArguments(`--strengths ${text} must be two numbers above 0, the smaller first: 1e-9..1e-6`);
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
