// The command line: which commands there are, what they are called with, and how they end.

import { Command, CommanderError } from 'commander';
import { applyCommand, type ApplyOptions } from './apply-command.ts';
import { calibrateCommand, type CalibrateOptions } from './calibrate-command.ts';
import { attachCommand, type AttachOptions } from './attach-command.ts';
import type { OpenRevision } from './compare-costs.ts';
import { CliFailure, type ExitStatus } from './cli-failure.ts';
import { costCommand, type CostOptions } from './cost-command.ts';
import { enginesCommand, type EnginesOptions } from './engines-command.ts';
import { entriesCommand, type EntriesOptions } from './entries-command.ts';
import { graphCommand, type GraphOptions } from './graph-command.ts';
import { addExperimentCommands } from './experiment-commands.ts';
import { modelArgument, withRunOptions } from './run-options.ts';
import type { OpenSession } from './open-model.ts';
import { runCommand } from './run-command.ts';
import type { RunOptions } from './run-settings.ts';
import { setCommand, type SetOptions } from './set-command.ts';
import { measureCommand, type MeasureOptions } from './measure-command.ts';
import { joinCommand, type JoinOptions, type JoinTraining } from './join-command.ts';
import { commandExamples } from './examples.ts';
import { examplesText, helpFormat } from './help-format.ts';
import { refuseTogether } from './contradictions.ts';
import type { MeasuringService } from '../experiments/measuring-service.ts';
import type { Terminal } from './terminal.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';

/** What commands are given by main/. */
export interface CliServices {
  readonly terminal: Terminal;
  /** Reads installed packages from the folder that is named, or from where it finds them. */
  readonly openSession: (folders: readonly string[], sitePackages: string | undefined) => ReturnType<OpenSession>;
  /** Without it there are no commands that need runs. */
  readonly training?: TrainingService;
  /** Comes with `training`. */
  readonly networks?: RunNetworkService;
  /** Measures this machine, and models on it; absent where nothing can. */
  readonly measuring?: MeasuringService;
  /** Further machines of a run. */
  readonly joinTraining?: JoinTraining;
  /** morphnet-torch as one file. */
  readonly torchModule?: () => string;
  /** Absent where there is no git to ask. */
  readonly openRevision?: OpenRevision;
  /** The version that `--version` prints. */
  readonly version: string;
}

/** Runs one command; `words` are the arguments after the program's name. Never throws. */
export async function runCommandLine(services: CliServices, words: readonly string[]): Promise<ExitStatus> {
  const { terminal } = services;
  try {
    await commands(services).parseAsync([...words], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CliFailure) {
      terminal.note(`${error.message}\n`);
      return error.exitStatus;
    }
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.note(`morphnet failed, which is a bug of its own. Please report this with the command:\n${reason}\n`);
    return 1;
  }
}

