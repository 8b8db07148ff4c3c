// `morphnet retrain`: trains a run's seed and what came of it from scratch, with equal settings, and sets accuracy and cost
// side by side. Each training is a run of its own in the run's folder, so that what was stopped goes on and what is done stays.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatAmount, formatMilliseconds } from '../common/number-format.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { retrainingName, type RetrainingFile } from '../protocol/retraining-file.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunProposal } from '../protocol/run-files.ts';
import { portableConfig, workspaceOf } from '../runs/portable-config.ts';
import { readExpanded, writeDocument } from '../runs/run-folder.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { testResultOf, trainStage } from './follow-training.ts';
import { shownPath } from './model-argument.ts';
import { parseCount } from './run-settings.ts';
import { announceStage, type Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { RunNetwork } from '../experiments/run-networks.ts';
import type { TrainingService } from '../experiments/run-service.ts';

export interface RetrainOptions {
  readonly steps?: string;
  readonly seeds?: string;
  readonly expanded?: boolean;
  readonly json?: boolean;
}

type Structure = RetrainingFile['structures'][number];

export async function retrainCommand(
  terminal: Terminal,
  training: TrainingService,
  networks: RunNetworkService,
  argument: string,
  options: RetrainOptions,
): Promise<void> {
  const folder = resolve(terminal.folder, argument);
  if (!existsSync(folder)) throw wrongArguments(`There is no run folder ${shownPath(folder, terminal.folder)}.`);
  const run = await training.read(folder);
  if (!run.ok) throw workFailed(run.error);
  const { config, proposal } = run.value;
  const steps = options.steps === undefined ? config.steps : parseCount('--steps', options.steps, 1);
  const count = options.seeds === undefined ? 1 : parseCount('--seeds', options.seeds, 1);
  const seeds = Array.from({ length: count }, (_, index) => config.seed + index);
  const resume = ['morphnet retrain', argument, ...words(options)].join(' ');
  const compared = await structuresOf(networks, folder, proposal, options.expanded === true);
  const structures: Structure[] = compared.map(({ name, totals }) => ({
    name,
    totals,
    accuracies: [],
    mean: 0,
    runs: [],
  }));
  // By seed, not by structure: who stops early has whole comparisons.
  for (const seed of seeds) {
    for (const [index, { name, network }] of compared.entries()) {
      const settings: RunConfig = { ...config, task: 'retrain', steps, seed };
      const stored = portableConfig(settings, workspaceOf(folder, terminal.folder));
      if (!stored.ok) throw workFailed(stored.error);
      const stage = stageFolderOf(name, stored.value, network);
      announceStage(terminal, {
        title: `The ${structureWords[name]} from scratch, seed ${String(seed)}`,
        number: seeds.indexOf(seed) * compared.length + index + 1,
        of: seeds.length * compared.length,
      });
      const trained = await trainStage(
        terminal,
        training,
        { within: folder, run: stage, config: settings, network },
        resume,
      );
      const tested = testResultOf(trained);
      if (tested === undefined)
        throw workFailed(`The training in ${shownPath(trained.folder, terminal.folder)} was not tested.`);
      structures[index]?.accuracies.push(tested.accuracy);
      structures[index]?.runs.push(stage);
    }
  }
  const report: RetrainingFile = {
    version: 1,
    kind: 'retraining',
    steps,
    seeds,
    structures: structures.map((structure) => ({ ...structure, ...spreadOf(structure.accuracies) })),
  };
  const written = writeDocument(folder, retrainingName, report);
  if (!written.ok) throw workFailed(written.error);
  terminal.write(
    options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${reportTable(report).join('\n')}\n`,
  );
}

const structureWords: Readonly<Record<RunNetwork, string>> = {
  seed: 'seed',
  proposal: 'proposed network',
  expanded: 'expanded network',
};

function words({ steps, seeds, expanded }: RetrainOptions): readonly string[] {
  return [
    ...(steps === undefined ? [] : ['--steps', steps]),
    ...(seeds === undefined ? [] : ['--seeds', seeds]),
    ...(expanded === true ? ['--expanded'] : []),
  ];
}

interface Compared {
  readonly name: RunNetwork;
  readonly network: NetworkGraph;
  readonly totals: Structure['totals'];
}

/** The seed and what it is compared with, with the costs that the proposals say. */
async function structuresOf(
  networks: RunNetworkService,
  folder: string,
  proposal: RunProposal | undefined,
  withExpanded: boolean,
): Promise<readonly Compared[]> {
  const expanded = withExpanded ? readExpanded(folder) : undefined;
  if (expanded?.ok === false) throw workFailed(expanded.error);
  const said: readonly (readonly [RunNetwork, 'before' | 'after', RunProposal | undefined])[] = [
    ['seed', 'before', proposal],
    ['proposal', 'after', proposal],
    ...(withExpanded ? [['expanded', 'after', expanded?.value] as const] : []),
  ];
  const compared: Compared[] = [];
  for (const [name, side, from] of said) {
    const network = await networks.network(folder, name);
    if (!network.ok) throw workFailed(network.error);
    const { macs, params, latencyMs } = from?.totals ?? {};
    const totals = { macs: macs?.[side] ?? 0, params: params?.[side] ?? 0, latencyMs: latencyMs?.[side] ?? 0 };
    compared.push({ name, network: network.value, totals });
  }
  return compared;
}

/**
 * A training's place in the run's folder: it changes with its settings, as they are kept on disk, and its network, so that no
 * other is taken for it.
 */
export function stageFolderOf(name: RunNetwork, config: RunConfig, network: NetworkGraph): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([config, network]))
    .digest('hex')
    .slice(0, 12);
  return `retrained/${name}-seed${String(config.seed)}-${digest}`;
}

function spreadOf(values: readonly number[]): Pick<Structure, 'mean' | 'standardDeviation'> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardDeviation: Math.sqrt(squares / (values.length - 1)) };
}

function reportTable({ structures, seeds, steps }: RetrainingFile): readonly string[] {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const columns = [
    { title: 'network', align: 'left' },
    { title: 'accuracy', align: 'right' },
    { title: '±', align: 'right' },
    { title: 'MACs', align: 'right' },
    { title: 'params', align: 'right' },
    { title: 'latency', align: 'right' },
  ] as const;
  const rows = structures.map(({ name, mean, standardDeviation, totals }) => [
    name,
    percent(mean),
    standardDeviation === undefined ? '' : percent(standardDeviation),
    formatAmount(totals.macs),
    formatAmount(totals.params),
    formatMilliseconds(totals.latencyMs),
  ]);
  const [seed, ...others] = structures;
  const differences = others.map(
    ({ name, mean }) => `${name}: ${(100 * (mean - (seed?.mean ?? 0))).toFixed(2)} points of accuracy against the seed`,
  );
  return [
    ...textTable(columns, rows),
    '',
    ...differences,
    `${String(steps)} steps from scratch, ${seeds.length === 1 ? 'one seed' : `${String(seeds.length)} seeds`}, equal settings.`,
  ];
}
