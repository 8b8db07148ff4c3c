// Vectors 20 to 31 of the method's specification: which channels go together in sums, concatenations and gates.

import { expect, test } from 'vitest';
import {
  analysisOf,
  expectAllNear,
  expectNear,
  Measurement,
  MethodNetwork,
  repeated,
} from '../../support/method-network.ts';

/** Cost or loss of several layers. */
const costs = (measured: Measurement, ...layers: readonly string[]): readonly number[] =>
  layers.map((layer) => measured.cost(layer));
const losses = (measured: Measurement, ...layers: readonly string[]): readonly number[] =>
  layers.map((layer) => measured.loss(layer));

test('vector 20: the sum of a concatenation and a convolution (M3)', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 17, 19]);
  const joined = net.concat('c', net.layer('conv1', image, 7, [7, 5]), net.layer('conv2', image, 5, 1));
  const sum = net.addition('s', joined, net.layer('conv4', net.layer('conv3', joined, 4, 1), 12, 3));
  const graph = net.finish(net.layer('conv5', sum, 3, 3, { stride: 2 }));
  const measured = new Measurement(analysisOf(graph, { threshold: 0.26 }), {
    conv1: [0.1, 0.3, 0.6, 0.2, 0.4, 0, 0.8],
    conv2: [0.15, 0.25, 0.05, 0.55, 0.45],
    conv3: [0.07, 0.27, 0.17, 0.37],
    conv4: [0.07, 0.27, 0.17, 0.37, 0.28, 0.32, 0.12, 0.22, 0.19, 0.11, 0.02, 0.06],
    conv5: [0.24, 0.34, 0.29],
  });
  const left = [0.1, 0.3, 0.6, 0.37, 0.4, 0.32, 0.8];
  const right = [0.22, 0.25, 0.11, 0.55, 0.45];
  for (const op of ['c', 's', 'conv4']) {
    expectAllNear(measured.regularization(op), [...left, ...right]);
    expect(measured.slices(op)).toEqual([7, 5]);
    expect(measured.alive(op)).toEqual([0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1]);
  }
  expectAllNear(measured.regularization('conv1'), left);
  expectAllNear(measured.regularization('conv2'), right);
  expect(measured.alive('conv3')).toEqual([0, 1, 0, 1]);
  expect(measured.alive('conv5')).toEqual([0, 1, 1]);
  const layers = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'];
  expectAllNear(costs(measured, ...layers), [406980, 3876, 10336, 93024, 25920]);
  expectNear(measured.evaluation.cost, 540136);
  expectAllNear(losses(measured, ...layers), [196028.7, 3062.04, 10323.08, 92907.73, 25758]);
  expectNear(measured.evaluation.loss, 328079.56);
  expectAllNear(measured.gradient('conv1'), [83990, 83990, 83990, 0, 83990, 0, 83990]);
  expectAllNear(measured.gradient('conv2'), [0, 18098, 0, 18098, 18098]);
  expectAllNear(measured.gradient('conv3'), repeated([4, 51680]));
  expectAllNear(measured.gradient('conv4'), [0, 0, 0, 83990, 0, 83990, 0, 18098, 0, 18098, 0, 0]);
  expectAllNear(measured.gradient('conv5'), repeated([3, 12960]));
});

test('vector 21: concatenations on spatial axes tie', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 17, 19]);
  const high = net.concatOn('high', 2, net.layer('conv1', image, 3, [7, 5]), net.layer('conv2', image, 3, 1));
  const third = net.layer('conv3', high, 4, 1);
  const graph = net.finish(net.concatOn('wide', 3, net.layer('conv4', third, 4, 3), third));
  const measured = new Measurement(analysisOf(graph, { threshold: 0.2 }), {
    conv1: [0.1, 0.3, 0.6],
    conv2: [0.15, 0.25, 0.05],
    conv3: [0.07, 0.17, 0.57, 0.37],
    conv4: [0.06, 100.87, 0.17, 1.57],
  });
  for (const op of ['conv1', 'conv2', 'high']) {
    expectAllNear(measured.regularization(op), [0.15, 0.3, 0.6]);
    expect(measured.alive(op)).toEqual([0, 1, 1]);
  }
  for (const op of ['conv3', 'conv4', 'wide']) {
    expectAllNear(measured.regularization(op), [0.07, 100.87, 0.57, 1.57]);
    expect(measured.alive(op)).toEqual([0, 1, 1, 1]);
  }
});

