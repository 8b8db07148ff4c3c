// The trainer's engine: chosen for a run, with a word in its log of why it is this one, and kept when the run goes on; and the
// list of all, measured.

import { availableParallelism } from 'node:os';
import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { Result } from '../common/problem.ts';
import { engineNames, tfjsPathVariable } from '../protocol/engine-report.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import { chooseEngine, type EngineName, type EngineOptions } from '../training/engines/choose-engine.ts';
import type { Engine } from '../training/engines/engine.ts';
import type { StepToTime } from '../training/engines/fastest-engine.ts';
import { reportEngines } from '../training/engines/measure-engine.ts';
import type { RunSink } from '../training/loop/run-sink.ts';
import { optimizerOf } from '../training/loop/training-setup.ts';
import { torchOptions, type TorchProgram } from './torch-program.ts';

const fallbackCode = 'engine-replaced';
const deviceCode = 'other-device';

function optionsOf(threads: number, torch: EngineOptions['torch']): EngineOptions {
  return { threads, tfjsPath: process.env[tfjsPathVariable], ...(torch && { torch }) };
}

/** The engine that an earlier process began the run with: bit by bit it can only go on with that one. */
function earlierEngine(logged: readonly RunEvent[]): EngineName | undefined {
  const started = logged.findLast((event) => event.kind === 'started');
  return engineNames.find((name) => started?.engine.startsWith(`${name} `));
}

/** The engine of a run; `logged` are the events that earlier processes wrote. */
export async function engineOf(
  config: RunConfig,
  work: Pick<StepToTime, 'graph' | 'losses'>,
  torch: EngineOptions['torch'],
  sink: RunSink,
  logged: readonly RunEvent[],
  cancellation: Cancellation,
): Promise<Result<Engine>> {
  const isSaid = (code: string): boolean => logged.some((event) => event.kind === 'notice' && event.code === code);
  const options: EngineOptions = {
    ...optionsOf(config.threads, torch),
    trial: trialOf(config, work, cancellation),
    onChoice: (message) => sink.event({ kind: 'notice', severity: 'information', code: 'engine-chosen', message }),
    onFallback: (message) => {
      if (!isSaid(fallbackCode)) sink.event({ kind: 'notice', severity: 'warning', code: fallbackCode, message });
    },
  };
  const chosen = await chooseEngine(earlierEngine(logged) ?? config.engine, options, availableParallelism());
  const note = chosen.ok ? chosen.value.info.note : undefined;
  if (note !== undefined && !isSaid(deviceCode))
    sink.event({ kind: 'notice', severity: 'warning', code: deviceCode, message: note });
  return chosen;
}

/** The engine that a run would take if it began now. */
export function engineToTime(
  config: RunConfig,
  work: Pick<StepToTime, 'graph' | 'losses'>,
  torch: EngineOptions['torch'],
): Promise<Result<Engine>> {
  const options = { ...optionsOf(config.threads, torch), trial: trialOf(config, work, neverCancelled) };
  return chooseEngine(config.engine, options, availableParallelism());
}

/** What engines are compared by: steps as the run makes them. */
function trialOf(
  { batchSize, labelSmoothing = 0, optimizer, weightDecay }: RunConfig,
  work: Pick<StepToTime, 'graph' | 'losses'>,
  cancellation: Cancellation,
): NonNullable<EngineOptions['trial']> {
  const now = (): number => performance.now();
  return { ...work, batchSize, optimizer: optimizerOf(optimizer, weightDecay), labelSmoothing, now, cancellation };
}

/** Prints one line of JSON (protocol/engine-report.ts). */
export async function printEngines(threads: string | undefined, torch: TorchProgram): Promise<void> {
  const options = optionsOf(Number(threads ?? 0), torchOptions(torch, undefined, undefined));
  const report = await reportEngines(options, availableParallelism(), () => performance.now());
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
