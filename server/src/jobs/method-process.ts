// One process of several trainings: the command line's program, watched line by line, stopped by a word. It starts trainers of
// its own; what they compute is not known here.

import { spawn } from 'node:child_process';
import * as v from 'valibot';
import { editorWord, methodMessageSchema, stopWord, type MethodMessage } from '../protocol/method-messages.ts';
import type { TrainerProcess, TrainerProgram } from './trainer-process.ts';
import { watchProcess } from './watched-process.ts';

/** So long it may take to end at once, in milliseconds. */
const patience = 1000;

/** Starts it with these arguments; `listener` hears all it says, and an end in its place where it ends without a word. */
export function startMethod(
  program: TrainerProgram,
  words: readonly string[],
  folder: string,
  listener: (message: MethodMessage) => void,
): TrainerProcess {
  const child = spawn(program.executable, [program.script, editorWord, ...words], {
    cwd: folder,
    env: { ...process.env, ...program.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let hasEnded = false;
  let asked = false;
  let atOnce: NodeJS.Timeout | undefined;
  const { errors, ended } = watchProcess(child, (line) => {
    const message = parseMessage(line);
    if (message === undefined) return;
    if (message.kind === 'ended') hasEnded = true;
    listener(message);
  });
  const stop = (): void => {
    // The second time it ends its trainer at once; ended itself it would leave that to finish its step.
    if (asked) atOnce ??= setTimeout(() => child.kill('SIGKILL'), patience);
    asked = true;
    if (child.stdin.writable) child.stdin.write(`${stopWord}\n`);
  };
  return {
    ended: ended.then((reason) => {
      clearTimeout(atOnce);
      const message = asked ? 'It was ended at once.' : `The process ${reason}. ${errors.join('\n')}`.trim();
      if (!hasEnded) listener({ kind: 'ended', ok: false, message });
    }),
    stop,
    pause: stop,
    leave: () => child.stdin.end(),
  };
}

function parseMessage(line: string): MethodMessage | undefined {
  try {
    const read = v.safeParse(methodMessageSchema, JSON.parse(line));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}
