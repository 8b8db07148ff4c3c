// The rows of the specification's feature checklist (section 9) that are this room's, each by what it does. Numbers stand
// with the vectors; here it is shown that each feature is there and can be asked for.

import { describe, expect, test } from 'vitest';
import { builtInDevices } from '../../../server/src/costs/device-profile.ts';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import { analyzeStructure } from '../../../server/src/structure/analyze-structure.ts';
import type { CustomRules } from '../../../server/src/structure/op-rules/op-rule.ts';
import { costName, type Resource } from '../../../server/src/structure/resource.ts';
import { suggestedStrength } from '../../../server/src/structure/strength-controller.ts';
import { seedCost } from '../../../server/src/structure/evaluate-regularizer.ts';
import {
  analysisOf,
  deviceNamed,
  Measurement,
  MethodNetwork,
  opNamed,
  repeated,
} from '../../support/method-network.ts';

/** Two convolutions with norms, a plain one, and a dense head. */
function network(): NetworkGraph {
  const net = new MethodNetwork();
  const first = net.layer('conv1', net.input([1, 3, 8, 8]), 4, 3);
  const second = net.layer('conv2', first, 6, 3);
  const third = net.layer('plain', second, 5, 3, { norm: false });
  return net.finish(net.dense('head', net.mean('mean', third), 10));
}

const device = deviceNamed('T4');
const resources: readonly Resource[] = ['flops', 'params', 'activations', 'latency', 'memory'];

describe('regularizers by resource', () => {
  test.for(
    (['gamma', 'group-lasso', 'logistic-sigmoid'] as const).flatMap((algorithm) =>
      resources.map((resource) => [algorithm, resource] as const),
    ),
  )('%s for %s: a cost, a loss and a gradient for each source', ([algorithm, resource]) => {
    const analysis = analysisOf(network(), { algorithm, resource, device, prunableOutputs: false });
    const ones = Object.fromEntries(
      analysis.sources.map(({ op, channels }) => [analysis.graph.ops[op]!.name, repeated([channels, 1])]),
    );
    const { evaluation } = new Measurement(analysis, ones);
    expect(evaluation.cost).toBeGreaterThan(0);
    expect(evaluation.loss).toBeGreaterThan(0);
    for (const { op } of analysis.sources) expect(evaluation.gradients.get(op)!.every((slope) => slope > 0)).toBe(true);
  });

  test('which layers are sources', () => {
    const sources = (algorithm: 'auto' | 'gamma' | 'group-lasso' | 'logistic-sigmoid'): readonly string[] => {
      const { sources: found, graph } = analysisOf(network(), { algorithm, prunableOutputs: false });
      return found.map(({ op, kind }) => `${graph.ops[op]!.name} ${kind}`);
    };
    expect(sources('gamma')).toEqual(['conv1/norm gamma', 'conv2/norm gamma']);
    expect(sources('group-lasso')).toEqual(['conv1 group-lasso', 'conv2 group-lasso', 'plain group-lasso']);
    expect(sources('logistic-sigmoid')).toEqual(['conv1/norm gate', 'conv2/norm gate', 'plain gate']);
    expect(sources('auto')).toEqual(['conv1/norm gamma', 'conv2/norm gamma', 'plain group-lasso']);
  });

  test('the names of costs', () => {
    expect(resources.map((resource) => costName({ resource, device }))).toEqual([
      'FLOPs',
      'ModelSize',
      'Activations',
      'T4 Latency',
      'Memory',
    ]);
  });

  test('six devices and two pseudo devices', () => {
    expect(builtInDevices.map(({ name }) => name)).toEqual([
      'K80',
      'P4',
      'T4',
      'P100',
      'V100',
      'TPUv2',
      'FLOP_LATENCY',
      'MEMORY_LATENCY',
    ]);
  });
});

