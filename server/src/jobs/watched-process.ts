// A child process that speaks in lines: what it says, its last errors, and how it ended, told when all of it is read.

import { spawn, type ChildProcessWithoutNullStreams, type SpawnOptionsWithoutStdio } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Lines of its error output that a crash is explained with. */
const lastLines = 12;

export interface WatchedProcess {
  readonly pid: number | undefined;
  /** The last lines of its error output; more may be noted. */
  readonly errors: string[];
  /** Resolves with how it ended, `ended with status 1`, when everything that it said has been heard. */
  readonly ended: Promise<string>;
  /** Says a line to it; one that is gone does not hear it. */
  say(line: string): void;
  /** Lets it see that its parent goes. */
  leave(): void;
  /** Ends it at once; whether there was something to end. */
  kill(): boolean;
}

/** Starts a process and hears it, line by line. One that can't be started has ended with the reason: this never throws. */
export function startWatched(
  executable: string,
  words: readonly string[],
  options: Pick<SpawnOptionsWithoutStdio, 'cwd' | 'env'>,
  hear: (line: string) => void,
): WatchedProcess {
  try {
    const child = spawn(executable, [...words], { ...options, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    return watch(child, hear);
  } catch (error) {
    // What the system refuses before there is a process: too many arguments, no memory, a name that is none.
    const reason = error instanceof Error ? error.message : String(error);
    return {
      pid: undefined,
      errors: [],
      ended: Promise.resolve(`could not be started: ${reason}`),
      say: () => undefined,
      leave: () => undefined,
      kill: () => false,
    };
  }
}

function watch(child: ChildProcessWithoutNullStreams, hear: (line: string) => void): WatchedProcess {
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
  return {
    pid: child.pid,
    errors,
    ended,
    say: (line) => {
      if (child.stdin.writable) child.stdin.write(`${line}\n`);
    },
    leave: () => child.stdin.end(),
    kill: () => child.kill('SIGKILL'),
  };
}
