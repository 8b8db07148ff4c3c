// A training from the terminal's side: shown as it goes, and stopped by Ctrl-C at a checkpoint.

import type { RunSnapshot } from '../protocol/run-files.ts';
import { workFailed, type CliFailure } from './cli-failure.ts';
import { RunProgress } from './run-progress.ts';
import type { Terminal } from './terminal.ts';
import type { RunningTraining } from '../experiments/run-service.ts';
import type { ExperimentFailure, TrainingFollower } from '../experiments/train-stage.ts';
import type { Result } from '../common/problem.ts';

/** Waits for a training to end; Ctrl-C meanwhile asks it to stop at a checkpoint. */
export async function followTraining(
  terminal: Terminal,
  { stop, ended }: RunningTraining,
  progress: RunProgress,
): Promise<Result<RunSnapshot>> {
  const release = terminal.onInterrupt(() => {
    terminal.note('\nStopping at a checkpoint. Ctrl-C again ends at once.\n');
    stop();
  });
  return ended.finally(() => {
    release();
    progress.end();
  });
}

/** Shows an experiment's trainings one after another, and tells of them where a program follows the command. */
export function followInTerminal(terminal: Terminal): TrainingFollower {
  return {
    announce(stage) {
      terminal.note(`${stage.title} (${String(stage.number)} of ${String(stage.of)}):\n`);
      terminal.follow?.({ kind: 'stage', ...stage });
    },
    async follow(begin) {
      const progress = new RunProgress(terminal, false);
      const begun = await begin((event) => {
        progress.show(event);
        terminal.follow?.({ kind: 'event', event });
      });
      return begun.ok ? followTraining(terminal, begun.value, progress) : begun;
    },
  };
}

/** Why an experiment has not come to its end; `resume` is the command that goes on with it. */
export function experimentEnded(
  terminal: Terminal,
  { message, canGoOn }: ExperimentFailure,
  resume: string,
): CliFailure {
  // An editor has a button for it.
  const isTold = canGoOn && terminal.follow === undefined;
  return workFailed(isTold ? `${message}\nWhat is done stays done; go on with: ${resume}` : message);
}
