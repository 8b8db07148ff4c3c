// Why counts do not move, in words; what is kept of a run to say it; and thresholds chosen afterwards.

import { describe, expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { StructureAnalysis } from '../../../server/src/structure/analyze-structure.ts';
import {
  diagnoseRun,
  sampleOf,
  type DiagnosisCode,
  type HistorySample,
} from '../../../server/src/structure/diagnose-run.ts';
import { evaluateRegularizer } from '../../../server/src/structure/evaluate-regularizer.ts';
import { recommendedSnapshot, structureDocument } from '../../../server/src/structure/structure-document.ts';
import { ratioHistogram, widestGap, withThreshold } from '../../../server/src/structure/threshold-choice.ts';
import { analysisOf, Measurement, MethodNetwork, repeated } from '../../support/method-network.ts';

function pair(): NetworkGraph {
  const net = new MethodNetwork();
  const first = net.layer('first', net.input([1, 3, 8, 8]), 8, 3);
  return net.finish(net.dense('head', net.mean('mean', net.layer('second', first, 8, 3)), 10));
}

const analysis = analysisOf(pair(), { threshold: 0.01, prunableOutputs: false });

interface Step {
  readonly step: number;
  /** The mean scale; scales differ by up to `spread` of it. */
  readonly scale: number;
  readonly spread?: number;
  readonly strength?: number;
  readonly learningRate?: number;
  readonly loss?: number;
}

function samples(steps: readonly Step[], of: StructureAnalysis = analysis): readonly HistorySample[] {
  return steps.map(({ step, scale, spread = 0.2, strength = 1e-5, learningRate = 0.1, loss = 1 }) => {
    const vectors = new Map(
      of.sources.map(({ op, channels }) => [
        op,
        Float32Array.from({ length: channels }, (_, index) => scale * (1 + (spread * (index - 4)) / 4)),
      ]),
    );
    return sampleOf(of, evaluateRegularizer(of, vectors), { step, strength, learningRate, loss });
  });
}

const codes = (steps: readonly Step[], stepsLeft: number, of = analysis): readonly DiagnosisCode[] =>
  diagnoseRun(of, samples(steps, of), stepsLeft).map(({ code }) => code);

const falling: readonly Step[] = [0, 1, 2].map((step) => ({ step: 100 * step, scale: 1 - 0.1 * step }));

describe('a run says why no channel has died', () => {
  test('a strength that is too small, with the ratio and one that would do', () => {
    const [diagnosis] = diagnoseRun(analysis, samples(falling.map((step) => ({ ...step, strength: 1e-9 }))), 1000);
    expect(diagnosis?.code).toBe('strength-too-small');
    const share = Number(/regularization is ([\d.e+-]+) %/.exec(diagnosis!.message)?.[1]) / 100;
    const better = Number(/About ([\d.e+-]+) would/.exec(diagnosis!.message)?.[1]);
    expect(share).toBeLessThan(0.01);
    expect((better / 1e-9) * share).toBeCloseTo(0.1, 2);
  });

  test('no strength at all', () => {
    expect(
      codes(
        falling.map((step) => ({ ...step, strength: 0 })),
        1000,
      ),
    ).toContain('no-strength');
    expect(diagnoseRun(analysis, samples(falling.map((step) => ({ ...step, strength: 0 }))), 1000)[0]?.message).toBe(
      'The strength is 0, so nothing is regularised',
    );
  });

  test('a threshold that is not reached in the steps that are left', () => {
    // From 0.64 to 0.01 at 0.0008 a step: some 790 steps.
    expect(codes(falling, 1000)).toEqual(['too-early']);
    expect(codes(falling, 500)).toEqual(['threshold-out-of-reach']);
    const [diagnosis] = diagnoseRun(analysis, samples(falling), 500);
    expect(diagnosis?.message).toContain('needs 788 more steps while 500 are left');
  });

  test('a threshold that is never reached', () => {
    const [diagnosis] = diagnoseRun(
      analysis,
      samples([...falling].reverse().map((step, index) => ({ ...step, step: index }))),
      1e6,
    );
    expect(diagnosis?.message).toContain('does not come down');
  });

  test('a learning rate that has decayed', () => {
    const decayed = falling.map((step, index) => ({ ...step, learningRate: 10 ** -index }));
    expect(codes(decayed, 1000)).toEqual(['learning-rate-decayed']);
    expect(diagnoseRun(analysis, samples(decayed), 1000)[0]?.message).toBe(
      'The learning rate has fallen from 1 to 0.01, so scales hardly move; a constant one is better while the structure is learned',
    );
  });

  test('channels that move as one (7.4: all scales start at 1 under Adam)', () => {
    const [diagnosis] = diagnoseRun(analysis, samples(falling.map((step) => ({ ...step, spread: 0 }))), 1e6);
    expect(diagnosis?.code).toBe('lock-step');
    expect(diagnosis?.message).toContain('first, second');
  });

  test('layers that an op blocks', () => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 8, 8]);
    const wide = net.layer('wide', image, 64, 3);
    const opaque = net.add(
      'sort',
      { kind: 'opaque', operation: 'sort', reason: 'not modelled', shapes: [[1, 64, 8, 8]] },
      [wide],
    );
    const graph = net.finish(net.dense('head', net.mean('mean', net.layer('free', opaque, 8, 3)), 10));
    const blocked = analysisOf(graph, { threshold: 0.01, prunableOutputs: false });
    const found = diagnoseRun(blocked, samples(falling, blocked), 1e6);
    expect(found.map(({ code }) => code)).toEqual(['layers-blocked']);
    expect(found[0]?.message).toContain('wide: sort (opaque) is not understood: not modelled');
  });

  test('nothing to explain: counts have changed, or it is too early to say', () => {
    expect(codes([...falling, { step: 300, scale: 0.011 }], 1000)).toEqual(['counts-move']);
    expect(codes(falling.slice(0, 2), 1000)).toEqual(['too-early']);
    expect(codes([], 1000)).toEqual(['too-early']);
  });
});

