// One process of several trainings: the command line's program, watched line by line, stopped by a word. It starts trainers of
// its own; what they compute is not known here.

import * as v from 'valibot';
import {
  editorWord,
  experimentMessageSchema,
  stopWord,
  type ExperimentMessage,
} from '../protocol/experiment-messages.ts';
import type { TrainerProcess, TrainerProgram } from './trainer-process.ts';
import { startWatched } from './watched-process.ts';

/** So long it may take to end at once, in milliseconds. */
const patience = 1000;

/** Starts it with these arguments; `listener` hears all it says, and an end in its place where it ends without a word. */
export function startExperiment(
  program: TrainerProgram,
  words: readonly string[],
  folder: string,
  listener: (message: ExperimentMessage) => void,
): TrainerProcess {
  let hasEnded = false;
  let asked = false;
  let atOnce: NodeJS.Timeout | undefined;
  const options = { cwd: folder, env: { ...process.env, ...program.environment } };
  const child = startWatched(program.executable, [program.script, editorWord, ...words], options, (line) => {
    const message = parseMessage(line);
    if (message === undefined) return;
    if (message.kind === 'ended') hasEnded = true;
    listener(message);
  });
  const stop = (): void => {
    // The second time it ends its trainer at once; ended itself it would leave that to finish its step.
    if (asked) atOnce ??= setTimeout(() => child.kill(), patience);
    asked = true;
    child.say(stopWord);
  };
  return {
    ended: child.ended.then((reason) => {
      clearTimeout(atOnce);
      const message = asked ? 'It was ended at once.' : `The process ${reason}. ${child.errors.join('\n')}`.trim();
      if (!hasEnded) listener({ kind: 'ended', ok: false, message });
    }),
    stop,
    pause: stop,
    leave: () => child.leave(),
  };
}

function parseMessage(line: string): ExperimentMessage | undefined {
  try {
    const read = v.safeParse(experimentMessageSchema, JSON.parse(line));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}
