// Where a command writes, and what it is told about that place. Commands never touch `process` themselves.

import type { Result } from '../common/problem.ts';
import type { MachineProfile } from '../protocol/machine-profile.ts';
import type { ExperimentMessage } from '../protocol/experiment-messages.ts';

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
  /** What was measured of the machine that the command runs on, if it was. */
  readonly thisMachine?: () => Result<MachineProfile | undefined>;
  /** Hears how a command of several trainings goes on, where a program follows it. */
  readonly follow?: (message: Exclude<ExperimentMessage, { readonly kind: 'ended' }>) => void;
}

/** The machine's profile as settings take it; one that can't be used is said. */
export function measuredMachine(terminal: Terminal): { readonly thisMachine?: MachineProfile } {
  const found = terminal.thisMachine?.();
  if (found?.ok === false) terminal.note(`${found.error}\n`);
  return found?.ok === true && found.value !== undefined ? { thisMachine: found.value } : {};
}