describe('the algorithm is chosen from the network', () => {
  test('mixed networks say which layers got which', () => {
    const analysis = analysisOf(network(), { algorithm: 'auto', prunableOutputs: false });
    expect(analysis.algorithm).toBe('mixed');
    expect(analysis.notices.map(({ message }) => message)).toEqual([
      'Batch-norm scales decide about conv1, conv2; weights (group lasso) about plain, which no scaled batch norm follows',
    ]);
  });

  test('scales where a scaled norm follows every layer, weights where none does', () => {
    const chosen = (norm: boolean | 'unscaled'): string => {
      const net = new MethodNetwork();
      const value = net.layer('conv1', net.input([1, 3, 8, 8]), 4, 3, { norm });
      return analysisOf(net.finish(net.dense('head', net.mean('mean', value), 10)), {
        algorithm: 'auto',
        prunableOutputs: false,
      }).algorithm;
    };
    expect([chosen(true), chosen(false), chosen('unscaled')]).toEqual(['gamma', 'group-lasso', 'group-lasso']);
  });

  test('a sum of a scaled and a plain branch is judged by weights, as scales do not speak for the plain one', () => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 8, 8]);
    const sum = net.addition('sum', net.layer('scaled', image, 4, 3), net.layer('plain', image, 4, 3, { norm: false }));
    const graph = net.finish(net.dense('head', net.mean('mean', sum), 10));
    const { sources } = analysisOf(graph, { algorithm: 'auto', prunableOutputs: false });
    expect(sources.map(({ op, kind }) => [graph.ops[op]!.name, kind])).toEqual([
      ['scaled', 'group-lasso'],
      ['plain', 'group-lasso'],
    ]);
  });

  test('a norm that reads a stream of sums speaks for all that went into it', () => {
    const net = new MethodNetwork();
    const bare = { norm: false, relu: false };
    const stem = net.layer('stem', net.input([1, 3, 8, 8]), 4, 3, bare);
    const inner = net.layer('inner', net.relu('relu0', net.norm('norm0', stem)), 4, 3, bare);
    const graph = net.finish(
      net.dense('head', net.mean('mean', net.norm('norm1', net.addition('sum', stem, inner))), 10),
    );
    expect(analysisOf(graph, { algorithm: 'auto', prunableOutputs: false }).algorithm).toBe('gamma');
  });

  test('a batch norm without scale is told, with what to do', () => {
    const net = new MethodNetwork();
    const value = net.layer('conv2', net.layer('conv1', net.input([1, 3, 8, 8]), 4, 3, { norm: 'unscaled' }), 4, 3);
    const graph = net.finish(net.dense('head', net.mean('mean', value), 10));
    const { notices } = analysisOf(graph, { algorithm: 'gamma', prunableOutputs: false });
    expect(notices).toEqual([
      {
        severity: 'warning',
        code: 'batch-norm-without-scale',
        message:
          'conv1/norm has no scale (affine=False or scale=False), so there is nothing to regularise in it; give it one, or use group lasso',
        op: opNamed(graph, 'conv1/norm').id,
      },
    ]);
  });
});

test('one shared layer is one source', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 4, 8, 8]);
  const parameters = [{ id: 'norm.scale', role: 'scale', shape: [4] }] as const;
  const norm = (name: string, from: number): number =>
    net.add(
      name,
      { kind: 'batch-norm', channels: 4, epsilon: 0, momentum: 0.1, hasScale: true, hasShift: false, channelAxis: 1 },
      [from],
      parameters,
    );
  const conv = (name: string): number => net.layer(name, image, 4, 1, { norm: false, relu: false });
  const sum = net.addition('sum', norm('norm1', conv('conv1')), norm('norm2', conv('conv2')));
  const graph = net.finish(net.dense('head', net.mean('mean', sum), 2));
  const { sources } = analysisOf(graph, { prunableOutputs: false });
  expect(sources.map(({ op }) => graph.ops[op]!.name)).toEqual(['norm1']);
});

test('size counts shared weights once, operations at each call', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 4, 8, 8]);
  const shared = (name: string, from: number): number =>
    net.add(
      name,
      {
        kind: 'convolution',
        inChannels: 4,
        outChannels: 4,
        kernel: [1, 1],
        stride: [1, 1],
        padding: [
          { before: 0, after: 0 },
          { before: 0, after: 0 },
        ],
        paddingMode: 'zeros',
        dilation: [1, 1],
        groups: 1,
        channelAxis: 1,
      },
      [from],
      [{ id: 'weight', role: 'weight', shape: [4, 4, 1, 1] }],
    );
  const graph = net.finish(net.layer('end', shared('second', shared('first', image)), 3, 1));
  const cost = (resource: Resource): number => seedCost(analysisOf(graph, { resource }));
  expect(cost('params')).toBe(16 + 12);
  expect(cost('flops')).toBe(2 * 64 * (16 + 16 + 12));
});

test('the strength to start from is 1 over the cost of the seed', () => {
  const analysis = analysisOf(network(), { prunableOutputs: false });
  expect(suggestedStrength(seedCost(analysis)) * seedCost(analysis)).toBeCloseTo(1, 12);
  expect(suggestedStrength(0)).toBe(0);
});

