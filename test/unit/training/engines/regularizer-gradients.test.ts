// Every algorithm by every resource: what a step takes off the parameters for the regularizer is the gradient of its loss,
// which finite differences give from the weights alone.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { analyzeStructure, type StructureAnalysis } from '../../../../server/src/structure/analyze-structure.ts';
import type { Algorithm } from '../../../../server/src/structure/choose-sources.ts';
import { evaluateRegularizer } from '../../../../server/src/structure/evaluate-regularizer.ts';
import type { Resource } from '../../../../server/src/structure/resource.ts';
import type { TensorState, TrainingSession } from '../../../../server/src/training/engines/engine.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { SmallNetwork } from './small-network.ts';
import { testedEngines } from './tested-engines.ts';

const batchSize = 2;
const algorithms: readonly (Algorithm | 'auto')[] = ['gamma', 'group-lasso', 'logistic-sigmoid', 'auto'];
const resources: readonly Resource[] = ['flops', 'params', 'activations', 'latency', 'memory'];

/** Of one image a convolution computes longer than it moves bytes here, so both kinds of latency come up. */
const device = { name: 'test', peakGflopsPerSecond: 10, memoryGigabytesPerSecond: 5 };

/** A residual sum, a concatenation, a depthwise and a plain layer, one without a norm, and classes. */
function network(): NetworkGraph {
  const net = new SmallNetwork([2, 6, 6]);
  const layer = (name: string, from: number, width: number, kernel: number, groups = 1): number =>
    net.batchNorm(`${name}.norm`, net.convolution(name, from, width, kernel, { padding: (kernel - 1) / 2, groups }));
  const stem = net.activation('relu1', layer('stem', net.input, 4, 3), 'relu');
  const sum = net.sum('sum', stem, layer('branch', stem, 4, 3));
  const joined = net.add('joined', { kind: 'concat', axis: 1 }, [layer('side', stem, 3, 1), sum]);
  const own = net.activation('relu2', layer('own', joined, 7, 3, 7), 'relu');
  const plain = net.convolution('plain', own, 5, 1, { bias: true });
  return net.build(net.dense('head', net.globalMean('mean', net.activation('relu3', plain, 'relu')), 3));
}

/** A state whose scales lie on both sides of 0 and of the threshold, clear of each. */
function drawn(state: TensorState): TensorState {
  return new Map(
    [...state].map(([name, entry]) => {
      const random = randomStream(4, name);
      const isScale = name.endsWith('.norm.weight');
      const isLogit = name.startsWith('gate/');
      if (!isScale && !isLogit) return [name, entry];
      const valueAt = (index: number): number => {
        const size = (index % 3 === 0 ? 0.15 : 0.6) + 0.2 * random.uniform();
        return isLogit ? 3 * (size - 0.5) : random.uniform() < 0.5 ? -size : size;
      };
      return [name, { ...entry, data: entry.data.map((_, index) => valueAt(index)) }];
    }),
  );
}

/** Sources' gradients come with the step; nothing else moves a parameter, as the learning rate of the rest is subtracted. */
async function change(session: TrainingSession, start: TensorState, analysis: StructureAnalysis | undefined) {
  await session.restore(start);
  const coefficients =
    analysis === undefined
      ? new Map<number, Float32Array>()
      : evaluateRegularizer(analysis, session.regularizationVectors()).gradients;
  const random = randomStream(2, 'images');
  const images = Float32Array.from({ length: batchSize * 72 }, () => random.normal());
  await session.step({ images, labels: Int32Array.of(0, 1), learningRate: 1, coefficients });
  return session.state();
}

describe.each(testedEngines)('$name', ({ engine, isSlow }) => {
  // What the resource decides is the same for all engines.
  const asked = isSlow ? resources.slice(0, 1) : resources;
  const cases = algorithms.flatMap((algorithm) => asked.map((resource) => [algorithm, resource] as const));
  it.each(cases)('%s for %s', async (algorithm, resource) => {
    const graph = network();
    const threshold = { gamma: 0.5, 'group-lasso': 0.1, gate: 0.5 };
    const gate = { keepAlive: 'none' } as const;
    const found = analyzeStructure(graph, { algorithm, resource, threshold, device, l1Fraction: 0.25, gate });
    if (!found.ok) throw new Error(found.error);
    const analysis = found.value;
    // Without a scale of its own, the plain layer has no source under gamma; otherwise all layers have.
    expect(analysis.sources.length).toBeGreaterThanOrEqual(3);
    expect(analysis.algorithm).toBe(algorithm === 'auto' ? 'mixed' : algorithm);
    const session = await (
      await engine
    ).compile({
      graph,
      batchSize,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      labelSmoothing: 0,
      sources: analysis.sources,
      seed: 3,
    });
    const start = drawn(await session.state());
    const without = await change(session, start, undefined);
    const regularized = await change(session, start, analysis);
    const lossAt = async (name: string, index: number, by: number): Promise<number> => {
      const entry = start.get(name);
      if (entry === undefined) throw new Error(`No ${name}`);
      const data = entry.data.slice();
      data[index] = (data[index] ?? 0) + by;
      await session.restore(new Map([...start, [name, { ...entry, data }]]));
      return evaluateRegularizer(analysis, session.regularizationVectors()).loss;
    };
    let moved = 0;
    for (const [name, { data }] of start) {
      const ofGate = name.startsWith('gate/');
      const isTrained = ofGate || name.endsWith('weight') || name.endsWith('bias');
      if (!isTrained) continue;
      // Gates take steps five times as large as the learning rate.
      const rate = ofGate ? 5 : 1;
      const gradient = data.map(
        (_, index) => ((without.get(name)?.data[index] ?? 0) - (regularized.get(name)?.data[index] ?? 0)) / rate,
      );
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      if (largest > 0) moved += 1;
      const distance = 1e-3;
      for (const index of new Set([0, 1, Math.floor(data.length / 2), data.length - 1])) {
        const above = await lossAt(name, index, distance);
        const slope = (above - (await lossAt(name, index, -distance))) / (2 * distance);
        const tolerance = 4e-3 * Math.max(largest, Math.abs(slope)) + 1e-4;
        expect(Math.abs((gradient[index] ?? NaN) - slope), `${name}[${String(index)}] ${String(slope)}`).toBeLessThan(
          tolerance,
        );
      }
    }
    // Of tied sources the larger one has the gradient, so one of a sum may have none.
    expect(moved).toBeGreaterThanOrEqual(3);
    await session.dispose();
  });
});
