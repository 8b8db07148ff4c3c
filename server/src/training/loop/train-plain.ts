// Training without a regularizer: what a structure is worth once it is retrained from scratch.

import { neverCancelled } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import type { NetworkGraph } from '../../network/network-graph.ts';
import type { RunConfig } from '../../protocol/run-config.ts';
import { openBatches } from '../data/batches.ts';
import type { DataSet } from '../data/data-set.ts';
import type { Engine } from '../engines/engine.ts';
import { evaluateOnTest, type TestResult } from './evaluate.ts';
import { fallingRate } from './falling-rate.ts';
import { imageLayoutOf } from './image-layout-of.ts';
import { objectiveIn } from './objective.ts';
import { misfitOf, optimizerOf } from './training-setup.ts';

export type PlainTraining = Pick<
  RunConfig,
  | 'batchSize'
  | 'learningRate'
  | 'optimizer'
  | 'weightDecay'
  | 'augmentation'
  | 'labelSmoothing'
  | 'losses'
  | 'steps'
  | 'seed'
>;

/** Trains from scratch and evaluates on every test image. The learning rate falls to zero along half a cosine. */
export async function trainPlain(
  graph: NetworkGraph,
  dataSet: DataSet,
  engine: Engine,
  settings: PlainTraining,
  onStep: (step: number, loss: number) => void = () => undefined,
): Promise<Result<TestResult>> {
  const misfit = misfitOf(graph, dataSet, engine, settings);
  if (misfit !== undefined) return { ok: false, error: misfit };
  const { batchSize, learningRate, optimizer, weightDecay, augmentation, labelSmoothing, steps, seed } = settings;
  const { losses, targets } = objectiveIn(graph, dataSet, settings.losses);
  const opened = await openBatches(
    dataSet,
    { size: batchSize, seed, augmentation, layout: imageLayoutOf(graph), targets },
    neverCancelled,
  );
  if (!opened.ok) return opened;
  const batches = opened.value;
  if (batches === undefined) return { ok: false, error: 'The training was cancelled' };
  const session = await engine.compile({
    graph,
    losses,
    batchSize,
    optimizer: optimizerOf(optimizer, weightDecay),
    labelSmoothing: labelSmoothing ?? 0,
    sources: [],
    seed,
  });
  try {
    const coefficients = new Map<number, Float32Array>();
    for (let step = 0; step < steps; step++) {
      const rate = fallingRate(learningRate, step, steps);
      const batch = await batches.training(step);
      if (!batch.ok) return batch;
      const { loss } = await session.step({ ...batch.value, learningRate: rate, coefficients });
      if (!Number.isFinite(loss))
        return {
          ok: false,
          error: `Training diverged at step ${String(step)}; lower the learning rate (${String(learningRate)})`,
        };
      onStep(step, loss);
    }
    const tested = await evaluateOnTest(session, batches, dataSet.test.count, neverCancelled);
    if (!tested.ok) return tested;
    return tested.value === undefined
      ? { ok: false, error: 'The training was cancelled' }
      : { ok: true, value: tested.value };
  } finally {
    await batches.close();
    await session.dispose();
  }
}
