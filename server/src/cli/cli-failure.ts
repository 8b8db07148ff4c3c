// How a command ends early: with a sentence for the user and an exit status. Caught once, in command-line.ts.

import type { Result } from '../common/problem.ts';

/** 0: done. 1: the work failed; the message says what to mend. 2: the arguments are wrong. */
export type ExitStatus = 0 | 1 | 2;

export class CliFailure extends Error {
  readonly exitStatus: Exclude<ExitStatus, 0>;

  constructor(exitStatus: Exclude<ExitStatus, 0>, message: string) {
    super(message);
    this.exitStatus = exitStatus;
  }
}

/** The arguments are wrong. */
export function wrongArguments(message: string): CliFailure {
  return new CliFailure(2, message);
}

/** The work failed, for a reason that the user can mend. */
export function workFailed(message: string): CliFailure {
  return new CliFailure(1, message);
}

/** The value; a failure ends the command. */
export function orWorkFailed<T>(result: Result<T>): T {
  if (!result.ok) throw workFailed(result.error);
  return result.value;
}
