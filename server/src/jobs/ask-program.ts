// Asks one of our programs something in a process of its own: what it prints is its answer, or why there is none.

import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import type { TrainerProgram } from './trainer-process.ts';
import { startWatched } from './watched-process.ts';

/** Runs the program with these arguments in a folder, and reads what it prints as JSON of this schema. */
export async function askProgram<T>(
  program: TrainerProgram,
  words: readonly string[],
  folder: string,
  schema: v.GenericSchema<unknown, T>,
): Promise<Result<T>> {
  const lines: string[] = [];
  const env = { ...process.env, ...program.environment };
  const child = startWatched(program.executable, [program.script, ...words], { cwd: folder, env }, (line) => {
    lines.push(line);
  });
  child.leave();
  const reason = await child.ended;
  try {
    const answer = v.safeParse(schema, JSON.parse(lines.join('\n')));
    if (answer.success) return { ok: true, value: answer.output };
  } catch {
    // It says why on its error output.
  }
  return { ok: false, error: child.errors.join('\n') || `The process ${reason}` };
}
