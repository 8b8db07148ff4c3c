// Vectors 1 to 14 of the method's specification: model M1, two branches joined by a concatenation, with two outputs.

import { describe, expect, test } from 'vitest';
import type { StructureOptions } from '../../../server/src/structure/analyze-structure.ts';
import { partOf } from '../../../server/src/structure/evaluate-regularizer.ts';
import {
  analysisOf,
  deviceNamed,
  expectAllNear,
  expectNear,
  Measurement,
  MethodNetwork,
  repeated,
} from '../../support/method-network.ts';

const layers = ['conv1', 'conv2', 'conv3', 'conv4'] as const;

const scales = {
  conv1: repeated([7, 0.8], [6, 0.2]),
  conv2: repeated([11, -0.7], [12, 0.1]),
  conv3: repeated([10, 0.6], [19, -0.3]),
  conv4: repeated([17, -0.5], [14, -0.4]),
};

function modelM1(): MethodNetwork {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 17, 19]);
  const joined = net.concat('concat', net.layer('conv1', image, 13, [7, 5]), net.layer('conv2', image, 23, 1));
  net.layer('conv3', joined, 29, 3, { stride: 2 });
  net.layer('conv4', joined, 31, 1);
  return net;
}

function measure(options: Partial<StructureOptions> = {}): Measurement {
  const net = modelM1();
  const ends = net.finish().ops.filter(({ name }) => name === 'conv3/relu' || name === 'conv4/relu');
  const graph = net.finish(...ends.flatMap(({ outputs }) => outputs));
  return new Measurement(analysisOf(graph, { threshold: 0.45, ...options }), scales);
}

function expectCosts(measured: Measurement, costs: readonly number[], total: number): void {
  expectAllNear(
    layers.map((layer) => measured.cost(layer)),
    costs,
  );
  expectNear(measured.evaluation.cost, total);
}

function expectLosses(measured: Measurement, losses: readonly number[], total: number): void {
  expectAllNear(
    layers.map((layer) => measured.loss(layer)),
    losses,
  );
  expectNear(measured.evaluation.loss, total);
}

test('vector 1: regularization sums and alive counts of M1', () => {
  const measured = measure();
  expectAllNear(
    layers.map((layer) => measured.regularization(layer).reduce((sum, r) => sum + r, 0)),
    [6.8, 8.9, 11.7, 14.1],
  );
  expect(layers.map((layer) => measured.aliveCount(layer))).toEqual([7, 11, 10, 17]);
});

test('vector 2: FLOPs of M1', () => {
  expectCosts(measure(), [474810, 21318, 291600, 197676], 985404);
  expectLosses(measure(), [461244, 17248.2, 595511.9, 336372.2], 1410376.4);
});

test('vector 3: model size of M1', () => {
  expectCosts(measure({ resource: 'params' }), [735, 33, 1620, 306], 2694);
  expectLosses(measure({ resource: 'params' }), [714, 26.7, 3308.4, 520.7], 4569.8);
});

test('vector 4: activation count of M1', () => {
  expectCosts(measure({ resource: 'activations' }), [7, 11, 10, 17], 45);
  expectLosses(measure({ resource: 'activations' }), [6.8, 8.9, 11.7, 14.1], 41.5);
});

test('vector 5: latency of M1 on a P100', () => {
  const measured = measure({ resource: 'latency', device: deviceNamed('P100') });
  expectCosts(measured, [51.054836, 24.890709, 45.540981, 63.448086], 515.251587);
  expectLosses(measured, [49.596134, 15.854645, 51.543713, 55.443165], 461.267181);
  for (const [name, cost, loss] of [
    ['conv1/relu', 24.710382, 24.004372],
    ['conv1/norm', 24.710382, 24.004372],
    ['conv2/relu', 38.830601, 31.417488],
    ['concat', 63.540981, 55.421852],
    ['conv3/relu', 9.836065, 11.508198],
  ] as const) {
    expectNear(measured.cost(name), cost);
    expectNear(measured.loss(name), loss);
  }
});

test('vector 6: latency of M1 on a V100, where the first layer is bound by memory', () => {
  const measured = measure({ resource: 'latency', device: deviceNamed('V100') });
  expectCosts(measured, [17.622223, 20.244446, 37.04, 51.604446], 395.168915);
  expectNear(measured.evaluation.loss, 347.760895);
});

