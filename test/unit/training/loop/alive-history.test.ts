// The sentence about a training in which no channel died.

import { expect, test } from 'vitest';
import { analyzeStructure } from '../../../../server/src/structure/analyze-structure.ts';
import { evaluateRegularizer } from '../../../../server/src/structure/evaluate-regularizer.ts';
import { AliveHistory } from '../../../../server/src/training/loop/alive-history.ts';
import { SmallNetwork } from '../engines/small-network.ts';

const net = new SmallNetwork([1, 4, 4]);
const normalized = net.batchNorm('norm', net.convolution('conv', net.input, 3, 3));
const graph = net.build(net.dense('head', net.globalMean('mean', net.activation('relu', normalized, 'relu')), 2));

/** What is said after these scales of the convolution, ten steps apart. */
function said(...history: readonly (readonly number[])[]): string | undefined {
  const analysis = analyzeStructure(graph, { algorithm: 'gamma', resource: 'flops', threshold: 0.01 });
  if (!analysis.ok) throw new Error(analysis.error);
  const [source, ...others] = analysis.value.sources;
  if (source === undefined || others.length > 0) throw new Error('One norm is one source');
  const told = new AliveHistory(analysis.value);
  let counts: readonly number[] = [];
  history.forEach((scales, index) => {
    const evaluation = evaluateRegularizer(analysis.value, new Map([[source.op, Float32Array.from(scales)]]));
    counts = [...evaluation.aliveCounts];
    told.add(evaluation, { step: 10 * (index + 1), strength: 1e-6, learningRate: 0.01, loss: 0.5 });
  });
  return told.whyNothingMoved(counts, 0);
}

test('says why, and what to do', () => {
  const message = said([0.75, 0.25, 0.5], [0.74, 0.24, 0.49]);
  expect(message).toMatch(/^No channel died\. .+\. Train for more steps, raise the strength, or raise the threshold$/);
});

test('says nothing when a channel died', () => {
  expect(said([0.75, 0.25, 0.5], [0.75, 0.001, 0.5])).toBeUndefined();
});
