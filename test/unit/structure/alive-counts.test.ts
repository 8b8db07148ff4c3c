// Vectors 58 to 61 of the method's specification, and 27's export: counts as files, and structures from such files.

import { describe, expect, test } from 'vitest';
import { valueOf, type NetworkGraph } from '../../../server/src/network/network-graph.ts';
import {
  aliveCounts,
  aliveCountsFile,
  aliveVectors,
  formatAliveCounts,
  structureOfCounts,
  withoutCommonPrefix,
  type Fallback,
} from '../../../server/src/structure/alive-counts.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import { channelCounts, rebuildGraph, type RebuiltNetwork } from '../../../server/src/structure/rebuild-graph.ts';
import { analysisOf, Measurement, MethodNetwork, opNamed, repeated } from '../../support/method-network.ts';

const on = 0.9;
const off = 0.1;

/** Four convolutions in a row, a dense head; the fourth is tied to nothing else. */
function chain(): NetworkGraph {
  const net = new MethodNetwork();
  let value = net.input([1, 3, 4, 4]);
  for (const [index, width] of [3, 4, 5, 2].entries()) value = net.layer(`conv${String(index + 1)}`, value, width, 1);
  return net.finish(net.dense('head', net.mean('mean', value), 10));
}

describe('vector 58: counts', () => {
  const measured = new Measurement(analysisOf(chain(), { prunableOutputs: false }), {
    conv1: [on, on, on],
    conv2: repeated([4, off]),
    conv3: repeated([5, on]),
    conv4: [off, on],
  });

  test('are the numbers of alive channels; layers that can not change are left out', () => {
    const counts = aliveCounts(measured.analysis, measured.evaluation.alive);
    expect(Object.fromEntries(counts)).toEqual({ conv1: 3, conv2: 0, conv3: 5, conv4: 1 });
    expect(aliveVectors(measured.analysis, measured.evaluation.alive).get('conv4')).toEqual([false, true]);
  });

  test('are written with sorted names and two spaces', () => {
    expect(
      formatAliveCounts(
        new Map([
          ['u1/conv2', 2],
          ['u1/conv1', 1],
        ]),
      ),
    ).toBe('{\n  "u1/conv1": 1,\n  "u1/conv2": 2\n}\n');
    expect(aliveCountsFile(1000)).toBe('learned_structure/alive_1000');
  });

  test('have TensorFlow names where the framework has them, dense layers included', () => {
    const net = new MethodNetwork();
    const hidden = net.dense('hidden', net.mean('mean', net.layer('conv', net.input([1, 3, 4, 4]), 3, 1)), 4);
    const graph: NetworkGraph = { ...net.finish(net.dense('head', hidden, 2)), framework: 'keras' };
    const analysis = analysisOf(graph, { algorithm: 'auto', prunableOutputs: false });
    const all = new Uint8Array(analysis.grouping.groupOfChannel.length).fill(1);
    expect(Object.fromEntries(aliveCounts(analysis, all))).toEqual({ 'conv/Conv2D': 3, 'hidden/MatMul': 4 });
  });
});

test('vector 27, mistake 13: the exported counts of a dead branch', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const shortcut = net.layer('shortcut', image, 4, 1, { relu: false });
  const unit = net.layer('u/conv3', net.layer('u/conv2', net.layer('u/conv1', shortcut, 2, 1), 2, 3), 4, 1, {
    relu: false,
  });
  const graph = net.finish(
    net.dense('dense', net.mean('mean', net.relu('out', net.addition('add', shortcut, unit))), 23),
  );
  const measured = new Measurement(analysisOf(graph, { threshold: 0.6, prunableOutputs: false }), {
    shortcut: [0.9, 0.1, 0.7, 0.2],
    'u/conv1': [0.1, 0.05],
    'u/conv2': [0.9, 0.2],
    'u/conv3': [0.3, 0.65, 0.1, 0.2],
  });
  const counts = Object.fromEntries(aliveCounts(measured.analysis, measured.evaluation.alive));
  // Mistake 13: the last layer of a dead branch keeps its group's count in the file.
  expect(counts).toEqual({ shortcut: 3, 'u/conv1': 0, 'u/conv2': 1, 'u/conv3': 3 });
  const rebuilt = rebuildGraph(measured.analysis.grouping, measured.evaluation.alive);
  expect(rebuilt.ok && rebuilt.value.graph.ops.filter(({ name }) => name.startsWith('u/'))).toEqual([]);
});

