// `morphnet iterate`: rounds of shrinking and expanding, as one command. A folder as argument goes on with that iteration.

import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatAmount } from '../common/number-format.ts';
import { createIteration, iterate, openIteration, type Iteration } from '../experiments/iteration.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';
import { iterationName, type IterationFile } from '../protocol/iteration-file.ts';
import { resourceUnits } from '../protocol/sweep-file.ts';
import { orWorkFailed, wrongArguments } from './cli-failure.ts';
import { budgetOf, multipleOption, type BudgetOptions } from './expand-command.ts';
import { experimentEnded, followInTerminal } from './follow-training.ts';
import { shownPath } from './model-argument.ts';
import type { OpenSession } from './open-model.ts';
import { prepareRun, refuseChanges } from './run-command.ts';
import { parseCount, type RunOptions } from './run-settings.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

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
  const iteration = isFolder
    ? resumed(terminal, path, argument, options)
    : await newIteration(terminal, openSession, networks, argument, options);
  const shown = shownPath(iteration.folder, terminal.folder);
  terminal.note(`Iteration of ${String(iteration.file.rounds)} rounds in ${shown}.\n`);
  const tools = { training, networks, follower: followInTerminal(terminal), workingFolder: terminal.folder };
  const done = await iterate(tools, iteration);
  if (!done.ok) throw experimentEnded(terminal, done.error, `morphnet iterate ${shown}`);
  terminal.write(
    options.json === true
      ? `${JSON.stringify(done.value, undefined, 2)}\n`
      : `${roundTable(done.value, shown).join('\n')}\n`,
  );
}

async function newIteration(
  terminal: Terminal,
  openSession: OpenSession,
  networks: RunNetworkService,
  argument: string,
  options: IterateOptions,
): Promise<Iteration> {
  const rounds = options.rounds === undefined ? 2 : parseCount('--rounds', options.rounds, 1);
  const { config, network } = await prepareRun(terminal, openSession, argument, options);
  const { resource, share } = budgetOf(options, config.target.resource);
  const made = createIteration(
    { networks, workingFolder: terminal.folder },
    {
      ...{ config, network, rounds, resource, share },
      multipleOf: multipleOption(options.multipleOf, config),
      folder: options.out === undefined ? undefined : resolve(terminal.folder, options.out),
    },
  );
  return orWorkFailed(made);
}

function resumed(terminal: Terminal, folder: string, argument: string, options: IterateOptions): Iteration {
  refuseChanges(options, 'an iteration');
  if (!existsSync(join(folder, iterationName)))
    throw wrongArguments(`${argument} is no iteration: it has no ${iterationName}. Give a model’s file to start one.`);
  return orWorkFailed(openIteration(folder, terminal.folder));
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
