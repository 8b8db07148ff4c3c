// `morphnet iterate`: the method's Algorithm 1 as one command. Each round shrinks by structure learning, measures, and expands
// all widths by one factor to the budget; the next round starts from that. An iteration is a folder of runs and can be taken up.

import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatAmount } from '../common/number-format.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { iterationFileSchema, iterationName, type IterationFile } from '../protocol/iteration-file.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { resourceUnits } from '../protocol/sweep-file.ts';
import { workspaceFor, workspaceOf } from '../runs/portable-config.ts';
import { createRunFolder, readConfig, readDocument, writeDocument, writeProposal } from '../runs/run-folder.ts';
import { missingData, newStoreFolder } from '../runs/run-store.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { budgetOf, multipleOption, type BudgetOptions } from './expand-command.ts';
import { testResultOf, trainStage } from './follow-training.ts';
import { shownPath } from './model-argument.ts';
import type { OpenSession } from './open-model.ts';
import { optionName, prepareRun } from './run-command.ts';
import { parseCount, type RunOptions } from './run-settings.ts';
import { announceStage, type Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';

export interface IterateOptions extends RunOptions, BudgetOptions {
  readonly rounds?: string;
  readonly multipleOf?: string;
}

export async function iterateCommand(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  networks: RunNetworkService,
  argument: string,
  options: IterateOptions,
): Promise<void> {
  const path = resolve(terminal.folder, argument);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const folder = isFolder
    ? resumed(path, argument, options)
    : await newIteration(terminal, openSession, networks, argument, options);
  const shown = shownPath(folder, terminal.folder);
  const config = readConfig(folder, workspaceOf(folder, terminal.folder));
  if (!config.ok) throw workFailed(config.error);
  let file = read(folder);
  terminal.note(`Iteration of ${String(file.rounds)} rounds in ${shown}.\n`);
  let network = await networkAfter(networks, folder, file);
  while (file.finished.length < file.rounds) {
    const round = file.finished.length + 1;
    announceStage(terminal, { title: 'Shrink, then expand', number: round, of: file.rounds });
    const result = await playRound(terminal, training, networks, {
      folder,
      file,
      // A mistaken pattern is told in the first round; later ones may name layers of a branch that has died.
      config: round === 1 ? config.value : networks.settingsFor(config.value, network),
      network,
      shown,
    });
    network = result.network;
    const steps = round * config.value.steps;
    // From the seed to here: what the iteration's folder proposes, so that it can be applied and retrained as a run can.
    const proposal = await networks.proposalTo(folder, network, steps);
    if (!proposal.ok) throw workFailed(proposal.error);
    writeProposal(folder, proposal.value);
    file = { ...file, finished: [...file.finished, result.finished] };
    const written = writeDocument(folder, iterationName, file);
    if (!written.ok) throw workFailed(written.error);
  }
  terminal.write(
    options.json === true ? `${JSON.stringify(file, undefined, 2)}\n` : `${roundTable(file, shown).join('\n')}\n`,
  );
}

interface Round {
  readonly folder: string;
  readonly file: IterationFile;
  readonly config: RunConfig;
  /** What the round starts from. */
  readonly network: NetworkGraph;
  readonly shown: string;
}

async function playRound(
  terminal: Terminal,
  training: TrainingService,
  networks: RunNetworkService,
  { folder, file, config, network, shown }: Round,
): Promise<{ readonly finished: IterationFile['finished'][number]; readonly network: NetworkGraph }> {
  const run = roundFolder(file.finished.length + 1);
  const place = join(folder, run);
  const trained = await trainStage(
    terminal,
    training,
    { within: folder, run, config, network },
    `morphnet iterate ${shown}`,
  );
  const shrunk = await networks.network(place, 'proposal');
  if (!shrunk.ok) throw workFailed(shrunk.error);
  const { resource, budget, multipleOf } = file;
  const expanded = await networks.expand(place, { resource, budget: { amount: budget }, multipleOf });
  if (!expanded.ok) throw workFailed(expanded.error);
  const next = await networks.network(place, 'expanded');
  if (!next.ok) throw workFailed(next.error);
  const tested = testResultOf(trained);
  const { factor, cost } = expanded.value.expansion;
  const shrunkCost = networks.cost({ ...config, target: { resource } }, shrunk.value);
  const finished = { run, shrunkCost, factor, expandedCost: cost, ...(tested && { accuracy: tested.accuracy }) };
  return { finished, network: next.value };
}

function roundFolder(round: number): string {
  return `round-${String(round)}`;
}

/** Where the next round starts: the seed, or the last round's expanded network. */
async function networkAfter(networks: RunNetworkService, folder: string, file: IterationFile): Promise<NetworkGraph> {
  const last = file.finished.at(-1);
  const network =
    last === undefined
      ? await networks.network(folder, 'seed')
      : await networks.network(join(folder, last.run), 'expanded');
  if (!network.ok) throw workFailed(network.error);
  return network.value;
}

async function newIteration(
  terminal: Terminal,
  openSession: OpenSession,
  networks: RunNetworkService,
  argument: string,
  options: IterateOptions,
): Promise<string> {
  const rounds = options.rounds === undefined ? 2 : parseCount('--rounds', options.rounds, 1);
  const { config, network } = await prepareRun(terminal, openSession, argument, options);
  const missing = missingData(config);
  if (missing !== undefined) throw workFailed(missing);
  const { resource, share } = budgetOf(options, config.target.resource);
  const seedCost = networks.cost({ ...config, target: { resource } }, network);
  const folder =
    options.out === undefined
      ? newStoreFolder(workspaceFor(config, terminal.folder), 'iterations', config, new Date())
      : ({ ok: true, value: resolve(terminal.folder, options.out) } as const);
  const made = folder.ok
    ? createRunFolder(folder.value, config, network, workspaceOf(folder.value, terminal.folder))
    : folder;
  if (!made.ok) throw workFailed(made.error);
  const file: IterationFile = {
    version: 1,
    kind: 'iteration',
    rounds,
    resource,
    seedCost,
    budget: share * seedCost,
    multipleOf: multipleOption(options.multipleOf, config),
    finished: [],
  };
  const written = writeDocument(made.value, iterationName, file);
  if (!written.ok) throw workFailed(written.error);
  return made.value;
}

function resumed(folder: string, argument: string, options: IterateOptions): string {
  const given = Object.entries(options).find(([key, value]) => key !== 'json' && value !== undefined)?.[0];
  if (given !== undefined)
    throw wrongArguments(`--${optionName(given)} cannot be changed while an iteration goes on; start a new one.`);
  if (!existsSync(join(folder, iterationName)))
    throw wrongArguments(`${argument} is no iteration: it has no ${iterationName}. Give a model’s file to start one.`);
  return folder;
}

function read(folder: string): IterationFile {
  const file = readDocument(folder, iterationName, iterationFileSchema);
  if (!file.ok) throw workFailed(file.error);
  if (file.value === undefined) throw workFailed(`${folder} has no ${iterationName} any more.`);
  return file.value;
}

function roundTable({ finished, resource, seedCost, budget }: IterationFile, folder: string): readonly string[] {
  const unit = resourceUnits[resource];
  const columns = [
    { title: 'round', align: 'left' },
    { title: `shrunk to, ${unit}`, align: 'right' },
    { title: 'accuracy', align: 'right' },
    { title: 'factor', align: 'right' },
    { title: `expanded to, ${unit}`, align: 'right' },
  ] as const;
  const rows = finished.map(({ run, shrunkCost, accuracy, factor, expandedCost }) => [
    run,
    formatAmount(shrunkCost),
    accuracy === undefined ? '' : `${(100 * accuracy).toFixed(1)} %`,
    factor.toFixed(4),
    formatAmount(expandedCost),
  ]);
  return [
    ...textTable(columns, rows),
    '',
    `The seed costs ${formatAmount(seedCost, unit)}, the budget is ${formatAmount(budget, unit)}.`,
    `Train it:      morphnet retrain ${folder}`,
    `Show the edit: morphnet apply ${folder}`,
  ];
}
