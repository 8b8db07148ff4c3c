// `morphnet run`: trains in a run's folder, shows how it goes, and says what was found. A folder as argument goes on with that run.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatAmount, formatMilliseconds } from '../common/number-format.ts';
import type { Result } from '../common/problem.ts';
import type { RunProposal, RunSnapshot } from '../protocol/run-files.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { parseInputArgument, shownPath } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import { RunProgress } from './run-progress.ts';
import { parseRunArgument, resolveRunConfig, type RunOptions } from './run-settings.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';
import type { EventListener, RunningTraining, TrainingService } from './training-service.ts';

export async function runCommand(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  argument: string,
  options: RunOptions,
): Promise<void> {
  const progress = new RunProgress(terminal, options.json === true);
  const run = await begin(terminal, openSession, training, argument, options, (event) => progress.show(event));
  if (!run.ok) throw workFailed(run.error);
  const { folder, stop, ended } = run.value;
  const shown = shownPath(folder, terminal.folder);
  const release = terminal.onInterrupt(() => {
    terminal.note('\nStopping at a checkpoint. Ctrl-C again ends at once.\n');
    stop();
  });
  const result = await ended.finally(() => {
    release();
    progress.end();
  });
  if (!result.ok) throw workFailed(result.error);
  const { status } = result.value;
  if (status === 'failed')
    throw workFailed(`${failureOf(result.value)}\nThe run stays in ${shown}; go on with: morphnet run ${shown}`);
  if (status !== 'finished') {
    throw workFailed(
      `Stopped at step ${String(lastStep(result.value))} of ${String(result.value.config.steps)}. Go on with: morphnet run ${shown}`,
    );
  }
  if (options.json !== true) terminal.write(`${resultLines(result.value, shown).join('\n')}\n`);
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
    const given = (['data', 'target', 'steps', 'seed', 'engine', 'input', 'out'] as const).find(
      (key) => options[key] !== undefined,
    );
    if (given !== undefined)
      throw wrongArguments(`--${given} cannot be changed while a run goes on; start a new run from the model’s file.`);
    return training.resume(path, listener);
  }
  const run = parseRunArgument(argument, terminal.folder);
  const said = run.kind === 'config' ? run.config.model.input : undefined;
  const input = options.input === undefined ? said : parseInputArgument(options.input);
  const { model } = await openModel(terminal, openSession, run.file, input);
  const config = resolveRunConfig(run, model, options, terminal.folder);
  const folder = options.out === undefined ? undefined : resolve(terminal.folder, options.out);
  return training.start({ workingFolder: terminal.folder, folder }, config, model.graph, listener);
}

function lastStep(run: RunSnapshot): number {
  return run.events.reduce((step, event) => ('step' in event ? event.step : step), 0);
}

function failureOf(run: RunSnapshot): string {
  const failed = run.events.findLast((event) => event.kind === 'failed');
  return failed === undefined ? 'The training ended without saying why.' : `${failed.message} [${failed.code}]`;
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

function proposalTable(proposal: RunProposal): readonly string[] {
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
