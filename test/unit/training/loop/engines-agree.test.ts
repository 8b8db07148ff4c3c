// The same network, data, seed and settings lead to the same alive counts whichever engine runs: whole runs of the loop.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { RunConfig } from '../../../../server/src/protocol/run-config.ts';
import type { DataSet, LabelledImages } from '../../../../server/src/training/data/data-set.ts';
import type { Engine } from '../../../../server/src/training/engines/engine.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { learnStructure } from '../../../../server/src/training/loop/learn-structure.ts';
import type { NewEvent } from '../../../../server/src/training/loop/run-sink.ts';
import { runConfig } from '../../../support/run-folder.ts';
import { SmallNetwork } from '../engines/small-network.ts';
import { testedEngines } from '../engines/tested-engines.ts';

/** Images with a bright row that tells the class, and noise. */
function images(count: number, seed: number): LabelledImages {
  const random = randomStream(seed, 'images');
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 3);
  const pixels = Uint8Array.from({ length: count * 64 }, (_, index) => {
    const row = Math.floor((index % 64) / 8);
    const isMarked = Math.floor(row / 3) === (labels[Math.floor(index / 64)] ?? 0);
    return Math.round(random.uniform() * 120 + (isMarked ? 130 : 0));
  });
  return { kind: 'memory', count, labels, pixels };
}

const dataSet: DataSet = {
  name: 'rows',
  shape: [1, 8, 8],
  classes: 3,
  training: images(48, 1),
  test: images(12, 2),
  badFiles: 0,
  notices: [],
};

/** Two convolutions and a residual sum, with batch norms or biases, and a dropout before the head. */
function network(hasNorms: boolean): NetworkGraph {
  const net = new SmallNetwork([1, 8, 8]);
  const normalized = (name: string, x: number): number => (hasNorms ? net.batchNorm(name, x) : x);
  const bias = !hasNorms;
  const stem = net.convolution('stem', net.input, 6, 3, { padding: 1, stride: 2, bias });
  const x = net.activation('relu1', normalized('bn1', stem), 'relu');
  const inner = net.convolution('inner', x, 8, 3, { padding: 1, bias });
  const y = net.activation('relu2', normalized('bn2', inner), 'relu');
  const back = normalized('bn3', net.convolution('back', y, 6, 1, { bias }));
  const vector = net.globalMean('mean', net.activation('relu3', net.sum('sum', x, back), 'relu'));
  const dropped = net.add('drop', { kind: 'dropout', rate: 0.1 }, [vector]);
  return net.build(net.dense('head', dropped, 3));
}

/** The events of a run, and the counts by layer that it last reported. */
async function runOf(engine: Engine, graph: NetworkGraph, config: RunConfig) {
  const events: NewEvent[] = [];
  const counts: (readonly [string, number])[][] = [];
  await learnStructure(
    {
      config,
      graph,
      dataSet,
      engine,
      device: config.device,
      pid: 1,
      stopReason: () => 'cancelled',
      now: () => 0,
      sink: {
        event: (event) => events.push(event),
        structure: () => undefined,
        proposal: () => undefined,
        learnedStructure: (_, found) => counts.push([...found]),
        regularizationVectors: () => undefined,
        save: () => 'none',
        load: () => ({ ok: true, value: undefined }),
      },
    },
    { isCancellationRequested: false },
  );
  const alive = events.flatMap((event) => (event.kind === 'alive' ? [{ step: event.step, alive: event.alive }] : []));
  return { alive, counts, kinds: new Set(events.map(({ kind }) => kind)) };
}

describe('a run', () => {
  it.each([
    ['by gammas, with Adam', true, { optimizer: 'adam', learningRate: 0.02, algorithm: 'gamma' }],
    ['by gammas, with SGD', true, { optimizer: 'sgd', learningRate: 0.05, algorithm: 'gamma' }],
    ['by group lasso', false, { optimizer: 'adam', learningRate: 0.02, algorithm: 'group-lasso' }],
  ] as const)('counts the same channels alive at every step %s', async (_, hasNorms, changes) => {
    const graph = network(hasNorms);
    const config = runConfig({ ...changes, steps: 60, aliveEvery: 5, checkpointEvery: 1000, batchSize: 8 });
    const runs = await Promise.all(testedEngines.map(async ({ engine }) => runOf(await engine, graph, config)));
    const [first, ...others] = runs;
    expect(first?.kinds).toContain('finished');
    // A run in which nothing dies would agree whatever the engines do.
    const total = (alive: readonly number[] | undefined): number => (alive ?? []).reduce((sum, each) => sum + each, 0);
    expect(total(first?.alive.at(-1)?.alive)).toBeLessThan(total(first?.alive[0]?.alive));
    for (const other of others) expect(other).toEqual(first);
  });
});
