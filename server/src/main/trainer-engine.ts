// The trainer's engine: chosen for a run, with one word in its log when it is not the one that was asked for; and the list of all, measured.

import { availableParallelism } from 'node:os';
import type { Result } from '../common/problem.ts';
import { tfjsPathVariable } from '../protocol/engine-report.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import { chooseEngine, type EngineOptions } from '../training/engines/choose-engine.ts';
import type { Engine } from '../training/engines/engine.ts';
import { reportEngines } from '../training/engines/measure-engine.ts';
import type { RunSink } from '../training/loop/run-sink.ts';

const fallbackCode = 'engine-replaced';

function optionsOf(threads: number): EngineOptions {
  return { threads, tfjsPath: process.env[tfjsPathVariable] };
}

/** The engine of a run; `logged` are the events that earlier processes wrote. */
export function engineOf(config: RunConfig, sink: RunSink, logged: readonly RunEvent[]): Promise<Result<Engine>> {
  const isSaid = logged.some((event) => event.kind === 'notice' && event.code === fallbackCode);
  const onFallback = (message: string): void => {
    if (!isSaid) sink.event({ kind: 'notice', severity: 'warning', code: fallbackCode, message });
  };
  return chooseEngine(config.engine, { ...optionsOf(config.threads), onFallback }, availableParallelism());
}

/** Prints one line of JSON (protocol/engine-report.ts). */
export async function printEngines(threads: string | undefined): Promise<void> {
  const options = optionsOf(Number(threads ?? 0));
  const report = await reportEngines(options, availableParallelism(), () => performance.now());
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
