// The trainer's timing of a run that has not begun: its data set is opened, its engine chosen as it would be, and some steps are
// made on images of noise. Nothing is written.

import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { neverCancelled } from '../common/cancellation.ts';
import type { Result } from '../common/problem.ts';
import { runConfigSchema, type RunConfig } from '../protocol/run-config.ts';
import type { RunTime } from '../protocol/run-time.ts';
import { readDataSet } from '../training/data/read-data-set.ts';
import { timeSteps } from '../training/engines/time-steps.ts';
import { objectiveOf } from '../training/loop/objective.ts';
import { asNetworkGraph, imageShapeOf, optimizerOf, outputImagesOf } from '../training/loop/training-setup.ts';
import { say } from './parent-watch.ts';
import { torchOptions, type TorchProgram } from './torch-program.ts';
import { engineToTime } from './trainer-engine.ts';

/** The first ones allocate. */
const warmUpSteps = 2;
/** Long enough for a figure that two digits of can be believed. */
const milliseconds = 1000;

const requestSchema = v.object({ config: runConfigSchema, network: v.unknown() });

/** Prints lines of JSON (protocol/run-time.ts). */
export async function printRunTime(programs: { readonly decoder: URL; readonly torch: TorchProgram }): Promise<void> {
  const timed = await runTime(await text(process.stdin), programs).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: reason } as const;
  });
  say(timed.ok ? { kind: 'measured', result: timed.value } : { kind: 'failed', reason: timed.error });
  // Native threads of the engine would otherwise keep the process.
  process.stdout.write('', () => process.exit(0));
}

async function runTime(
  request: string,
  { decoder, torch }: { readonly decoder: URL; readonly torch: TorchProgram },
): Promise<Result<RunTime>> {
  const { config, network } = v.parse(requestSchema, JSON.parse(request));
  const graph = asNetworkGraph(network);
  if (!graph.ok) return graph;
  const input = imageShapeOf(graph.value);
  if (!input.ok) return input;
  const dataSet = await readDataSet(config.data, {
    input: input.value,
    outputs: outputImagesOf(graph.value),
    decoder,
  });
  if (!dataSet.ok) return dataSet;
  const objective = objectiveOf(graph.value, dataSet.value, config.losses);
  if (!objective.ok) return objective;
  const work = { graph: graph.value, losses: objective.value.losses };
  const engine = await engineToTime(config, work, torchOptions(torch, config.torch, undefined));
  if (!engine.ok) return engine;
  const times = await timeSteps(
    engine.value,
    { ...work, ...stepOf(config), warmUpSteps, milliseconds },
    () => performance.now(),
    neverCancelled,
  );
  const { name, version, threads } = engine.value.info;
  const sorted = [...times].sort((one, other) => one - other);
  const stepMs = sorted[Math.floor(sorted.length / 2)];
  if (stepMs === undefined) return { ok: false, error: 'no step could be timed' };
  return {
    ok: true,
    value: { engine: `${name} ${version}`, threads, stepMs, imageCount: dataSet.value.training.count },
  };
}

function stepOf({ batchSize, labelSmoothing = 0, optimizer, weightDecay }: RunConfig) {
  return { batchSize, labelSmoothing, optimizer: optimizerOf(optimizer, weightDecay) };
}
