// Has the trainer's program measure this machine: native code stays out of this process.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import { measureLineSchema, measureWord, type MachineProfile, type MeasureLine } from '../protocol/machine-profile.ts';
import type { TrainerProgram } from './trainer-process.ts';

export interface Measuring {
  readonly ended: Promise<Result<MachineProfile>>;
  /** Ends the process; nothing is kept. */
  readonly cancel: () => void;
}

/** Starts to measure; `onProgress` hears the share that is done. */
export function startMeasuring(
  program: TrainerProgram,
  { threads, batch }: { readonly threads: number; readonly batch: number },
  onProgress: (share: number) => void,
): Measuring {
  const child = spawn(program.executable, [program.script, measureWord, String(threads), String(batch)], {
    env: { ...process.env, ...program.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let errors = '';
  let last: MeasureLine | undefined;
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(text);
    if (line?.kind === 'progress') onProgress(line.share);
    else last = line ?? last;
  });
  const ended = new Promise<Result<MachineProfile>>((resolve) => {
    child.once('error', (error) => resolve({ ok: false, error: `This machine can’t be measured: ${error.message}.` }));
    child.once('close', (code, signal) => {
      if (last?.kind === 'profile') resolve({ ok: true, value: last.profile });
      else if (last?.kind === 'failed') resolve({ ok: false, error: last.reason });
      else if (signal === 'SIGTERM') resolve({ ok: false, error: 'Measuring was cancelled; nothing was stored.' });
      else
        resolve({
          ok: false,
          error: `Measuring ended with ${signal ?? `status ${String(code)}`}. ${errors.trim()}`.trim(),
        });
    });
  });
  return { ended, cancel: () => child.kill('SIGTERM') };
}

function parseLine(text: string): MeasureLine | undefined {
  try {
    const line = v.safeParse(measureLineSchema, JSON.parse(text));
    return line.success ? line.output : undefined;
  } catch {
    return undefined;
  }
}
