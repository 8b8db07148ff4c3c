// The commands that make several runs, or something of a run: expand, retrain, sweep, iterate.

import type { Command } from 'commander';
import { expandCommand, type ExpandOptions } from './expand-command.ts';
import { iterateCommand, type IterateOptions } from './iterate-command.ts';
import type { OpenSession } from './open-model.ts';
import { retrainCommand, type RetrainOptions } from './retrain-command.ts';
import { modelArgument, withRunOptions } from './run-options.ts';
import { sweepCommand, type SweepOptions } from './sweep-command.ts';
import type { Terminal } from './terminal.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';

interface ExperimentServices {
  readonly terminal: Terminal;
  readonly openSession: OpenSession;
  readonly training: TrainingService;
  readonly networks: RunNetworkService;
}

export function addExperimentCommands(program: Command, services: ExperimentServices): void {
  const { terminal, openSession, training, networks } = services;

  withBudget(
    program
      .command('expand')
      .description('scale all widths that a run proposes by one factor, up to a budget')
      .argument('<run folder>', 'the run, as run printed it'),
  )
    .option('--diff', 'print the widths as an edit of the source')
    .option('--write', 'make the edit')
    .option('--json', 'print the expanded proposal as JSON')
    .action((folder: string, options: ExpandOptions) =>
      expandCommand(terminal, openSession, training, networks, folder, options),
    );

  program
    .command('retrain')
    .description('train seed and proposal from scratch with equal settings, and compare them')
    .argument('<run folder>', 'a run, or an iteration')
    .option('--steps <count>', 'training steps; by default as many as the run had')
    .option('--seeds <count>', 'trainings of each network; 1 by default')
    .option('--expanded', 'the expanded proposal too')
    .option('--json', 'print the report as JSON')
    .action((folder: string, options: RetrainOptions) => retrainCommand(terminal, training, networks, folder, options));

  withRunOptions(
    program
      .command('sweep')
      .description('learn structures at strengths on a logarithmic grid: the curve of cost against accuracy')
      .argument('<file[::entry] | config.json | sweep folder>', `${modelArgument}; or a sweep to go on with`),
  )
    .option('--strengths <from..to>', 'smallest and largest strength; by default a tenth and ten times 1 / cost')
    .option('--points <count>', 'strengths in all; 5 by default')
    .option('--retrain', 'train each proposal from scratch too')
    .option('--out <folder>', 'the sweep’s folder; by default a new one below .morphnet/sweeps')
    .option('--json', 'print sweep.json at the end')
    .action((file: string, options: SweepOptions) =>
      sweepCommand(terminal, openSession, training, networks, file, options),
    );

  withBudget(
    withRunOptions(
      program
        .command('iterate')
        .description('rounds of shrinking, measuring and expanding to a budget')
        .argument(
          '<file[::entry] | config.json | iteration folder>',
          `${modelArgument}; or an iteration to go on with`,
        ),
    ),
  )
    .option('--rounds <count>', 'rounds; 2 by default')
    .option('--out <folder>', 'the iteration’s folder; by default a new one below .morphnet/iterations')
    .option('--json', 'print iteration.json at the end')
    .action((file: string, options: IterateOptions) =>
      iterateCommand(terminal, openSession, training, networks, file, options),
    );
}

/** A share of the seed's cost in one resource, and how widths are rounded. */
function withBudget(command: Command): Command {
  return command
    .option('--flops <share>', 'expand to this share of the seed’s FLOPs')
    .option('--params <share>', '… of its weights')
    .option('--activations <share>', '… of its output channels')
    .option('--latency <share>', '… of its latency on the run’s device')
    .option('--memory <share>', '… of the bytes that it moves')
    .option('--multiple-of <count>', 'widths are multiples of this, such as 8');
}
