// What a run's settings mean for the analysis.

import { expect, test } from 'vitest';
import { runDefaults } from '../../../../server/src/protocol/run-defaults.ts';
import { analyzeStructure } from '../../../../server/src/structure/analyze-structure.ts';
import { structureOptionsOf } from '../../../../server/src/training/loop/structure-options.ts';
import { SmallNetwork } from '../engines/small-network.ts';

const device = { name: 'test', peakGflopsPerSecond: 10, memoryGigabytesPerSecond: 5 };

// Vectors are of single precision, and so is what they are compared with.
test('the threshold is for scales and norms; gates are alive from a half on', () => {
  const net = new SmallNetwork([2, 6, 6]);
  const first = net.batchNorm('norm', net.convolution('conv', net.input, 4, 3));
  const graph = net.build(net.dense('head', net.globalMean('mean', first), 3));
  const options = structureOptionsOf({ ...runDefaults, threshold: 0.02, device });
  const thresholdFor = (algorithm: 'gamma' | 'group-lasso' | 'logistic-sigmoid'): number | undefined => {
    const analysis = analyzeStructure(graph, { ...options, algorithm });
    return analysis.ok ? analysis.value.program.sources[0]?.threshold : undefined;
  };
  expect([thresholdFor('gamma'), thresholdFor('group-lasso'), thresholdFor('logistic-sigmoid')]).toEqual([
    Math.fround(0.02),
    Math.fround(0.02),
    0.5,
  ]);
  expect(analyzeStructure(graph, { ...options, resource: 'latency' }).ok).toBe(true);
});

test('sources of one channel are combined as the settings say', () => {
  const { combination } = structureOptionsOf({ ...runDefaults, device, combination: 'l2' });
  expect(combination).toEqual({ kind: 'l2' });
  expect(structureOptionsOf({ ...runDefaults, device }).combination).toBeUndefined();
});
