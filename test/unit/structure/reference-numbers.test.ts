// Numbers of the reference implementation that stand in no vector of the specification: comparisons at the threshold,
// boundaries, norms without a scale, broadcasts, patterns, ops that lead nowhere, ties.

import { describe, expect, test } from 'vitest';
import { aliveCounts } from '../../../server/src/structure/alive-counts.ts';
import { analyzeStructure } from '../../../server/src/structure/analyze-structure.ts';
import { evaluateRegularizer } from '../../../server/src/structure/evaluate-regularizer.ts';
import { expandWidths } from '../../../server/src/structure/expansion.ts';
import { rebuildGraph } from '../../../server/src/structure/rebuild-graph.ts';
import {
  analysisOf,
  expectAllNear,
  expectNear,
  Measurement,
  MethodNetwork,
  opNamed,
  repeated,
} from '../../support/method-network.ts';

describe.for([0.1, 0.001, 0.3, 0.6, 0.25])('at a threshold of %s', (threshold) => {
  const net = new MethodNetwork();
  const graph = net.finish(net.layer('conv', net.input([1, 3, 4, 4]), 2, 1));
  const just = Math.fround(threshold);

  test('a scale of just the threshold is dead, in single precision as training has it', () => {
    const measured = new Measurement(analysisOf(graph, { threshold }), { conv: [just, just * (1 + 2 ** -22)] });
    expect(measured.alive('conv')).toEqual([0, 1]);
  });

  test('a gate of just that probability is alive', () => {
    const analysis = analysisOf(graph, { algorithm: 'logistic-sigmoid', threshold });
    const gate = analysis.sources[0]!.op;
    const vector = Float32Array.from([just, just * (1 - 2 ** -22)]);
    expect([...evaluateRegularizer(analysis, new Map([[gate, vector]])).alive].slice(3)).toEqual([1, 0]);
  });
});

describe('boundaries', () => {
  function branches(): ReturnType<MethodNetwork['finish']> {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 17, 19]);
    const joined = net.concat('concat', net.layer('conv1', image, 13, [7, 5]), net.layer('conv2', image, 23, 1));
    return net.finish(net.layer('conv3', joined, 29, 3, { stride: 2 }), net.layer('conv4', joined, 31, 1));
  }
  const scales = {
    conv1: repeated([7, 0.8], [6, 0.2]),
    conv2: repeated([11, -0.7], [12, 0.1]),
    conv3: repeated([10, 0.6], [19, -0.3]),
    conv4: repeated([17, -0.5], [14, -0.4]),
  };
  const sources = (inputBoundary: readonly string[]): readonly string[] =>
    analysisOf(branches(), { threshold: 0.45, inputBoundary }).sources.map(({ op }) => branches().ops[op]!.name);

  test('an input boundary takes out what only it leads to, and nothing before it', () => {
    expect(sources(['conv3/relu'])).toEqual(['conv1/norm', 'conv2/norm', 'conv4/norm']);
    const measured = new Measurement(
      analysisOf(branches(), { threshold: 0.45, inputBoundary: ['conv3/relu'] }),
      scales,
    );
    expectAllNear([measured.cost('conv1'), measured.cost('conv3')], [474810, 0]);
    expect(sources(['concat'])).toEqual(['conv3/norm', 'conv4/norm']);
  });

  test('an output boundary inside a network leaves its own channels free; what lies behind follows', () => {
    const net = new MethodNetwork();
    const first = net.layer('conv1', net.input([1, 3, 8, 8]), 4, 3);
    const graph = net.finish(net.layer('conv2', first, 5, 1));
    const analysis = analysisOf(graph, { outputBoundary: ['conv1/norm'], prunableOutputs: false });
    const measured = new Measurement(analysis, { conv1: [0.9, 0.1, 0.9, 0.1] });
    expectNear(measured.evaluation.cost, 6912);
    const rebuilt = rebuildGraph(analysis.grouping, measured.evaluation.alive);
    expect(rebuilt.ok && rebuilt.value.graph.ops.find(({ name }) => name === 'conv2')?.attributes).toMatchObject({
      inChannels: 2,
      outChannels: 5,
    });
  });

  test('a channel that a layer outside is added to stays', () => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 8, 8]);
    const sum = net.addition('sum', net.layer('inside', image, 4, 3), net.layer('outside', image, 4, 3));
    const graph = net.finish(net.layer('end', sum, 2, 1));
    const analysis = analysisOf(graph, { inputBoundary: ['outside/relu'] });
    expect(analysis.groups.find(({ name }) => name === 'inside')?.fixed?.kind).toBe('outside');
  });
});

