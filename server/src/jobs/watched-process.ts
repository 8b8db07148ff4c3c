// A child process that speaks in lines: what it says, its last errors, and how it ended, told when all of it is read.

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Lines of its error output that a crash is explained with. */
const lastLines = 12;

export interface WatchedProcess {
  /** The last lines of its error output; more may be noted. */
  readonly errors: string[];
  /** Resolves with how it ended, `ended with status 1`, when everything that it said has been heard. */
  readonly ended: Promise<string>;
}

/** Hears a process that was just started, line by line. */
export function watchProcess(child: ChildProcessWithoutNullStreams, hear: (line: string) => void): WatchedProcess {
  const errors: string[] = [];
  const errorLines = createInterface({ input: child.stderr });
  errorLines.on('line', (line) => {
    errors.push(line);
    if (errors.length > lastLines) errors.shift();
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', hear);
  // A child that is gone closes the pipe; what it could no longer hear does not matter.
  child.stdin.on('error', () => undefined);
  // A process may have ended before all that it said is read: its events on the one, the reason of a crash on the other.
  const outputRead = Promise.all(
    [lines, errorLines].map((reader) => new Promise<void>((resolve) => reader.once('close', resolve))),
  );
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      void outputRead.then(() =>
        resolve(signal === null ? `ended with status ${String(code)}` : `was ended by ${signal}`),
      );
    });
  });
  return { errors, ended };
}
