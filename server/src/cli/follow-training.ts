// A training from the terminal's side: shown as it goes, stopped by Ctrl-C at a checkpoint, and what it came to.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { innerFolder } from '../runs/inner-folder.ts';
import { workFailed } from './cli-failure.ts';
import { RunProgress } from './run-progress.ts';
import type { Terminal } from './terminal.ts';
import type { RunningTraining, TrainingService } from '../experiments/run-service.ts';

/** Waits for a training to end; Ctrl-C meanwhile asks it to stop at a checkpoint. */
export async function followTraining(
  terminal: Terminal,
  { stop, ended }: RunningTraining,
  progress: RunProgress,
): Promise<RunSnapshot> {
  const release = terminal.onInterrupt(() => {
    terminal.note('\nStopping at a checkpoint. Ctrl-C again ends at once.\n');
    stop();
  });
  const result = await ended.finally(() => {
    release();
    progress.end();
  });
  if (!result.ok) throw workFailed(result.error);
  return result.value;
}

/** The step that a run came to. */
export function lastStep(run: RunSnapshot): number {
  return run.events.reduce((step, event) => ('step' in event ? event.step : step), 0);
}

/** Why a run failed, with its code. */
export function failureOf(run: RunSnapshot): string {
  const failed = lastFailure(run);
  return failed === undefined ? 'The training ended without saying why.' : `${failed.message} [${failed.code}]`;
}

export function lastFailure(run: RunSnapshot): Extract<RunEvent, { readonly kind: 'failed' }> | undefined {
  return run.events.findLast((event) => event.kind === 'failed');
}

/** One of several trainings that a command is made of. */
export interface Stage {
  /** The folder that holds all of them, absolute. */
  readonly within: string;
  /** Its run there, with slashes; made where it is not there. */
  readonly run: string;
  readonly config: RunConfig;
  readonly network: NetworkGraph;
}

/**
 * Trains a stage to its end and gives the run: at once where it is finished already, from its last checkpoint where it was
 * stopped. `resume` is the command that takes the whole up again; `mayFail` lets the caller look at failures that would only
 * repeat themselves.
 */
export async function trainStage(
  terminal: Terminal,
  training: TrainingService,
  stage: Stage,
  resume: string,
  mayFail: 'ends' | 'gives-run' = 'ends',
): Promise<RunSnapshot> {
  const { config, network } = stage;
  const folder = stageFolder(stage);
  const isThere = existsSync(join(folder, 'config.json'));
  const known = isThere ? await training.read(folder) : undefined;
  if (known !== undefined) {
    if (!known.ok) throw workFailed(known.error);
    if (known.value.status === 'finished') return known.value;
    if (mayFail === 'gives-run' && wouldFailAgain(known.value)) return known.value;
  }
  const progress = new RunProgress(terminal, false);
  const listener = (event: RunEvent): void => {
    progress.show(event);
    terminal.follow?.({ kind: 'event', event });
  };
  const started = isThere
    ? await training.resume(folder, listener)
    : await training.start({ workspace: terminal.folder, folder }, config, network, listener);
  if (!started.ok) throw workFailed(started.error);
  const run = await followTraining(terminal, started.value, progress);
  if (run.status === 'finished' || (mayFail === 'gives-run' && wouldFailAgain(run))) return run;
  const reason =
    run.status === 'failed'
      ? failureOf(run)
      : `Stopped at step ${String(lastStep(run))} of ${String(run.config.steps)}.`;
  // An editor has a button for it.
  const hint = terminal.follow === undefined ? `\nWhat is done stays done; go on with: ${resume}` : '';
  throw workFailed(`${reason}${hint}`);
}

/** Made step by step, so that no link that came with the folder leads elsewhere. */
function stageFolder({ within, run }: Stage): string {
  try {
    return innerFolder(within, ...run.split('/'));
  } catch (error) {
    throw workFailed(error instanceof Error ? error.message : String(error));
  }
}

/** Failures that lie in the strength and not in the machine: training again would end the same way. */
const lasting: ReadonlySet<string> = new Set(['network-cut', 'diverged']);

function wouldFailAgain(run: RunSnapshot): boolean {
  return run.status === 'failed' && lasting.has(lastFailure(run)?.code ?? '');
}

/** Accuracy and loss on the test images, from a finished run's log. */
export function testResultOf(run: RunSnapshot): Extract<RunEvent, { readonly kind: 'evaluated' }> | undefined {
  return run.events.findLast((event) => event.kind === 'evaluated');
}