function commands(services: CliServices): Command {
  const {
    terminal,
    openSession: openWith,
    training,
    networks,
    torchModule,
    joinTraining,
    measuring,
    openRevision,
    version,
  } = services;
  const program = new Command('morphnet')
    .description('What the layers of a convolutional network cost, and which widths MorphNet would give them.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.note })
    .option(
      '--site-packages <folder>',
      'where installed packages are read from: a virtual environment, or its site-packages; by default the one that is active, or .venv',
    )
    .configureHelp(helpFormat)
    .addHelpText('after', '\nExit status: 0 done, 1 the work failed, 2 the arguments are wrong.');

  const openSession: OpenSession = (folders) =>
    openWith(folders, program.opts<{ readonly sitePackages?: string }>().sitePackages);

  program
    .command('cost')
    .description('print the cost of every layer')
    .argument('<file[::entry]>', modelArgument)
    .option('--input <shape>', 'the input’s shape without the batch: 3x32x32')
    .option('--device <name>', 'the device of latencies: RTX 4090, V100, or one’s own as laptop=500,40 (GFLOP/s, GB/s)')
    .option(
      '--batch <count>',
      'images in the step that latencies and memory are of; by default as the device was measured, and one',
    )
    .option('--precision <name>', 'the number format of latencies and memory: fp32, fp16, bf16, amp, amp_bf16 or int8')
    .option(
      '--convention <name>',
      'how operations are counted: macs, flops (= 2 × MACs), or as a counter does: morphnet, fvcore, torch, torchvision, thop, ultralytics, torchinfo, ptflops, darknet',
    )
    .option('--format <name>', 'text, markdown, csv or json')
    .option('--json', 'the same as --format json')
    .option('--memory', 'bytes in place of operations: weights, activations at inference, and what training keeps')
    .option('--check', 'fail where a budget of morphnet.json is broken')
    .option('--compare <revision>', 'print the change of every model of the file against a git revision, as Markdown')
    .action((file: string, options: CostOptions) =>
      costCommand(terminal, openSession, file, options, { openRevision }),
    );

  if (measuring !== undefined) {
    program
      .command('calibrate')
      .description('measure this machine, so that latencies are of it; half a minute')
      .option('--threads <count>', 'threads to measure with; 0 leaves one core to others')
      .option('--batch <count>', 'images in a step; 1 unless given')
      .option(
        '--engine <name>',
        'onnx, or torch: the PyTorch of MORPHNET_PYTHON, else of python3, on its GPU if it has one',
      )
      .option('--precision <name>', 'the number format in PyTorch: fp32, fp16, bf16, amp or amp_bf16')
      .option('--json', 'print the profile as JSON')
      .action((options: CalibrateOptions) => calibrateCommand(terminal, measuring, options));
    program
      .command('measure')
      .description('time a model on this machine, layer by layer and as a whole, beside what is predicted')
      .argument('<file[::entry]>', modelArgument)
      .option('--input <shape>', 'the input’s shape without the batch: 3x32x32')
      .option('--threads <count>', 'threads to measure with; 0 leaves one core to others')
      .option('--batch <count>', 'images in a step; 1 unless given')
      .option('--json', 'print the times as JSON')
      .action((file: string, options: MeasureOptions) =>
        measureCommand(terminal, openSession, measuring, file, options),
      );
  }

  if (training !== undefined) addRunCommands(program, terminal, openSession, training);
  if (training !== undefined && networks !== undefined)
    addExperimentCommands(program, { terminal, openSession, training, networks });

  if (networks !== undefined && torchModule !== undefined) {
    withRunOptions(
      program
        .command('attach')
        .description('write what a PyTorch training loop of your own needs to learn the widths of its model')
        .argument('<file[::entry]>', modelArgument),
      'own',
    )
      .option('--out <file>', 'where the structure goes; by default structure.json beside the script')
      .option('--write [script]', 'write the lines into this training script; without a name into the model’s file')
      .option('--no-package', 'leave morphnet_torch.py out: the package is installed')
      .action((file: string, options: AttachOptions) =>
        attachCommand(terminal, openSession, networks, torchModule, file, options),
      );
  }

  if (joinTraining !== undefined) {
    program
      .command('join')
      .description('compute on this machine for a run that another one trains with the engine torch and --nnodes')
      .requiredOption('--nnodes <count>', 'machines in all')
      .requiredOption('--node-rank <number>', 'which of them this is, from 1; the run’s own is 0')
      .requiredOption('--rdzv-endpoint <host:port>', 'the address that the run was given')
      .option('--nproc-per-node <count>', 'processes here; as many as there')
      .action((options: JoinOptions) => joinCommand(terminal, joinTraining, options));
  }

  program
    .command('entries')
    .description('print the models that a file holds')
    .argument('<file>', 'the file')
    .option('--json', 'print JSON instead of a table')
    .action((file: string, options: EntriesOptions) => entriesCommand(terminal, openSession, file, options));

  program
    .command('graph')
    .description('print the network as it was read')
    .argument('<file[::entry]>', modelArgument)
    .option('--input <shape>', 'the input’s shape without the batch: 3x32x32')
    .option('--json', 'print the whole graph as JSON')
    .action((file: string, options: GraphOptions) => graphCommand(terminal, openSession, file, options));

  program
    .command('set')
    .description('set widths of layers in the source, proven, with everything that must change along; prints a diff')
    .argument('<file[::entry]>', modelArgument)
    .argument('[layer=width...]', 'layers by name: layer1.0.conv1=41, or =0.5x for half of what it has')
    .option('--scale <factor>', 'a factor for all other layers that may change: 0.75')
    .option('--input <shape>', 'the input’s shape without the batch: 3x32x32')
    .option('--no-refactor', 'change numbers only; do not rewrite code so that layers can differ')
    .option(
      '--own-widths',
      'set no width: only rewrite code so that every layer can have its own, which changes no model',
    )
    .option('--write', 'make the edit')
    .option('--slim-file <file>', 'write the network to this new file instead, as a model of its own')
    .option(
      '--weights <file>',
      'trained weights of the model (.safetensors, .pth, .npz): what is left of them goes beside the slim file',
    )
    .option('--json', 'print what was planned as JSON')
    .action((file: string, layers: string[], options: SetOptions) =>
      setCommand(terminal, openSession, file, layers, options),
    );

  for (const command of program.commands) {
    command.configureHelp(helpFormat).addHelpText('after', examplesText(commandExamples[command.name()] ?? []));
    refuseTogether(command);
  }
  return program;
}

function addRunCommands(
  program: Command,
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
): void {
  withRunOptions(
    program
      .command('run')
      .description('train, and propose widths; Ctrl-C stops at a checkpoint')
      .argument('<file[::entry] | config.json | run folder>', `${modelArgument}; or settings; or a run to go on with`),
  )
    .option('--out <folder>', 'the run’s folder; by default a new one below .morphnet/runs')
    .option('--slurm <file>', 'train nothing here: write a script for sbatch that trains on --nnodes machines')
    .option('--json', 'print one JSON event a line')
    .action((file: string, options: RunOptions) => runCommand(terminal, openSession, training, file, options));

  program
    .command('apply')
    .description('print the widths that a run proposes as an edit of the source')
    .argument('<run folder | alive counts>', 'the run, as run printed it; or a file of alive counts, with --model')
    .option('--model <file[::entry]>', 'the model that a file of alive counts is about')
    .option('--input <shape>', 'that model’s input without the batch: 3x32x32')
    .option('--fallback <name>', 'layers that the file does not name: pass-through (as they are), zero or strict')
    .option('--keep-first', 'a layer at 0 keeps a channel')
    .option('--remove-common-prefix', 'leave out what all names of the file begin with')
    .option('--expanded', 'the widths that expand made of the proposal')
    .option('--no-refactor', 'change numbers only; do not rewrite code so that layers can differ')
    .option('--write', 'make the edit')
    .option('--slim-file <file>', 'write the slim model to this new file instead, as a model of its own')
    .option(
      '--weights <file>',
      'trained weights of the model (.safetensors, .pth, .npz): what is left of them goes beside the slim file',
    )
    .action((folder: string, options: ApplyOptions) => applyCommand(terminal, openSession, training, folder, options));

  program
    .command('engines')
    .description(
      'print the training engines of this machine, what they do a second, and how to get those that are missing',
    )
    .option('--threads <count>', 'threads to measure with; 0 leaves one core to others')
    .option('--json', 'print JSON instead of a table')
    .action((options: EnginesOptions) => enginesCommand(terminal, training, options));
}
