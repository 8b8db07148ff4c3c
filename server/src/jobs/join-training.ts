// The processes of a run on a further machine: PyTorch's launcher with the program that the first machine's trainer talks to.

import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { torchrunWords, type Machines } from '../protocol/torchrun.ts';

/** Computes until the run ends there; gives the exit status. `say` hears what PyTorch writes. */
export function joinTraining(
  { python, script }: { readonly python: string; readonly script: string },
  processes: number,
  machines: Machines,
  say: (text: string) => void,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(python, [...torchrunWords(processes, machines), script], {
      cwd: dirname(script),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    child.stderr.on('data', (text: Buffer) => say(text.toString()));
    child.once('error', (error) => {
      say(`${python}: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
