// What an op kind is, kind by kind: a row of the table against the graph that frontends draw and rules rebuild.

import { expect, test } from 'vitest';
import { fansOf, usualInitializer } from '../../../server/src/network/initializer.ts';
import {
  channelAxisOf,
  hasOwnWidth,
  isWeighted,
  ownWidthOf,
  parameterAxesOf,
  widthsOf,
  withWidths,
} from '../../../server/src/network/op-traits.ts';
import type { Op, OpAttributes, Parameter } from '../../../server/src/network/op.ts';

const one = { before: 1, after: 1 };
const window = { kernel: [3, 3], stride: [1, 1], padding: [one, one], dilation: [1, 1], channelAxis: 1 } as const;
const convolution = (inChannels: number, outChannels: number, groups = 1): OpAttributes => ({
  kind: 'convolution',
  ...window,
  inChannels,
  outChannels,
  groups,
  paddingMode: 'zeros',
});
const transposed = (inChannels: number, outChannels: number, groups = 1): OpAttributes => ({
  kind: 'transposed-convolution',
  ...window,
  inChannels,
  outChannels,
  groups,
  outputPadding: [0, 0],
});
const dense: OpAttributes = { kind: 'dense', inFeatures: 12, outFeatures: 5 };

const op = (attributes: OpAttributes, parameters: readonly Parameter[] = []): Op => ({
  id: 0,
  name: 'op',
  label: attributes.kind,
  attributes,
  inputs: [],
  outputs: [],
  parameters,
  site: { span: { document: 'test:traits', start: 0, end: 0 }, callChain: [] },
});
const weight = (...shape: readonly number[]): Parameter => ({ id: 'weight', role: 'weight', shape });

test('layers have the width that their weights give them; depthwise ones hand channels on', () => {
  expect(ownWidthOf(op(convolution(4, 8)))).toBe(8);
  expect(ownWidthOf(op(dense))).toBe(5);
  expect(ownWidthOf(op({ kind: 'embedding', count: 100, width: 16 }))).toBe(16);
  expect(ownWidthOf(op({ kind: 'identity' }))).toBe(0);
  expect(ownWidthOf(undefined)).toBe(0);
  expect([hasOwnWidth, isWeighted].map((asks) => asks(op(convolution(8, 16, 8))))).toEqual([true, false]);
  expect(isWeighted(op(convolution(8, 16, 2)))).toBe(true);
});

test('a norm has a width by its parameters, but no width of its own', () => {
  const norm: OpAttributes = { kind: 'group-norm', groups: 4, channels: 8, epsilon: 1e-5, channelAxis: -1 };
  expect(widthsOf(norm)).toEqual({ in: 8, out: 8 });
  expect(ownWidthOf(op(norm))).toBe(0);
});

test('channels stand where an op says it, whatever the framework', () => {
  expect(channelAxisOf(op(convolution(4, 8)), 4)).toBe(1);
  expect(channelAxisOf(op({ kind: 'input', shape: [1, 8, 8, 3], channelAxis: -1 }), 4)).toBe(3);
  expect(channelAxisOf(op({ kind: 'input', shape: [1, 8, 8, 3] }), 4)).toBeUndefined();
  expect(channelAxisOf(op(dense), 3)).toBe(2);
  expect(channelAxisOf(op({ kind: 'layer-norm', normalizedAxes: [-1], epsilon: 1e-5 }), 3)).toBe(2);
});

test('a depthwise convolution keeps one group a channel at another width, a grouped one its number of groups', () => {
  expect(withWidths(convolution(8, 8, 8), { in: 6, out: 6 })).toMatchObject({
    inChannels: 6,
    outChannels: 6,
    groups: 6,
  });
  expect(withWidths(convolution(8, 8, 2), { in: 6, out: 4 })).toMatchObject({
    inChannels: 6,
    outChannels: 4,
    groups: 2,
  });
  expect(withWidths(dense, { in: 6 })).toMatchObject({ inFeatures: 6, outFeatures: 5 });
});

test.for([
  [op(convolution(4, 8, 2)), weight(8, 2, 3, 3)],
  [op(transposed(4, 8, 2)), weight(4, 4, 3, 3)],
  [op(dense), weight(5, 12)],
  [op({ kind: 'embedding', count: 100, width: 16 }), weight(100, 16)],
] as const)('$0.label: the axes of the weight are as long as the widths that they follow', ([layer, parameter]) => {
  const widths = widthsOf(layer.attributes);
  for (const { axis, end, groups } of parameterAxesOf(layer, parameter)) {
    expect(parameter.shape[axis]).toBe((widths[end] ?? 0) / groups);
  }
  expect(parameterAxesOf(layer, parameter).some(({ end }) => end === 'out')).toBe(true);
});

test('a layer starts as in PyTorch: evenly within one over the root of what a channel is summed from', () => {
  const layer = op(convolution(4, 8), [weight(8, 4, 3, 3)]);
  expect(fansOf(layer)).toEqual({ in: 36, out: 72 });
  expect(usualInitializer(layer, weight(8, 4, 3, 3))).toEqual({
    kind: 'variance-scaling',
    scale: 1 / 3,
    fan: 'in',
    distribution: 'uniform',
  });
});
