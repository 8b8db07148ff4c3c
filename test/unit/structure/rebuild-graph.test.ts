// The really narrowed network: sizes, parameters, removed branches, cut paths; its costs against what the analysis says.

import { expect, test } from 'vitest';
import { reportCosts } from '../../../server/src/costs/cost-report.ts';
import { valueOf, type NetworkGraph } from '../../../server/src/network/network-graph.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import { proposeWidths } from '../../../server/src/structure/propose-widths.ts';
import { rebuildGraph, rebuildWithWidths } from '../../../server/src/structure/rebuild-graph.ts';
import {
  analysisOf,
  deviceNamed,
  Measurement,
  MethodNetwork,
  opNamed,
  repeated,
} from '../../support/method-network.ts';

const device = deviceNamed('V100');

function rebuilt(graph: NetworkGraph, alive: ArrayLike<number>, grouping = groupChannels(graph)): NetworkGraph {
  const result = rebuildGraph(grouping, alive);
  if (!result.ok) throw new Error(result.error);
  return result.value.graph;
}

/** A stage of two residual blocks behind a stem, and a dense head: the smallest network with everything of a ResNet. */
function smallResidual(): NetworkGraph {
  const net = new MethodNetwork();
  const stem = net.layer('stem', net.input([1, 3, 8, 8]), 4, 3);
  const first = net.layer('a2', net.layer('a1', stem, 6, 3), 4, 3, { relu: false });
  const one = net.relu('relu1', net.addition('add1', stem, first));
  const second = net.layer('b2', net.layer('b1', one, 6, 3), 4, 3, { relu: false });
  const two = net.relu('relu2', net.addition('add2', one, second));
  return net.finish(net.dense('head', net.mean('mean', two), 10));
}

const values = {
  stem: [0.9, 0.1, 0.8, 0.1],
  a1: [0.9, 0.9, 0.1, 0.1, 0.1, 0.9],
  a2: [0.1, 0.1, 0.1, 0.7],
  b1: [0.9, 0.1, 0.1, 0.1, 0.1, 0.1],
  b2: [0.1, 0.1, 0.1, 0.1],
};

test('all layers of a residual stage get the same width, and the cost is that of the rebuilt network', () => {
  const measured = new Measurement(analysisOf(smallResidual(), { prunableOutputs: false }), values);
  const graph = rebuilt(smallResidual(), measured.evaluation.alive);
  const widths = Object.fromEntries(
    graph.ops.flatMap(({ name, attributes }) =>
      attributes.kind === 'convolution' ? [[name, attributes.outChannels]] : [],
    ),
  );
  expect(widths).toEqual({ stem: 3, a1: 3, a2: 3, b1: 1, b2: 3 });
  const { total } = reportCosts(graph, device);
  expect(total.macs).toEqual({ kind: 'exact', value: measured.evaluation.cost / 2 });
  expect(opNamed(graph, 'head').attributes).toEqual({ kind: 'dense', inFeatures: 3, outFeatures: 10 });
});

test('parameters take the shapes of the narrowed layers', () => {
  const measured = new Measurement(analysisOf(smallResidual(), { prunableOutputs: false }), values);
  const graph = rebuilt(smallResidual(), measured.evaluation.alive);
  const shapes = Object.fromEntries(graph.ops.flatMap((op) => op.parameters.map(({ id, shape }) => [id, shape])));
  expect(shapes).toMatchObject({
    'stem.weight': [3, 3, 3, 3],
    'stem/norm.scale': [3],
    'stem/norm.running-mean': [3],
    'a1.weight': [3, 3, 3, 3],
    'b2.weight': [3, 1, 3, 3],
    'head.weight': [10, 3],
    'head.bias': [10],
  });
});

test('a dead inner layer takes its whole branch with it, and the sum becomes its other side', () => {
  const graph = smallResidual();
  const measured = new Measurement(analysisOf(graph, { prunableOutputs: false }), {
    ...values,
    b1: repeated([6, 0.1]),
  });
  const result = rebuildGraph(measured.analysis.grouping, measured.evaluation.alive);
  if (!result.ok) throw new Error(result.error);
  expect(result.value.removed.map((id) => graph.ops[id]!.name)).toEqual([
    'b1',
    'b1/norm',
    'b1/relu',
    'b2',
    'b2/norm',
    'add2',
  ]);
  const relu = opNamed(result.value.graph, 'relu2');
  expect(valueOf(result.value.graph, relu.inputs[0]!).producer).toBe(opNamed(result.value.graph, 'relu1').id);
});

