// `learned_structure/`: what was learned up to some steps of a run. A run counts thousands of times; what stays is spread over
// it evenly, and the latest.

import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import { innerFolder } from './inner-folder.ts';

export const learnedStructureFolder = 'learned_structure';

/** Steps that stay beside the latest, at most. */
const mostSteps = 32;

/**
 * Whether what was learned at `step` stays once the run has come to `latest`, with a count every `every` steps: the latest, and
 * those at equal distances that double as the run grows. It depends on nothing else, so that a run that was interrupted keeps
 * the same steps as one that was not.
 */
export function staysLearned(step: number, latest: number, every: number): boolean {
  let distance = every;
  while (latest / distance > mostSteps) distance *= 2;
  return step >= latest || step % distance === 0;
}

/** Writes the files of a step, which are named `…_<step>` with or without an ending, and drops those that need not stay. */
export function writeLearnedStructure(
  run: string,
  { step, every }: { readonly step: number; readonly every: number },
  files: readonly { readonly name: string; readonly text: string }[],
): void {
  const folder = innerFolder(run, learnedStructureFolder);
  // Whole or absent, but not flushed: after a power cut the run counts again from its checkpoint.
  for (const { name, text } of files) writeFileAtomically(join(folder, basename(name)), text, 'unflushed');
  for (const name of readdirSync(folder)) {
    const learned = /_(\d+)(?:\.json)?$/.exec(name)?.[1];
    if (learned !== undefined && !staysLearned(Number(learned), step, every))
      rmSync(join(folder, name), { force: true });
  }
}
