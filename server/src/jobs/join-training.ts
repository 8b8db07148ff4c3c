// The processes of a run on a further machine: PyTorch's launcher with the program that the first machine's trainer talks to.

import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { torchrunWords, type Machines } from '../protocol/torchrun.ts';

/** What a process says once it was told that the training has ended; see torch_engine.py. */
const closed = 'morphnet-closed';

/**
 * Computes until the run ends there; gives the exit status, which is 0 once all processes here were told of the end: the
 * launcher fails where the first machine has left before it, and that is no failure of the run. `say` hears what PyTorch writes.
 */
export function joinTraining(
  { python, script }: { readonly python: string; readonly script: string },
  processes: number,
  machines: Machines,
  say: (text: string) => void,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(python, [...torchrunWords(processes, machines), script], {
      cwd: dirname(script),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.on('data', (text: Buffer) => say(text.toString()));
    child.once('error', (error) => {
      say(`${python}: ${error.message}\n`);
      resolve(1);
    });
    // Once all that was said has come.
    child.once('close', (code) => resolve(said.split(closed).length > processes ? 0 : (code ?? 1)));
  });
}
