// `morphnet retrain`: a run's seed and what came of it, trained from scratch and set side by side.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatAmount, formatMilliseconds } from '../common/number-format.ts';
import { retrain } from '../experiments/retraining.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';
import type { RetrainingFile } from '../protocol/retraining-file.ts';
import { orWorkFailed, wrongArguments } from './cli-failure.ts';
import { experimentEnded, followInTerminal } from './follow-training.ts';
import { shownPath } from './model-argument.ts';
import { parseCount } from './run-settings.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

export interface RetrainOptions {
  readonly steps?: string;
  readonly seeds?: string;
  readonly expanded?: boolean;
  readonly json?: boolean;
}

export async function retrainCommand(
  terminal: Terminal,
  training: TrainingService,
  networks: RunNetworkService,
  argument: string,
  options: RetrainOptions,
): Promise<void> {
  const folder = resolve(terminal.folder, argument);
  if (!existsSync(folder)) throw wrongArguments(`There is no run folder ${shownPath(folder, terminal.folder)}.`);
  const run = orWorkFailed(await training.read(folder));
  const steps = options.steps === undefined ? run.config.steps : parseCount('--steps', options.steps, 1);
  const seeds = options.seeds === undefined ? 1 : parseCount('--seeds', options.seeds, 1);
  const tools = { training, networks, follower: followInTerminal(terminal), workingFolder: terminal.folder };
  const report = await retrain(tools, { folder, run, steps, seeds, expanded: options.expanded === true });
  if (!report.ok)
    throw experimentEnded(terminal, report.error, ['morphnet retrain', argument, ...words(options)].join(' '));
  terminal.write(
    options.json === true
      ? `${JSON.stringify(report.value, undefined, 2)}\n`
      : `${reportTable(report.value).join('\n')}\n`,
  );
}

function words({ steps, seeds, expanded }: RetrainOptions): readonly string[] {
  return [
    ...(steps === undefined ? [] : ['--steps', steps]),
    ...(seeds === undefined ? [] : ['--seeds', seeds]),
    ...(expanded === true ? ['--expanded'] : []),
  ];
}

function reportTable({ structures, seeds, steps, measure }: RetrainingFile): readonly string[] {
  const figure = (value: number): string =>
    measure === 'loss' ? value.toPrecision(4) : `${(100 * value).toFixed(2)} %`;
  const columns = [
    { title: 'network', align: 'left' },
    { title: measure ?? 'accuracy', align: 'right' },
    { title: '±', align: 'right' },
    { title: 'MACs', align: 'right' },
    { title: 'params', align: 'right' },
    { title: 'latency', align: 'right' },
  ] as const;
  const rows = structures.map(({ name, mean, standardDeviation, totals }) => [
    name,
    figure(mean),
    standardDeviation === undefined ? '' : figure(standardDeviation),
    formatAmount(totals.macs),
    formatAmount(totals.params),
    formatMilliseconds(totals.latencyMs),
  ]);
  const [seed, ...others] = structures;
  const differences = others.map(({ name, mean }) => {
    const difference = mean - (seed?.mean ?? 0);
    return measure === 'loss'
      ? `${name}: a loss ${Math.abs(difference).toPrecision(3)} ${difference > 0 ? 'higher' : 'lower'} than the seed’s`
      : `${name}: ${(100 * difference).toFixed(2)} points of accuracy against the seed`;
  });
  return [
    ...textTable(columns, rows),
    '',
    ...differences,
    `${String(steps)} steps from scratch, ${seeds.length === 1 ? 'one seed' : `${String(seeds.length)} seeds`}, equal settings.`,
  ];
}