test.for([
  [{ l1Fraction: 1.5 }, 'The L1 fraction must lie between 0 and 1, but it is 1.5'],
  [{ threshold: -1 }, 'The threshold must be 0 or more'],
  [{ batchSize: 0 }, 'The batch size must be above 0, but it is 0'],
  [{ resource: 'latency' }, 'Latency needs a device'],
] as const)('wrong options are sentences: %o', ([options, error]) => {
  const result = analyzeStructure(network(), { algorithm: 'auto', resource: 'flops', threshold: 0.1, ...options });
  expect(result).toEqual({ ok: false, error });
});

test('thresholds can differ for scales and weights', () => {
  const analysis = analysisOf(network(), {
    algorithm: 'auto',
    threshold: { gamma: 0.5, 'group-lasso': 0.1 },
    prunableOutputs: false,
  });
  const measured = new Measurement(analysis, {
    conv1: repeated([4, 0.3]),
    conv2: repeated([6, 0.7]),
    plain: repeated([5, 0.3]),
  });
  expect(['conv1', 'conv2', 'plain'].map((layer) => measured.aliveCount(layer))).toEqual([0, 6, 5]);
});

describe('over-regularization warning', () => {
  const codes = (net: MethodNetwork, from: number, algorithm: 'gamma' | 'group-lasso'): readonly string[] => {
    const graph = net.finish(net.dense('head', net.mean('mean', from), 10));
    return analysisOf(graph, { algorithm, prunableOutputs: false })
      .notices.filter(({ code }) => code === 'sources-in-a-row')
      .map(({ message }) => message);
  };

  test('norms one behind the other on the same channels are told, with their names', () => {
    const net = new MethodNetwork();
    const conv = net.layer('conv', net.input([1, 3, 8, 8]), 4, 3);
    expect(codes(net, net.depthwise('depthwise', conv, 3, 1, { norm: true }), 'gamma')).toEqual([
      'The same channels are regularised twice, one source behind the other: conv/norm and depthwise/norm. The larger of the two decides what goes',
    ]);
  });

  test('not where weights decide, nor where the channels of two branches are added', () => {
    const separable = new MethodNetwork();
    const conv = separable.layer('conv', separable.input([1, 3, 8, 8]), 4, 3);
    expect(codes(separable, separable.depthwise('depthwise', conv, 3, 1, { norm: true }), 'group-lasso')).toEqual([]);
    const residual = new MethodNetwork();
    const stem = residual.layer('stem', residual.input([1, 3, 8, 8]), 4, 3);
    expect(codes(residual, residual.addition('sum', stem, residual.layer('inner', stem, 4, 3)), 'gamma')).toEqual([]);
  });
});

describe('a custom rule by kind of op', () => {
  function sorted(): NetworkGraph {
    const net = new MethodNetwork();
    const wide = net.layer('wide', net.input([1, 3, 4, 4]), 4, 1);
    const own = net.add(
      'own',
      { kind: 'opaque', operation: 'my_scale', reason: 'not modelled', shapes: [[1, 4, 4, 4]] },
      [wide],
    );
    return net.finish(net.layer('reader', own, 3, 1));
  }
  const scales = { wide: [0.9, 0.1, 0.9, 0.1], reader: repeated([3, 1]) };

  test('without one the op keeps its channels whole', () => {
    const measured = new Measurement(analysisOf(sorted()), { reader: repeated([3, 1]) });
    expect(measured.cost('reader')).toBe(2 * 16 * 4 * 3);
  });

  test('with one they go on', () => {
    const rules: CustomRules = { my_scale: (layouts, op) => layouts.inputLayout(op) };
    const measured = new Measurement(analysisOf(sorted(), { rules }), scales);
    expect(measured.cost('reader')).toBe(2 * 16 * 2 * 3);
  });

  test('a built-in rule can be replaced: activations that keep their channels whole', () => {
    const net = new MethodNetwork();
    const graph = net.finish(net.layer('reader', net.layer('wide', net.input([1, 3, 4, 4]), 4, 1), 3, 1));
    const rules: CustomRules = { activation: () => undefined };
    const measured = new Measurement(analysisOf(graph, { rules }), scales);
    expect(measured.aliveCount('wide')).toBe(2);
    expect(measured.cost('reader')).toBe(2 * 16 * 4 * 3);
  });
});
