// Vectors 15 to 19 of the method's specification: depthwise convolutions, alone, between other layers, with a multiplier.

import { expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { StructureOptions } from '../../../server/src/structure/analyze-structure.ts';
import {
  analysisOf,
  deviceNamed,
  expectAllNear,
  expectNear,
  Measurement,
  MethodNetwork,
  repeated,
} from '../../support/method-network.ts';

const layers = ['dw1', 'conv1', 'conv2', 'dw2', 'conv3'] as const;

const scales = {
  conv1: repeated([7, 0.8], [6, 0.2]),
  conv2: repeated([11, -0.7], [12, 0.1]),
  conv3: repeated([10, 0.6], [19, -0.3]),
  dw1: [-0.3, -0.9, -0.9],
  dw2: repeated([5, 0.3], [10, 0.9], [8, -0.1]),
};

/** Model M2; its image is a constant, as in the reference, or an input of the network. */
function modelM2(image: 'constant' | 'input', norm: boolean): NetworkGraph {
  const net = new MethodNetwork();
  const from = image === 'constant' ? net.constant('image', [1, 3, 17, 19]) : net.input([1, 3, 17, 19]);
  const options = { norm, relu: norm };
  const left = net.layer('conv1', net.depthwise('dw1', from, 3, 1, options), 13, [7, 5]);
  const right = net.depthwise('dw2', net.layer('conv2', from, 23, 1), 5, 1, options);
  return net.finish(net.layer('conv3', net.concat('concat', left, right), 29, 3, { stride: 2 }));
}

function measure(graph: NetworkGraph, options: Partial<StructureOptions>): Measurement {
  return new Measurement(analysisOf(graph, { threshold: 0.45, ...options }), scales);
}

function expectLayers(measured: Measurement, costs: readonly number[], losses: readonly number[]): void {
  expectAllNear(
    layers.map((layer) => measured.cost(layer)),
    costs,
  );
  expectAllNear(
    layers.map((layer) => measured.loss(layer)),
    losses,
  );
}

test('vector 15: M2 with norms, its first depthwise layer excluded', () => {
  const measured = measure(modelM2('constant', true), { compat: 'reference', exclude: ['dw1'] });
  expectLayers(measured, [17442, 474810, 29070, 242250, 356400], [0, 461244, 25775.4, 429590, 742608]);
  expectNear(measured.evaluation.cost, 1119972);
  expectNear(measured.evaluation.loss, 1659217.5);
  expect(measured.groups('conv2')).toEqual(measured.groups('dw2'));
  expect(measured.aliveCount('conv2')).toBe(15);
  expectNear(
    measured.regularization('conv2').reduce((sum, r) => sum + r, 0),
    13.3,
  );
});

test('vector 15: a depthwise layer on an input of the network stays whole without being excluded', () => {
  const measured = measure(modelM2('input', true), {});
  expectLayers(measured, [17442, 474810, 29070, 242250, 356400], [0, 461244, 25775.4, 429590, 742608]);
});

test('vector 16: M2 with norms', () => {
  const graph = modelM2('constant', true);
  const measured = measure(graph, { compat: 'reference' });
  expectLayers(measured, [11628, 316540, 29070, 242250, 356400], [12209.4, 639863, 25775.4, 429590, 742608]);
  expectNear(measured.evaluation.cost, 955888);
  expectNear(measured.evaluation.loss, 1850045.8);

  const size = measure(graph, { compat: 'reference', resource: 'params' });
  expectAllNear([size.cost('dw1'), size.loss('dw1'), size.cost('dw2'), size.loss('dw2')], [18, 18.9, 375, 665]);
  expectAllNear([size.evaluation.cost, size.evaluation.loss], [2908, 5839.9]);

  const latency = measure(graph, { compat: 'reference', resource: 'latency', device: deviceNamed('P100') });
  expectAllNear(
    [latency.cost('dw1'), latency.loss('dw1'), latency.cost('dw2'), latency.loss('dw2')],
    [9.120218, 4.016393, 83.68852, 101.45792],
  );
  expectAllNear([latency.evaluation.cost, latency.evaluation.loss], [586.10754, 606.3494]);
});

test.for(['constant', 'input'] as const)('vector 17: M2 without norms on the depthwise layers, on a %s', (image) => {
  const measured = measure(modelM2(image, false), image === 'constant' ? { compat: 'reference' } : {});
  expectLayers(measured, [17442, 474810, 21318, 177650, 291600], [0, 461244, 17248.2, 287470, 595511.9]);
  expectNear(measured.evaluation.cost, 982820);
  expectNear(measured.evaluation.loss, 1361474.2);
});

/** The image and what reads it; vector 18. */
function placeholderModel(): NetworkGraph {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 17, 19]);
  const left = net.layer('conv1', net.depthwise('dw1', image, 3, 1, { norm: true, relu: true }), 13, [7, 5]);
  return net.finish(left, net.layer('conv2', image, 4, 1));
}

test('vector 18: in the reference an image that is fed joins the group of a depthwise layer that reads it', () => {
  const values = { ...scales, conv2: repeated([4, 0.8]) };
  const graph = placeholderModel();
  const joined = new Measurement(analysisOf(graph, { threshold: 0.45, compat: 'reference' }), values);
  expect(joined.alive('dw1')).toEqual([0, 1, 1]);
  expectAllNear(
    ['dw1', 'conv1', 'conv2'].flatMap((layer) => [joined.cost(layer), joined.loss(layer)]),
    [11628, 24418.8, 316540, 639863, 5168, 9560.8],
  );
  const bounded = new Measurement(
    analysisOf(graph, { threshold: 0.45, compat: 'reference', inputBoundary: ['input'] }),
    values,
  );
  expectAllNear(
    ['dw1', 'conv2'].flatMap((layer) => [bounded.cost(layer), bounded.loss(layer)]),
    [11628, 12209.4, 7752, 6201.6],
  );
});

test('mistake 14: the channels of an input of the network never die', () => {
  const measured = new Measurement(analysisOf(placeholderModel(), { threshold: 0.45 }), {
    ...scales,
    conv2: repeated([4, 0.8]),
  });
  expect(measured.alive('dw1')).toEqual([1, 1, 1]);
  expect(measured.alive('input')).toEqual([1, 1, 1]);
});

test('vector 19: a depthwise multiplier of 2', () => {
  const net = new MethodNetwork();
  const first = net.layer('conv1', net.input([1, 3, 8, 8]), 3, 3);
  const second = net.depthwise('dw', first, 3, 2, { norm: true, relu: true });
  const measured = new Measurement(analysisOf(net.finish(net.layer('conv2', second, 4, 1))), {
    conv1: [0.9, 0.1, 0.7],
    dw: [0.2, 0.3, 0.1, 0.2, 0.95, 0.05],
    conv2: repeated([4, 0.9]),
  });
  expectAllNear(measured.regularization('conv1'), [0.9, 0.2, 0.95]);
  expect(measured.alive('conv1')).toEqual([1, 0, 1]);
  expectAllNear(measured.regularization('dw'), [0.9, 0.9, 0.2, 0.2, 0.95, 0.95]);
  expectAllNear(
    ['conv1', 'dw', 'conv2'].map((layer) => measured.cost(layer)),
    [6912, 4608, 2048],
  );
  expectAllNear(
    ['conv1', 'dw', 'conv2'].map((layer) => measured.loss(layer)),
    [7084.8, 7084.8, 3942.4],
  );
});