test('what feeds only removed layers goes too', () => {
  const net = new MethodNetwork();
  const stem = net.layer('stem', net.input([1, 3, 8, 8]), 4, 3);
  const inner = net.layer('b2', net.layer('b1', stem, 6, 3), 5, 3);
  const graph = net.finish(
    net.dense('head', net.mean('mean', net.addition('add', stem, net.layer('b3', inner, 4, 1))), 2),
  );
  const result = rebuildWithWidths(groupChannels(graph), new Map([['b2', 0]]));
  if (!result.ok) throw new Error(result.error);
  expect(result.value.graph.ops.map(({ name }) => name)).toEqual([
    'input',
    'stem',
    'stem/norm',
    'stem/relu',
    'mean',
    'head',
  ]);
});

test('a network without a path from input to output is an error that names the layer', () => {
  const net = new MethodNetwork();
  const graph = net.finish(
    net.dense('head', net.mean('mean', net.layer('b', net.layer('a', net.input([1, 3, 8, 8]), 4, 3), 5, 3)), 2),
  );
  expect(rebuildWithWidths(groupChannels(graph), new Map([['a', 0]]))).toEqual({
    ok: false,
    error: 'The network is cut: no channel of a is left, and head depends on it',
  });
});

test('a proposal has a row for each layer, tied layers share their group, and totals are measured on the rebuilt network', () => {
  const graph = smallResidual();
  const measured = new Measurement(analysisOf(graph, { prunableOutputs: false }), values);
  const result = proposeWidths(measured.analysis.grouping, measured.evaluation.alive, device, 7);
  if (!result.ok) throw new Error(result.error);
  const { proposal, rebuilt: after } = result.value;
  expect(proposal.layers.map(({ name, group, width }) => [name, group, width.before, width.after])).toEqual([
    ['stem', 'stem', 4, 3],
    ['a1', 'a1', 6, 3],
    ['a2', 'stem', 4, 3],
    ['b1', 'b1', 6, 1],
    ['b2', 'stem', 4, 3],
    ['head', 'head', 10, 10],
  ]);
  expect(proposal.groups.map(({ name, layers, width }) => [name, layers, width.after])).toEqual([
    ['stem', ['stem', 'a2', 'b2'], 3],
    ['a1', ['a1'], 3],
    ['b1', ['b1'], 1],
    ['head', ['head'], 10],
  ]);
  expect(proposal.totals.macs.after).toBe(64 * 9 * (3 * 3 + 3 * 3 + 3 * 3 + 3 * 1 + 1 * 3) + 30);
  const parameterCount = after.graph.ops
    .flatMap((op) => op.parameters)
    .filter(({ role }) => !role.startsWith('running'))
    .reduce((sum, { shape }) => sum + shape.reduce<number>((product, size) => product * Number(size), 1), 0);
  expect(proposal.totals.params.after).toBe(parameterCount);
  expect(proposal.removed).toEqual([]);
  expect(proposal.step).toBe(7);
});

test('widths above the seed widen a network', () => {
  const graph = smallResidual();
  const result = rebuildWithWidths(
    groupChannels(graph),
    new Map([
      ['a1', 9],
      ['stem', 5],
    ]),
  );
  if (!result.ok) throw new Error(result.error);
  expect(opNamed(result.value.graph, 'a1').attributes).toMatchObject({ inChannels: 5, outChannels: 9 });
  expect(opNamed(result.value.graph, 'a2').attributes).toMatchObject({ inChannels: 9, outChannels: 5 });
});

test('flatten into a dense layer: each channel stands for all of its positions', () => {
  const net = new MethodNetwork();
  const graph = net.finish(
    net.dense('head', net.flatten('flatten', net.layer('a', net.input([1, 3, 8, 8]), 6, 3)), 10),
  );
  const result = rebuildWithWidths(groupChannels(graph), new Map([['a', 4]]));
  if (!result.ok) throw new Error(result.error);
  expect(opNamed(result.value.graph, 'head').attributes).toMatchObject({ inFeatures: 4 * 64 });
});
