// One structure learning for the benchmark: the network trains with the regularizer of one resource until its cost in
// floating-point operations is down to the target, so that structures of different regularizers compare at equal FLOPs.

import { neverCancelled } from '../../server/src/common/cancellation.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import { analyzeStructure } from '../../server/src/structure/analyze-structure.ts';
import { evaluateRegularizer, seedCost } from '../../server/src/structure/evaluate-regularizer.ts';
import type { Resource } from '../../server/src/structure/resource.ts';
import { StrengthController, suggestedStrength } from '../../server/src/structure/strength-controller.ts';
import { openBatches } from '../../server/src/training/data/batches.ts';
import type { DataSet } from '../../server/src/training/data/data-set.ts';
import type { Engine } from '../../server/src/training/engines/engine.ts';
import { optimizerOf } from '../../server/src/training/loop/training-setup.ts';
import type { PlainTraining } from '../../server/src/training/loop/train-plain.ts';
import { must } from './must.ts';

/** What a search is made with. */
export interface SearchSettings extends PlainTraining {
  /** Whose regularizer trains. */
  readonly resource: Resource;
  readonly threshold: number;
  /** Share of the network's floating-point operations to come to. */
  readonly fraction: number;
}

export interface SearchResult {
  /** By group name. */
  readonly widths: Readonly<Record<string, number>>;
  /** Whether channels had to be cut by rank because training did not take them to the threshold in time. */
  readonly isForced: boolean;
  /** The step at which the structure was decided. */
  readonly decidedAt: number;
  readonly finalStrength: number;
}

/** Searches at a constant learning rate, as the method's authors recommend. */
export async function searchStructure(
  graph: NetworkGraph,
  dataSet: DataSet,
  engine: Engine,
  settings: SearchSettings,
  onStep: (step: number, text: () => string) => void,
): Promise<SearchResult> {
  const { resource, threshold, fraction, batchSize, seed, steps, learningRate } = settings;
  const options = { algorithm: 'gamma', threshold } as const;
  const analysis = must(analyzeStructure(graph, { ...options, resource }));
  // The same groups and channels: only what they cost differs.
  const measured = must(analyzeStructure(graph, { ...options, resource: 'flops' }));
  const controller = new StrengthController(measured, {
    fraction,
    totalSteps: steps,
    initialStrength: suggestedStrength(seedCost(analysis)),
  });
  const session = await engine.compile({
    graph,
    batchSize,
    optimizer: optimizerOf(settings.optimizer, settings.weightDecay),
    labelSmoothing: 0,
    sources: analysis.sources,
    seed,
  });
  const { augmentation } = settings;
  const batches = must(await openBatches(dataSet, { size: batchSize, seed, augmentation }, neverCancelled));
  if (batches === undefined) throw new Error('Nobody cancels this');
  try {
    for (let step = 0; ; step += 1) {
      const evaluation = evaluateRegularizer(analysis, session.regularizationVectors());
      const { phase, strength, coefficients, alive, isForced } = controller.next(evaluation, step);
      // Once the structure is decided, more steps of the search would change weights that are thrown away.
      if (phase === 'hold' || step === steps) {
        const widths = measured.groups.map(({ id, name, size }): readonly [string, number] => {
          const start = measured.grouping.offsets[id] ?? 0;
          return [name, alive.subarray(start, start + size).reduce((sum, value) => sum + value, 0)];
        });
        return { widths: Object.fromEntries(widths), isForced, decidedAt: step, finalStrength: strength };
      }
      const { loss } = await session.step({ ...must(await batches.training(step)), learningRate, coefficients });
      if (!Number.isFinite(loss))
        throw new Error(`The search diverged at step ${String(step)}; lower the learning rate`);
      onStep(step, () => {
        const cost = evaluateRegularizer(measured, session.regularizationVectors()).cost / seedCost(measured);
        return `${phase}, loss ${loss.toFixed(3)}, FLOPs ${(100 * cost).toFixed(1)} %, strength ${strength.toExponential(2)}, critical ratio ${controller.state.ratio.toFixed(2)}`;
      });
    }
  } finally {
    await batches.close();
    await session.dispose();
  }
}