test('vector 22: a concatenation with a branch that has nothing to regularise', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 8, 8]);
  const plain = net.layer('a', image, 5, 1, { norm: false, relu: false });
  const joined = net.concat('concat', plain, net.layer('b', image, 4, 1));
  const graph = net.finish(net.layer('conv3', joined, 6, 3));
  const measured = new Measurement(analysisOf(graph), {
    b: [0.9, 0.1, 0.8, 0.2],
    conv3: repeated([4, 0.9], [2, 0.1]),
  });
  expectAllNear(measured.regularization('concat'), [0, 0, 0, 0, 0, 0.9, 0.1, 0.8, 0.2]);
  expect(measured.aliveCount('concat')).toBe(7);
  expectAllNear(costs(measured, 'a', 'b', 'conv3'), [1920, 768, 32256]);
  expectAllNear(losses(measured, 'a', 'b', 'conv3'), [0, 768, 39859.2]);
});

test('vector 23: a batch norm behind a concatenation gives each branch its own part', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 8, 8]);
  const bare = { norm: false, relu: false };
  const joined = net.concat('concat', net.layer('left', image, 3, 1, bare), net.layer('right', image, 4, 1, bare));
  const graph = net.finish(net.norm('norm', joined));
  const measured = new Measurement(analysisOf(graph), { norm: [0.9, 0.1, 0.8, 0.2, 0.7, 0.1, 0.6] });
  expectAllNear(measured.regularization('left'), [0.9, 0.1, 0.8]);
  expectAllNear(measured.regularization('right'), [0.2, 0.7, 0.1, 0.6]);
  expect(measured.slices('concat')).toEqual([3, 4]);
  expect(measured.slices('norm')).toEqual([3, 4]);
});

/** concat(l, r) + concat(r, l). */
function swapped(left: number, right: number): MethodNetwork {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 8, 8]);
  const l = net.layer('l', image, left, 1);
  const r = net.layer('r', image, right, 1);
  net.addition('sum', net.concat('lr', l, r), net.concat('rl', r, l));
  return net;
}

test('vector 24: swapped concatenations collapse into one group of single channels', () => {
  const graph = swapped(3, 4).finish();
  const sum = graph.ops.find(({ name }) => name === 'sum')!;
  const measured = new Measurement(analysisOf({ ...graph, outputs: sum.outputs }), {
    l: [0.9, 0.1, 0.2],
    r: [0.1, 0.9, 0.2, 0.8],
  });
  expect(new Set([...measured.channels('l'), ...measured.channels('r')]).size).toBe(1);
  expect(measured.slices('sum')).toEqual(repeated([7, 1]));
  expectAllNear(measured.regularization('sum'), repeated([7, 0.9]));
});

test('vector 24: swapped concatenations of widths 2 and 4 collapse into slices of two', () => {
  const graph = swapped(2, 4).finish();
  const sum = graph.ops.find(({ name }) => name === 'sum')!;
  const measured = new Measurement(analysisOf({ ...graph, outputs: sum.outputs }), {
    l: [0.9, 0.1],
    r: [0.1, 0.6, 0.2, 0.3],
  });
  expect(measured.slices('sum')).toEqual([2, 2, 2]);
  expect([...measured.groups('l'), ...measured.groups('r'), ...measured.groups('sum')]).toEqual(['l', 'l', 'l']);
  expectAllNear(measured.regularization('sum'), [0.9, 0.6, 0.9, 0.6, 0.9, 0.6]);
});

