// A sweep to look at, checked by the wire's schema.

import * as v from 'valibot';
import { sweepFileSchema, type SweepFile, type SweepPoint } from '../../server/src/protocol/sweep-file.ts';

/** Four strengths: the third as learned only, the last failed. */
export function sampleSweep(): SweepFile {
  const point = (n: number, costShare: number, accuracy: number): SweepPoint => ({
    strength: 1e-9 * 10 ** n,
    run: `points/${n}`,
    status: 'finished',
    cost: 1e6 * costShare,
    costShare,
    totals: { macs: 5e5 * costShare, params: Math.round(44_426 * costShare), latencyMs: 0.01 },
    accuracy,
    loss: 0.1,
  });
  return v.parse(sweepFileSchema, {
    version: 1,
    kind: 'sweep',
    model: { document: 'file:///models/lenet.py', entry: 'LeNet()' },
    data: 'idx:/data/mnist',
    resource: 'flops',
    unit: 'FLOPs',
    device: 'V100',
    seedCost: 1e6,
    steps: 400,
    seed: 1,
    retrain: true,
    points: [
      { ...point(0, 0.9, 0.991), retrainedAccuracy: 0.992 },
      { ...point(1, 0.41, 0.985), retrainedAccuracy: 0.988 },
      { ...point(2, 0.125, 0.962), status: 'running' },
      { strength: 1e-6, run: 'points/3', status: 'failed', message: 'The loss is not a number.' },
    ],
  });
}
