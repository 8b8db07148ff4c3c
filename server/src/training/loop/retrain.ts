// Training a network from scratch in a run's folder, without a regularizer: what a structure is worth. Resumed from its last
// state it goes on as if it had never stopped.

import type { Cancellation } from '../../common/cancellation.ts';
import { networkCost } from '../../structure/settled-cost.ts';
import { reportCosts } from '../../costs/cost-report.ts';
import { knownValue, type Count } from '../../common/count.ts';
import type { TrainingSession } from '../engines/engine.ts';
import { Averages } from './averages.ts';
import { CheckpointSchedule } from './checkpoint-schedule.ts';
import { fallingRate } from './falling-rate.ts';
import type { StructureLearning } from './learn-structure.ts';
import { RunData } from './run-data.ts';
import { structureOptionsOf } from './structure-options.ts';
import { imageLayoutOf } from './image-layout-of.ts';
import { objectiveIn } from './objective.ts';
import { misfitOf, optimizerOf } from './training-setup.ts';

/** Trains to the end, to a cancellation or to a failure; how it ended is in the log. */
export async function retrain(training: StructureLearning, cancellation: Cancellation): Promise<void> {
  const { config, graph, dataSet, engine, sink } = training;
  const saved = sink.load();
  const first = saved.ok ? (saved.value?.step ?? 0) : 0;
  const fail = (code: string, message: string): void => sink.event({ kind: 'failed', step: first, code, message });
  const misfit = misfitOf(graph, dataSet, engine, config);
  if (misfit !== undefined) {
    fail('does-not-fit', misfit);
    return;
  }
  const { losses, targets } = objectiveIn(graph, dataSet, config.losses);
  if (!saved.ok) {
    fail('checkpoint-damaged', saved.error);
    return;
  }
  const session = await engine.compile({
    graph,
    losses,
    batchSize: config.batchSize,
    optimizer: optimizerOf(config.optimizer, config.weightDecay),
    labelSmoothing: config.labelSmoothing ?? 0,
    sources: [],
    seed: config.seed,
  });
  try {
    if (saved.value) await session.restore(saved.value.tensors);
    begin(training, first, saved.value?.damaged ?? []);
    const data = await RunData.open(
      dataSet,
      { ...config, layout: imageLayoutOf(graph), targets },
      sink,
      saved.value?.metadata,
      cancellation,
    );
    if (!data.ok) fail('data-unreadable', data.error);
    else if (data.value === undefined) sink.event({ kind: 'interrupted', step: first, reason: training.stopReason() });
    else {
      try {
        await trainFrom(first, training, session, data.value, cancellation);
      } finally {
        await data.value.close();
      }
    }
  } finally {
    await session.dispose();
  }
}

function begin(
  { config, engine, sink, device, pid, graph }: StructureLearning,
  step: number,
  damaged: readonly string[],
): void {
  const { macs, params, latencyMs } = reportCosts(graph, device).total;
  const amount = (count: Count): number => knownValue(count) ?? 0;
  sink.event({
    kind: 'started',
    step,
    totalSteps: config.steps,
    engine: `${engine.info.name} ${engine.info.version}`,
    threads: engine.info.threads,
    pid,
    seed: { macs: amount(macs), params: amount(params), latencyMs: amount(latencyMs) },
  });
  for (const message of damaged)
    sink.event({
      kind: 'notice',
      severity: 'warning',
      code: 'checkpoint-damaged',
      message: `${message}. The training goes on from step ${String(step)}`,
    });
}

async function trainFrom(
  first: number,
  training: StructureLearning,
  session: TrainingSession,
  data: RunData,
  cancellation: Cancellation,
): Promise<void> {
  const { config, graph, dataSet, sink, now } = training;
  const { steps } = config;
  const averages = new Averages(dataSet.test.count / config.batchSize);
  const cost = networkCost(graph, structureOptionsOf(config));
  const coefficients = new Map<number, Float32Array>();
  const diverged = (step: number): void => {
    const message = `Training diverged at step ${String(step)}: the loss or a weight is no finite number any more. Lower the learning rate (${String(config.learningRate)} now) and start again`;
    sink.event({ kind: 'failed', step, code: 'diverged', message });
  };
  const schedule = new CheckpointSchedule(config.checkpointEvery, first, now);
  const save = async (step: number): Promise<boolean> => {
    const tensors = await session.state();
    if (![...tensors.values()].every(({ data: values }) => values.every((value) => Number.isFinite(value)))) {
      diverged(step);
      return false;
    }
    const file = sink.save({ step, tensors, metadata: data.metadata });
    sink.event({ kind: 'checkpoint', step, file });
    return true;
  };
  const checkpoint = (step: number): Promise<boolean> => schedule.save(() => save(step));
  const interrupted = async (step: number): Promise<void> => {
    if (await checkpoint(step)) sink.event({ kind: 'interrupted', step, reason: training.stopReason() });
  };
  const isCancelled = (): boolean => cancellation.isCancellationRequested;
  for (let step = first; step < steps; step++) {
    if (isCancelled()) {
      await interrupted(step);
      return;
    }
    const started = now();
    const batch = await data.batch(step, cancellation);
    if (!batch.ok) {
      sink.event({ kind: 'failed', step, code: 'data-unreadable', message: batch.error });
      return;
    }
    // Heard while it was waited for: the next time to hear of it is behind a step.
    if (batch.value === undefined || isCancelled()) {
      await interrupted(step);
      return;
    }
    if (schedule.isDue(step) && !(await checkpoint(step))) return;
    const learningRate = fallingRate(config.learningRate, step, steps);
    if (step % config.aliveEvery === 0 && step > first) {
      const figures = averages.take(steps - step);
      sink.event({
        kind: 'progress',
        step,
        ...figures,
        regularization: 0,
        strength: 0,
        cost,
        seedCost: cost,
        learningRate,
      });
    }
    const stepStarted = now();
    const { loss, correct } = await session.step({ ...batch.value, learningRate, coefficients });
    averages.add(loss, correct, batch.value.labels.length, now() - started);
    schedule.stepTook(now() - stepStarted);
    if (!Number.isFinite(loss)) {
      diverged(step);
      return;
    }
    // The engine blocks while it computes: this is where a word from the parent is heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (!(await checkpoint(steps))) return;
  const tested = await data.test(session, dataSet.test.count, cancellation);
  if (!tested.ok) {
    sink.event({ kind: 'failed', step: steps, code: 'data-unreadable', message: tested.error });
    return;
  }
  if (tested.value === undefined) {
    // The checkpoint of this step is written already: going on from it repeats the test.
    sink.event({ kind: 'interrupted', step: steps, reason: training.stopReason() });
    return;
  }
  sink.event({ kind: 'evaluated', step: steps, ...tested.value });
  const { accuracy, images, loss } = tested.value;
  const figure =
    accuracy === undefined
      ? `a loss of ${loss.toPrecision(4)} on ${String(images)} test images`
      : `${(100 * accuracy).toFixed(2)} % of ${String(images)} test images right`;
  const summary = `${figure} after ${String(steps)} steps from scratch`;
  sink.event({ kind: 'finished', step: steps, summary });
}