test('vector 25: two concatenations with different cuts', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const parts = (names: readonly string[]) => names.map((name) => net.layer(name, image, Number(name.slice(1)), 1));
  const first = net.concat('as', ...parts(['a5', 'a6', 'a7']));
  const sum = net.addition('sum', first, net.concat('bs', ...parts(['b9', 'b4', 'b5'])));
  const graph = net.finish(net.layer('c', sum, 2, 1));
  const scale = (width: number, base: number): readonly number[] =>
    Array.from({ length: width }, (_, index) => base + 0.01 * index);
  const measured = new Measurement(analysisOf(graph, { threshold: 0.3 }), {
    a5: scale(5, 0.1),
    a6: scale(6, 0.2),
    a7: scale(7, 0.3),
    b9: scale(9, 0.2),
    b4: scale(4, 0.4),
    b5: scale(5, 0.6),
    c: [0.9, 0.1],
  });
  expect(measured.slices('sum')).toEqual([5, 4, 2, 2, 5]);
  expect(measured.slices('a6')).toEqual([4, 2]);
  expectAllNear(measured.regularization('a6'), [0.25, 0.26, 0.27, 0.28, 0.4, 0.41]);
  expect(measured.slices('a7')).toEqual([2, 5]);
  expectAllNear(measured.regularization('a7').slice(0, 3), [0.42, 0.43, 0.6]);
  expect(measured.slices('b9')).toEqual([5, 4]);
  expect(measured.slices('b4')).toEqual([2, 2]);
  expectAllNear(measured.regularization('b4'), [0.4, 0.41, 0.42, 0.43]);
  expect(['a5', 'a6', 'a7', 'b9'].map((layer) => measured.aliveCount(layer))).toEqual([0, 2, 7, 0]);
  expectAllNear(costs(measured, 'a5', 'a6', 'a7', 'b9', 'b4', 'b5', 'c'), [0, 192, 672, 0, 384, 480, 288]);
});

test('vector 26: a value concatenated with itself', () => {
  const net = new MethodNetwork();
  const l = net.layer('l', net.input([2, 3, 4, 4]), 3, 3);
  const graph = net.finish(net.layer('c', net.concat('concat', l, l), 2, 1));
  const measured = new Measurement(analysisOf(graph), { l: [0.9, 0.1, 0.2], c: [0.9, 0.9] });
  expectAllNear(measured.regularization('concat'), [0.9, 0.1, 0.2, 0.9, 0.1, 0.2]);
  expectNear(measured.cost('c'), 128);
  expectNear(measured.loss('c'), 268.8);
});

/** The ResNet-v1 stage of vector 27. */
function stage(): Measurement {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const unit = (name: string, from: number) =>
    net.layer(`${name}/conv3`, net.layer(`${name}/conv2`, net.layer(`${name}/conv1`, from, 2, 1), 2, 3), 4, 1, {
      relu: false,
    });
  const shortcut = net.layer('shortcut', image, 4, 1, { relu: false });
  const out1 = net.relu('out1', net.addition('add1', shortcut, unit('u1', image)));
  const out2 = net.relu('out2', net.addition('add2', out1, unit('u2', out1)));
  const graph = net.finish(net.dense('dense', net.mean('mean', out2), 23));
  return new Measurement(analysisOf(graph, { threshold: 0.6 }), {
    shortcut: [0.9, 0.1, 0.7, 0.2],
    'u1/conv1': [0.9, 0.1],
    'u1/conv2': [0.8, 0.7],
    'u1/conv3': [0.1, 0.1, 0.9, 0.2],
    'u2/conv1': [0.1, 0.05],
    'u2/conv2': [0.9, 0.2],
    'u2/conv3': [0.3, 0.65, 0.1, 0.2],
  });
}

const stageLayers = ['shortcut', 'u1/conv1', 'u1/conv2', 'u1/conv3', 'u2/conv1', 'u2/conv2', 'u2/conv3', 'dense'];

