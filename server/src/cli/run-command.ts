// `morphnet run`: trains in a run's folder, shows how it goes, and says what was found. A folder as argument goes on with that run.

import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import { formatAmount, formatMilliseconds } from '../common/number-format.ts';
import type { Result } from '../common/problem.ts';
import { readOnlyReason } from '../analysis/read-only-models.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { iterationName } from '../protocol/iteration-file.ts';
import { sweepName } from '../protocol/sweep-file.ts';
import { slurmScript } from '../protocol/torchrun.ts';
import type { RunProposal, RunSnapshot } from '../protocol/run-files.ts';
import { workspaceFor } from '../runs/portable-config.ts';
import { orWorkFailed, workFailed, wrongArguments } from './cli-failure.ts';
import { followTraining } from './follow-training.ts';
import { parseInputArgument, shownPath } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import { URI } from 'vscode-uri';
import { RunProgress } from './run-progress.ts';
import { parseCount, parseRunArgument, resolveRunConfig, type RunOptions } from './run-settings.ts';
import { measuredMachine, type Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';
import { failureOf, lastStep } from '../experiments/run-outcome.ts';
import type { EventListener, RunningTraining, TrainingService } from '../experiments/run-service.ts';

export async function runCommand(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  argument: string,
  options: RunOptions,
): Promise<void> {
  if (options.slurm !== undefined) {
    writeSlurmScript(terminal, argument, options, options.slurm);
    return;
  }
  const progress = new RunProgress(terminal, options.json === true);
  const run = await begin(terminal, openSession, training, argument, options, (event) => progress.show(event));
  if (!run.ok) throw workFailed(run.error);
  const shown = shownPath(run.value.folder, terminal.folder);
  const result = orWorkFailed(await followTraining(terminal, run.value, progress));
  const { status } = result;
  if (status === 'failed')
    throw workFailed(`${failureOf(result)}\nThe run stays in ${shown}; go on with: morphnet run ${shown}`);
  if (status !== 'finished') {
    throw workFailed(
      `Stopped at step ${String(lastStep(result))} of ${String(result.config.steps)}. Go on with: morphnet run ${shown}`,
    );
  }
  if (options.json !== true) terminal.write(`${resultLines(result, shown).join('\n')}\n`);
}

/** A script for a cluster, which runs this very command on its machines. */
function writeSlurmScript(terminal: Terminal, argument: string, options: RunOptions, file: string): void {
  const nodes = options.nnodes === undefined ? 1 : parseCount('--nnodes', options.nnodes, 1);
  const processes = options.nprocPerNode === undefined ? 1 : parseCount('--nproc-per-node', options.nprocPerNode, 1);
  if (options.rdzvEndpoint !== undefined)
    throw wrongArguments('--rdzv-endpoint is found by the script: the first of the machines that SLURM gives.');
  const launched: ReadonlySet<string> = new Set(['slurm', 'nnodes', 'nprocPerNode', 'json', 'engine']);
  const words = Object.entries(options).flatMap(([key, value]: readonly [string, unknown]) => {
    if (launched.has(key) || value === undefined) return [];
    const option = `--${key.replaceAll(/(?=[A-Z])/g, '-').toLowerCase()}`;
    return value === true
      ? [option]
      : [option, ...[value].flat().flatMap((each) => (typeof each === 'string' ? [each] : []))];
  });
  const path = resolve(terminal.folder, file);
  if (existsSync(path)) throw wrongArguments(`There is ${shownPath(path, terminal.folder)} already. Name a new file.`);
  writeFileSync(path, slurmScript(['run', argument, '--engine', 'torch', ...words], nodes, processes));
  terminal.write(
    `${shownPath(path, terminal.folder)} is written. Start it: sbatch ${shownPath(path, terminal.folder)}\n`,
  );
}

async function begin(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  argument: string,
  options: RunOptions,
  listener: EventListener,
): Promise<Result<RunningTraining>> {
  const path = resolve(terminal.folder, argument);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    refuseChanges(options, 'a run');
    const several = severalRuns(path);
    if (several !== undefined)
      throw wrongArguments(`${argument} holds several runs. Go on with it: morphnet ${several} ${argument}`);
    return training.resume(path, listener);
  }
  const { config, network } = await prepareRun(terminal, openSession, argument, options);
  const folder = options.out === undefined ? undefined : resolve(terminal.folder, options.out);
  const workspace = workspaceFor(config, terminal.folder);
  return training.start({ workspace, folder }, config, network, listener);
}

