// The same network, data, seed and settings lead to the same alive counts whichever engine runs: whole runs of the loop.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { runConfig } from '../../../support/run-folder.ts';
import { SmallNetwork } from '../engines/small-network.ts';
import { testedEngines } from '../engines/tested-engines.ts';
import { runOf } from './small-run.ts';

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