test('a batch norm without a scale says 1 of each channel, and its layer is exported whole', () => {
  const net = new MethodNetwork();
  const first = net.layer('conv1', net.input([1, 3, 8, 8]), 7, 3, { norm: 'unscaled' });
  const analysis = analysisOf(net.finish(net.layer('conv2', first, 4, 1)));
  const measured = new Measurement(analysis, { conv2: [0.9, 0.1, 0.8, 0.2] });
  // c·alive_in·reg_out, and c·(alive_in·reg_out + alive_out·reg_in), with reg = 7 behind conv1.
  expectAllNear([measured.loss('conv1'), measured.loss('conv2')], [1152 * 3 * 7, 128 * (7 * 2 + 2 * 7)]);
  expect([...aliveCounts(analysis, measured.evaluation.alive)]).toEqual([
    ['conv1', 7],
    ['conv2', 2],
  ]);
});

describe('a single channel that is broadcast', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 8, 8]);
  const sum = net.addition('sum', net.layer('one', image, 1, 3), net.layer('five', image, 5, 3));
  const analysis = analysisOf(net.finish(net.layer('end', sum, 2, 1)), { prunableOutputs: false });
  const measured = new Measurement(analysis, { one: [0.1], five: [0.9, 0.1, 0.8, 0.2, 0.9] });

  test('is tied to none of the channels that it meets, and may go', () => {
    expect(measured.cost('one')).toBe(0);
    expect(measured.aliveCount('sum')).toBe(3);
    const rebuilt = rebuildGraph(analysis.grouping, measured.evaluation.alive);
    expect(rebuilt.ok && rebuilt.value.graph.ops.map(({ name }) => name)).not.toContain('one');
  });

  test('never gets a second one beside it', () => {
    const alive = analysis.groups.map(() => 1);
    const expanded = expandWidths(analysis, alive, { budget: 2 * measured.evaluation.cost });
    if (!expanded.ok) throw new Error(expanded.error);
    const widthOf = (layer: string): number | undefined =>
      expanded.value.widths[analysis.groups.find(({ name }) => name === layer)!.id];
    expect(widthOf('one')).toBe(1);
    expect(widthOf('five')).toBeGreaterThan(1);
  });
});

describe('patterns', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const joined = net.concat('concat', net.layer('left', image, 3, 1), net.layer('right', image, 4, 1));
  const graph = net.finish(net.layer('end', net.addition('sum', joined, net.layer('cut', image, 7, 1)), 2, 1));

  test('a forced group of channels that a concatenation has cut is an error that names the op', () => {
    for (const compat of [{}, { compat: 'reference' }] as const) {
      const analysis = analyzeStructure(graph, {
        algorithm: 'gamma',
        resource: 'flops',
        threshold: 0.5,
        forceGroups: ['cut'],
        ...compat,
      });
      expect(analysis).toMatchObject({ ok: false, error: expect.stringContaining('cut') as string });
    }
    expect(analysisOf(graph, { forceGroups: ['left'] }).notices.map(({ code }) => code)).toContain('channels-forced');
  });

  test('exclusions of which one matches are taken, and the others pointed out', () => {
    const { notices, groups } = analysisOf(graph, { exclude: ['right', 'oops'] });
    expect(groups.find(({ name }) => name === 'right')?.fixed?.kind).toBe('excluded');
    expect(notices.filter(({ code }) => code === 'pattern-without-match')).toMatchObject([
      { severity: 'warning', message: 'No op is called oops' },
    ]);
    expect(() => analysisOf(graph, { exclude: ['oops', 'nope'] })).toThrow('No op is called oops');
  });
});

test('ops that lead to no output neither cost nor say what channels are worth', () => {
  const net = new MethodNetwork();
  const first = net.layer('conv1', net.input([1, 3, 8, 8]), 4, 3);
  net.norm('unused norm', first);
  net.layer('unused', first, 6, 3);
  const graph = net.finish(net.layer('conv2', first, 5, 1));
  const analysis = analysisOf(graph);
  expect(analysis.sources.map(({ op }) => graph.ops[op]!.name)).toEqual(['conv1/norm', 'conv2/norm']);
  const measured = new Measurement(analysis, { conv1: [0.9, 0.1, 0.9, 0.1], conv2: repeated([5, 0.9]) });
  expectNear(measured.evaluation.cost, 6912 + 2 * 64 * 2 * 5);
  // It is still built, at its own width, on what is left of its input.
  const rebuilt = rebuildGraph(analysis.grouping, measured.evaluation.alive);
  if (!rebuilt.ok) throw new Error(rebuilt.error);
  expect(opNamed(rebuilt.value.graph, 'unused').attributes).toMatchObject({ inChannels: 2, outChannels: 6 });
});

test('of equal members the first in the network gets the gradient', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const sum = net.addition('sum', net.layer('first', image, 2, 1), net.layer('second', image, 2, 1));
  const measured = new Measurement(analysisOf(net.finish(net.layer('end', sum, 2, 1))), {
    first: [1, 1],
    second: [1, 1],
    end: [1, 1],
  });
  expect(measured.gradient('first').every((slope) => slope > 0)).toBe(true);
  expect(measured.gradient('second')).toEqual([0, 0]);
});
