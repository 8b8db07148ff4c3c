// Has the trainer's program measure this machine, or a model on it: native code stays out of this process.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { measureMachineLineSchema, measureMachineWord, type MachineProfile } from '../protocol/machine-profile.ts';
import { measureModelLineSchema, measureModelWord, type ModelMeasurement } from '../protocol/model-measurement.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { timeRunLineSchema, timeRunWord, type RunTime } from '../protocol/run-time.ts';
import type { TrainerProgram } from '../jobs/trainer-process.ts';
import type { Measuring, MeasuringOptions, OnProgress } from './measuring-service.ts';

/** Starts to measure this machine; `onProgress` hears the share that is done. */
export function measureThisMachine(
  program: TrainerProgram,
  options: MeasuringOptions,
  onProgress: OnProgress,
): Measuring<MachineProfile> {
  return measure({
    program,
    word: measureMachineWord,
    ...options,
    input: options.pytorch === undefined ? '' : JSON.stringify(options.pytorch),
    lines: measureMachineLineSchema,
    onProgress,
  });
}

/** Starts to time a network here, as a whole and layer by layer. */
export function measureModelHere(
  program: TrainerProgram,
  network: NetworkGraph,
  options: MeasuringOptions,
  onProgress: OnProgress,
): Measuring<ModelMeasurement> {
  const input = JSON.stringify(network);
  return measure({ program, word: measureModelWord, ...options, input, lines: measureModelLineSchema, onProgress });
}

/** Starts to time steps of a run that has not begun. */
export function timeRunHere(program: TrainerProgram, config: RunConfig, network: NetworkGraph): Measuring<RunTime> {
  const input = JSON.stringify({ config, network });
  const options = { threads: config.threads, batch: config.batchSize };
  return measure({
    program,
    word: timeRunWord,
    ...options,
    input,
    lines: timeRunLineSchema,
    onProgress: () => undefined,
  });
}

type MeasureLine<Measured> =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'measured'; readonly result: Measured }
  | { readonly kind: 'failed'; readonly reason: string };

interface Work<Measured> extends MeasuringOptions {
  readonly program: TrainerProgram;
  readonly word: string;
  /** What the program reads on stdin. */
  readonly input: string;
  readonly lines: v.GenericSchema<unknown, MeasureLine<Measured>>;
  readonly onProgress: OnProgress;
}

function measure<Measured>({
  program,
  word,
  threads,
  batch,
  input,
  lines,
  onProgress,
}: Work<Measured>): Measuring<Measured> {
  const child = spawn(program.executable, [program.script, word, String(threads), String(batch)], {
    env: { ...process.env, ...program.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let errors = '';
  let last: MeasureLine<Measured> | undefined;
  // A program that could not start reads nothing; its end says why.
  child.stdin.on('error', () => undefined).end(input);
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(lines, text);
    if (line?.kind === 'progress') onProgress(line.share);
    else last = line ?? last;
  });
  const ended = new Promise<Result<Measured>>((resolve) => {
    child.once('error', (error) => resolve({ ok: false, error: `Measuring can’t start: ${error.message}.` }));
    child.once('close', (code, signal) => {
      if (last?.kind === 'measured') resolve({ ok: true, value: last.result });
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

function parseLine<Line>(lines: v.GenericSchema<unknown, Line>, text: string): Line | undefined {
  try {
    const line = v.safeParse(lines, JSON.parse(text));
    return line.success ? line.output : undefined;
  } catch {
    return undefined;
  }
}