/** The command that takes up a folder with several runs in it. */
function severalRuns(folder: string): 'sweep' | 'iterate' | undefined {
  if (existsSync(join(folder, sweepName))) return 'sweep';
  return existsSync(join(folder, iterationName)) ? 'iterate' : undefined;
}

export interface PreparedRun {
  readonly config: RunConfig;
  readonly network: NetworkGraph;
  readonly session: AnalysisSession;
  readonly model: AnalyzedModel;
}

/** What a run of this file would train, with which settings. */
export async function prepareRun(
  terminal: Terminal,
  openSession: OpenSession,
  argument: string,
  options: RunOptions,
): Promise<PreparedRun> {
  const reading = await openSession([URI.file(terminal.folder).toString()]);
  const run = parseRunArgument(argument, terminal.folder, (document) => reading.accepts(document));
  const said = run.kind === 'config' ? run.config.model.input : undefined;
  const input = options.input === undefined ? said : parseInputArgument(options.input);
  const { session, model } = await openModel(terminal, openSession, run.file, input);
  const readOnly = readOnlyReason(model.graph);
  if (readOnly !== undefined) throw workFailed(readOnly);
  const config = resolveRunConfig(run, model, options, terminal.folder, measuredMachine(terminal).thisMachine);
  return { config, network: model.graph, session, model };
}

/** What was started with other options goes on with those; `what` is a run, a sweep or an iteration. */
export function refuseChanges(options: object, what: string): void {
  const given = Object.entries(options).find(([key, value]) => key !== 'json' && value !== undefined)?.[0];
  // `l1Fraction` as it is typed.
  const name = given?.replaceAll(/(?=[A-Z])/g, '-').toLowerCase();
  if (name !== undefined)
    throw wrongArguments(`--${name} cannot be changed while ${what} goes on; start a new one from the model’s file.`);
}

/** What a finished run found: every layer whose width changes, and the totals. */
function resultLines(run: RunSnapshot, folder: string): readonly string[] {
  const finished = run.events.findLast((event) => event.kind === 'finished');
  const lines = finished === undefined ? [] : [finished.summary];
  const { proposal } = run;
  if (proposal === undefined) return [...lines, 'No widths are proposed.'];
  return [
    ...lines,
    '',
    ...proposalTable(proposal),
    '',
    `Show the edit: morphnet apply ${folder}`,
    `Write it:      morphnet apply ${folder} --write`,
  ];
}

/** A layer a line with what changes, and the totals. */
export function proposalTable(proposal: RunProposal): readonly string[] {
  const change = (
    { before, after }: { readonly before: number; readonly after: number },
    format: (value: number) => string,
  ): string => (before === after ? format(before) : `${format(before)} → ${format(after)}`);
  const columns = [
    { title: 'layer', align: 'left' },
    { title: 'channels', align: 'right' },
    { title: 'MACs', align: 'right' },
    { title: 'params', align: 'right' },
    { title: `on ${proposal.device}`, align: 'right' },
  ] as const;
  const row = (name: string, width: string, costs: RunProposal['totals']): readonly string[] => [
    name,
    width,
    change(costs.macs, formatAmount),
    change(costs.params, formatAmount),
    change(costs.latencyMs, formatMilliseconds),
  ];
  return textTable(columns, [
    ...proposal.layers.map((layer) => row(layer.name, change(layer.width, String), layer)),
    row('total', '', proposal.totals),
  ]);
}
