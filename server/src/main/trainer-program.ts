// Which program trains: the trainer's bundle beside this one, under the Node that runs this.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TrainerProgram } from '../jobs/trainer-process.ts';

/** The trainer as installed; undefined when the bundle is missing. */
export function findTrainer(): TrainerProgram | undefined {
  return findProgram('trainer.cjs');
}

/** The command line's program likewise. */
export function findCommandLine(): TrainerProgram | undefined {
  return findProgram('cli.cjs');
}

function findProgram(bundle: string): TrainerProgram | undefined {
  const script = fileURLToPath(new URL(`./${bundle}`, import.meta.url));
  if (!existsSync(script)) return undefined;
  // Inside the editor the executable is the editor's own, which this variable tells to be Node.
  const environment: Record<string, string> = 'electron' in process.versions ? { ELECTRON_RUN_AS_NODE: '1' } : {};
  return { executable: process.execPath, script, environment };
}