test('vector 27: a ResNet-v1 stage with a dead inner layer', () => {
  const measured = stage();
  expectAllNear(measured.regularization('out2'), [0.9, 0.65, 0.9, 0.2]);
  expect(measured.aliveCount('shortcut')).toBe(3);
  expectAllNear(costs(measured, ...stageLayers), [288, 96, 576, 192, 0, 0, 96, 138]);
  expectNear(measured.evaluation.cost, 1386);
  expectAllNear(losses(measured, ...stageLayers), [254.4, 96, 1008, 313.6, 14.4, 43.2, 190.4, 121.9]);
  expectNear(measured.evaluation.loss, 2041.9);
  expect(stageLayers.slice(0, 7).map((layer) => measured.aliveCount(layer))).toEqual([3, 1, 2, 3, 0, 1, 3]);
});

test('vector 28: squeeze and excite', () => {
  const net = new MethodNetwork();
  const bare = { norm: false, relu: false };
  const x = net.layer('x', net.input([1, 3, 8, 8]), 6, 3);
  const reduce = net.relu('reduce/relu', net.layer('reduce', net.mean('mean', x, true), 2, 1, bare));
  const gate = net.sigmoid('sigmoid', net.layer('expand', reduce, 6, 1, bare));
  const graph = net.finish(net.layer('conv2', net.multiply('y', x, gate), 4, 1));
  const measured = new Measurement(analysisOf(graph), {
    x: [0.9, 0.8, 0.7, 0.1, 0.1, 0.6],
    conv2: repeated([4, 0.9]),
  });
  for (const op of ['x', 'mean', 'expand', 'y']) {
    expect(measured.groups(op)).toEqual(['x']);
    expect(measured.aliveCount(op)).toBe(4);
  }
  expect(measured.aliveCount('reduce')).toBe(2);
  expectAllNear(costs(measured, 'x', 'reduce', 'expand', 'conv2'), [13824, 16, 16, 2048]);
  expectAllNear(losses(measured, 'x', 'reduce', 'expand', 'conv2'), [11059.2, 12.8, 12.8, 3481.6]);
});

test('vector 29: a pre-activation skip is one group with both norms', () => {
  const net = new MethodNetwork();
  const bare = { norm: false, relu: false };
  const conv0 = net.layer('conv0', net.input([1, 3, 8, 8]), 4, 3, bare);
  const conv1 = net.layer('conv1', net.relu('relu0', net.norm('n0', conv0)), 4, 3, bare);
  const graph = net.finish(net.relu('relu1', net.norm('n1', net.addition('add', conv0, conv1))));
  const measured = new Measurement(analysisOf(graph), { n0: [0.9, 0.1, 0.2, 0.3], n1: [0.1, 0.1, 0.7, 0.2] });
  for (const op of ['conv0', 'conv1', 'add', 'n0', 'n1']) {
    expect(measured.groups(op)).toEqual(['conv0']);
    expectAllNear(measured.regularization(op), [0.9, 0.1, 0.7, 0.3]);
    expect(measured.alive(op)).toEqual([1, 0, 1, 0]);
  }
});

test('vector 30: a single channel is broadcast, not tied', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 8, 8]);
  const graph = net.finish(net.addition('sum', net.layer('one', image, 1, 1), net.layer('four', image, 4, 1)));
  const measured = new Measurement(analysisOf(graph), { one: [0.9], four: [0.9, 0.8, 0.1, 0.2] });
  expect(measured.groups('one')).toEqual(['one']);
  expect(measured.groups('sum')).toEqual(['four']);
  expectAllNear(measured.regularization('sum'), [0.9, 0.8, 0.1, 0.2]);
});

test('vector 31: a global mean and a dense layer', () => {
  const net = new MethodNetwork();
  const conv = net.layer('conv', net.input([1, 3, 8, 8]), 6, 3);
  const graph = net.finish(net.dense('dense', net.mean('mean', conv), 10));
  const measured = new Measurement(analysisOf(graph), { conv: [0.9, 0.8, 0.7, 0.1, 0.1, 0.1] });
  expectAllNear([measured.cost('conv'), measured.loss('conv')], [10368, 9331.2]);
  expectAllNear([measured.cost('dense'), measured.loss('dense')], [60, 54]);
});