test.for([
  ['K80', 762.226135, 680.572266],
  ['P4', 1856.079224, 1653.358398],
  ['T4', 1191.258423, 1061.421143],
  ['TPUv2', 1185.506714, 1043.282715],
  ['FLOP_LATENCY', 985404, 1410376.4],
  ['MEMORY_LATENCY', 355652, 312984.8],
] as const)('vector 7: latency of M1 on %s', ([name, cost, loss]) => {
  const { evaluation } = measure({ resource: 'latency', device: deviceNamed(name) });
  expectNear(evaluation.cost, cost);
  expectNear(evaluation.loss, loss);
});

test('vector 7: bytes of the layers of M1', () => {
  const byDevice = measure({ resource: 'latency', device: deviceNamed('MEMORY_LATENCY') });
  expectCosts(byDevice, [15860, 18220, 33336, 46444], 355652);
  expectCosts(measure({ resource: 'memory' }), [15860, 18220, 33336, 46444], 355652);
});

describe('vector 8: gradients of the total loss of M1', () => {
  test.for([
    ['flops', undefined, [95012, 29120, 29160, 11628]],
    ['params', undefined, [212, 110, 162, 18]],
    ['latency', 'P100', [21.99847, 16.48634, 3.34426, 8.9235]],
  ] as const)('%s', ([resource, device, slopes]) => {
    const measured = measure({ resource, ...(device && { device: deviceNamed(device) }) });
    // By r; the sign of each scale comes in where the vector is made of it, |γ|.
    layers.forEach((layer, index) => {
      expectAllNear(
        measured.gradient(layer),
        scales[layer].map(() => slopes[index]!),
      );
    });
  });
});

test('vector 9: M1 at a threshold under all scales', () => {
  const flops = measure({ threshold: 0.05 }).evaluation;
  expectNear(flops.cost, 3338580);
  expectNear(flops.loss, 2540740);
  const latency = measure({ threshold: 0.05, resource: 'latency', device: deviceNamed('V100') }).evaluation;
  expectNear(latency.cost, 807.33783);
  expectNear(latency.loss, 370.221771);
});

test('vector 10: M1 at a threshold above all scales', () => {
  const flops = measure({ threshold: 0.95 }).evaluation;
  expect(flops.cost).toBe(0);
  expectNear(flops.loss, 478492.2);
  const latency = measure({ threshold: 0.95, resource: 'latency', device: deviceNamed('V100') }).evaluation;
  expectNear(latency.cost, 8.613334);
  expectNear(latency.loss, 25.830223);
});

test('vector 12: an input boundary takes sources out', () => {
  const net = modelM1();
  const graph = net.finish(
    ...net
      .finish()
      .ops.filter(({ name }) => /conv[34]\/relu/.test(name))
      .flatMap(({ outputs }) => outputs),
  );
  const sources = (inputBoundary: readonly string[]): readonly string[] =>
    analysisOf(graph, { inputBoundary, compat: 'reference', threshold: 0.45 }).sources.map(
      ({ op }) => graph.ops[op]!.name,
    );
  // The boundary is a layer's last op, as the reference's layers return it.
  expect(sources(['conv3/relu'])).toEqual(['conv1/norm', 'conv2/norm', 'conv4/norm']);
  expect(() => sources(['conv[34]/relu'])).toThrow('no layer to regularise');
  expect(sources(['concat'])).toEqual(['conv3/norm', 'conv4/norm']);
});

test('vector 13: a convolution whose norm has no scale keeps its width and has nothing to regularise', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 17, 19]);
  const first = net.layer('conv1', image, 13, [7, 5], { norm: 'unscaled' });
  const graph = net.finish(net.layer('conv2', first, 5, 1));
  const analysis = analysisOf(graph);
  const measured = new Measurement(analysis, { conv2: repeated([5, 1]) });
  expect(measured.aliveCount('conv1')).toBe(13);
  expect(measured.regularization('conv1')).toEqual(repeated([13, 1]));
  expect(analysis.notices.map(({ code }) => code)).toContain('batch-norm-without-scale');
});

test('cost and loss of some ops, and of all when none is named', () => {
  const { evaluation, ...measured } = measure();
  const ids = ['conv1', 'conv3'].map((name) => measured.analysis.graph.ops.findIndex((op) => op.name === name));
  expectNear(partOf(evaluation, ids).cost, 474810 + 291600);
  expectNear(partOf(evaluation, ids).loss, 461244 + 595511.9);
  expect(partOf(evaluation, [])).toEqual({ cost: evaluation.cost, loss: evaluation.loss });
});