/** The structure of a file as the rebuilt network. */
function fromCounts(
  graph: NetworkGraph,
  counts: Readonly<Record<string, number>>,
  fallback: Fallback = 'pass-through',
  minimum = 0,
): RebuiltNetwork {
  const grouping = groupChannels(graph, { prunableOutputs: true });
  const structure = structureOfCounts(grouping, new Map(Object.entries(counts)), fallback, minimum);
  if (!structure.ok) throw new Error(structure.error);
  const rebuilt = rebuildGraph(grouping, channelCounts(grouping, structure.value.widths), structure.value.dead);
  if (!rebuilt.ok) throw new Error(rebuilt.error);
  return rebuilt.value;
}

const constructed = ({ graph }: RebuiltNetwork): Readonly<Record<string, number>> =>
  Object.fromEntries(
    graph.ops.flatMap(({ name, attributes }) =>
      attributes.kind === 'convolution' ? [[name, attributes.outChannels]] : [],
    ),
  );

describe('vector 59: structures from files', () => {
  const pair = (): NetworkGraph => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 4, 4]);
    return net.finish(net.concat('out', net.layer('first', image, 12, 1), net.layer('second', image, 13, 1)));
  };

  test('a layer that the file does not name vanishes, stays, or is an error', () => {
    expect(constructed(fromCounts(pair(), { 'first/Conv2D': 3 }, 'zero'))).toEqual({ first: 3 });
    expect(constructed(fromCounts(pair(), { 'first/Conv2D': 3 }))).toEqual({ first: 3, second: 13 });
    expect(() => fromCounts(pair(), { 'first/Conv2D': 3 }, 'strict')).toThrow('The structure says nothing of second');
  });

  test('a layer on a vanished one vanishes too', () => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 4, 4]);
    const b = net.layer('b', net.layer('a', image, 4, 1), 5, 1);
    const graph = net.finish(net.concat('out', net.layer('c', image, 6, 1), b));
    expect(constructed(fromCounts(graph, { 'a/Conv2D': 0 }))).toEqual({ c: 6 });
  });
});

test('vector 60: a vanished branch leaves concatenations and sums to the others', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const branch1 = net.layer('conv1', image, 4, 1);
  const branch2 = net.layer('conv2', image, 4, 1, { norm: false, relu: false });
  const graph = net.finish(net.concat('out', branch1, branch2, net.addition('sum', branch1, branch2)));
  const { graph: rebuilt } = fromCounts(graph, { conv1: 0, conv2: 1 });
  expect(valueOf(rebuilt, rebuilt.outputs[0]!).shape).toEqual([1, 2, 4, 4]);
  expect(rebuilt.ops.map(({ name }) => name)).toEqual(['input', 'conv2', 'out']);
});

test('vector 61: every layer can be made to keep a channel', () => {
  const net = new MethodNetwork();
  const conv = net.layer('conv', net.input([1, 3, 4, 4]), 4, 1);
  const separable = net.layer('sep_conv', net.depthwise('depthwise', conv, 3), 5, 1);
  const graph = net.finish(net.dense('dense', net.mean('mean', separable), 6));
  const rebuilt = fromCounts(graph, { conv: 1, sep_conv: 0, dense: 3 }, 'pass-through', 1).graph;
  expect(valueOf(rebuilt, rebuilt.outputs[0]!).shape).toEqual([1, 3]);
  expect(opNamed(rebuilt, 'sep_conv').attributes).toMatchObject({ inChannels: 1, outChannels: 1 });
});

test('vector 61: a prefix that the names of the file have lost matches nothing, and the network stays as it is', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.layer('multiple/common/prefixes/conv', net.input([1, 3, 4, 4]), 10, 1));
  const [name = ''] = withoutCommonPrefix(['multiple/common/prefixes/conv']);
  const rebuilt = fromCounts(graph, { [name]: 3 }).graph;
  expect(valueOf(rebuilt, rebuilt.outputs[0]!).shape).toEqual([1, 10, 4, 4]);
});

test.for([
  [[], []],
  [
    ['', ''],
    ['', ''],
  ],
  [
    ['a', 'a'],
    ['a', 'a'],
  ],
  [
    ['/', '/'],
    ['', ''],
  ],
  [
    ['/x', '/x'],
    ['x', 'x'],
  ],
  [
    ['abc/', 'abc/', 'abc/'],
    ['', '', ''],
  ],
  [
    ['abc/x', 'abc/x', 'abd/x'],
    ['abc/x', 'abc/x', 'abd/x'],
  ],
  [
    ['abc/x/', 'abc/y', 'abc/z/'],
    ['x/', 'y', 'z/'],
  ],
] as const)('the common prefix of %o', ([names, expected]) => {
  expect(withoutCommonPrefix(names)).toEqual(expected);
});