describe('the structure in full', () => {
  const measured = new Measurement(analysis, { first: repeated([3, 0.9], [5, 0.001]), second: repeated([8, 0.5]) });
  const document = structureDocument(analysis, measured.evaluation, { step: 40, strength: 1e-5, seedCost: 100 });

  test('has each group with members, sources, alive channels and how r is spread', () => {
    expect(document.groups.find(({ name }) => name === 'first')).toMatchObject({
      members: ['first', 'first/norm', 'first/relu'],
      sources: ['first/norm'],
      width: 8,
      alive: 3,
      aliveIndices: [0, 1, 2],
    });
    expect(document.groups.find(({ name }) => name === 'first')!.quantiles[0]).toBeCloseTo(0.001, 6);
    expect(document.groups.find(({ name }) => name === 'head')?.fixed).toBe('head is an output of the network');
  });

  test('survives JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('names what is dead', () => {
    const dead = new Measurement(analysis, { first: repeated([8, 0.001]), second: repeated([8, 0.5]) });
    const all = structureDocument(analysis, dead.evaluation, { step: 1, strength: 0, seedCost: 1 }).dead;
    expect(all).toEqual(analysis.graph.ops.map(({ name }) => name));
    expect(document.dead).toEqual([]);
  });
});

test('of several steps the one is recommended from which on the structure stayed', () => {
  const at = (step: number, cost: number, ...aliveCounts: number[]) => ({ step, cost, aliveCounts });
  const snapshots = [at(0, 10, 8), at(10, 6, 5), at(20, 4, 3), at(30, 4, 3), at(40, 4, 3)];
  expect(recommendedSnapshot(snapshots)?.step).toBe(20);
  expect(recommendedSnapshot([...snapshots, at(50, 12, 9)], 5)?.step).toBe(20);
  expect(recommendedSnapshot([])).toBeUndefined();
});

describe('thresholds afterwards', () => {
  const measured = new Measurement(analysis, {
    first: [0.0002, 0.0003, 0.0004, 0.3, 0.4, 0.5, 0.6, 0.7],
    second: repeated([8, 0.5]),
  });
  const { regularization } = measured.evaluation;

  test('the gap between the dead and the living', () => {
    expect(widestGap(analysis, regularization)).toMatchObject({ dead: 3 });
    const { below = 0, above = 0 } = widestGap(analysis, regularization) ?? {};
    expect(below).toBeCloseTo(0.04, 5);
    expect(above).toBeCloseTo(30, 4);
  });

  test('a histogram counts every channel that may go', () => {
    const bars = ratioHistogram(analysis, regularization);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(16);
    expect(bars.filter(({ to }) => to <= 1).reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  test('kept vectors can be judged by another threshold', () => {
    expect(measured.aliveCount('first')).toBe(5);
    const strict = withThreshold(analysis, 45);
    const again = evaluateRegularizer(strict, measured.vectors);
    expect(again.aliveCounts[analysis.groups.find(({ name }) => name === 'first')!.id]).toBe(3);
    expect(strict.options.threshold).toBeCloseTo(0.45, 12);
  });
});
