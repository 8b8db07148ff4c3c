// Asks the trainer's program which engines it has here. Engines are loaded in a process of their own: native code stays out of this one.

import { spawn } from 'node:child_process';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import { type EngineReport, engineReportSchema, enginesWord } from '../protocol/engine-report.ts';
import type { TrainerProgram } from './trainer-process.ts';

export function askEngines(program: TrainerProgram, threads: number): Promise<Result<EngineReport>> {
  const child = spawn(program.executable, [program.script, enginesWord, String(threads)], {
    env: { ...process.env, ...program.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve) => {
    const fail = (reason: string): void =>
      resolve({ ok: false, error: `The engines could not be asked for: ${reason}. ${errors.trim()}`.trim() });
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, signal) => {
      const report = parsed(output);
      if (report === undefined) fail(`the trainer ended with ${signal ?? `status ${String(code)}`}`);
      else resolve({ ok: true, value: report });
    });
  });
}

/** Libraries may print lines of their own before the report, which is the last. */
function parsed(output: string): EngineReport | undefined {
  try {
    const report = v.safeParse(engineReportSchema, JSON.parse(output.trim().split('\n').at(-1) ?? ''));
    return report.success ? report.output : undefined;
  } catch {
    return undefined;
  }
}
