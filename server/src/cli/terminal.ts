// Where a command writes, and what it is told about that place. Commands never touch `process` themselves.

import type { ExperimentMessage, ExperimentStage } from '../protocol/experiment-messages.ts';

export interface Terminal {
  /** Results, to standard output. */
  readonly write: (text: string) => void;
  /** Messages about the work, to standard error. */
  readonly note: (text: string) => void;
  /** Whether standard error is watched by a person. */
  readonly isInteractive: boolean;
  /** Absolute path of the folder that relative paths start from. */
  readonly folder: string;
  /** Calls back at every Ctrl-C in place of ending the program, until released. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Hears how a command of several trainings goes on, where a program follows it. */
  readonly follow?: (message: Exclude<ExperimentMessage, { readonly kind: 'ended' }>) => void;
}

/** Says which of a command's trainings begins. */
export function announceStage(terminal: Terminal, stage: ExperimentStage): void {
  terminal.note(`${stage.title} (${String(stage.number)} of ${String(stage.of)}):\n`);
  terminal.follow?.({ kind: 'stage', ...stage });
}
