// Every op kind of the network graph has a channel rule: behind a convolution its channels are followed, or they stay whole
// with a reason that names the op. A new kind does not compile here until it has a case.

import { expect, test } from 'vitest';
import type { OpAttributes, OpKind, Parameter, ValueId } from '../../../server/src/network/op.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import { rebuildWithWidths } from '../../../server/src/structure/rebuild-graph.ts';
import { MethodNetwork, opNamed } from '../../support/method-network.ts';

const none = { before: 0, after: 0 };
const pair = [none, none] as const;
const weight = (...shape: readonly number[]): readonly Parameter[] => [{ id: 'op.weight', role: 'weight', shape }];

/** What becomes of the convolution's four channels: `followed`, `own` (the op has channels of its own), or kept whole. */
type Outcome = 'followed' | 'own' | 'whole' | 'apart';

interface Case {
  readonly attributes: OpAttributes;
  readonly outcome: Outcome;
  readonly parameters?: readonly Parameter[];
  /** What the op reads; the convolution when absent. */
  readonly inputs?: (net: MethodNetwork, conv: ValueId) => readonly ValueId[];
}

const twice = (_: MethodNetwork, conv: ValueId): readonly ValueId[] => [conv, conv];

const cases: { readonly [K in OpKind]: Case } = {
  input: { attributes: { kind: 'input', shape: [1, 4, 4, 4] }, outcome: 'apart', inputs: () => [] },
  convolution: {
    attributes: {
      kind: 'convolution',
      inChannels: 4,
      outChannels: 5,
      kernel: [1, 1],
      stride: [1, 1],
      padding: pair,
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups: 1,
      channelAxis: 1,
    },
    parameters: weight(5, 4, 1, 1),
    outcome: 'own',
  },
  'transposed-convolution': {
    attributes: {
      kind: 'transposed-convolution',
      inChannels: 4,
      outChannels: 5,
      kernel: [2, 2],
      stride: [2, 2],
      padding: pair,
      outputPadding: [0, 0],
      dilation: [1, 1],
      groups: 1,
      channelAxis: 1,
    },
    parameters: weight(4, 5, 2, 2),
    outcome: 'own',
  },
  dense: {
    attributes: { kind: 'dense', inFeatures: 4, outFeatures: 5 },
    parameters: weight(5, 4),
    outcome: 'own',
    inputs: (net, conv) => [net.mean('mean', conv)],
  },
  'batch-norm': {
    attributes: {
      kind: 'batch-norm',
      channels: 4,
      epsilon: 0,
      momentum: 0.1,
      hasScale: false,
      hasShift: false,
      channelAxis: 1,
    },
    outcome: 'followed',
  },
  'layer-norm': { attributes: { kind: 'layer-norm', normalizedAxes: [1, 2, 3], epsilon: 0 }, outcome: 'followed' },
  'group-norm': {
    attributes: { kind: 'group-norm', groups: 2, channels: 4, epsilon: 0, channelAxis: 1 },
    outcome: 'followed',
  },
  'local-response-norm': { attributes: { kind: 'local-response-norm', size: 3 }, outcome: 'followed' },
  activation: { attributes: { kind: 'activation', function: 'relu', channelAxis: 1 }, outcome: 'followed' },
  pool: {
    attributes: {
      kind: 'pool',
      mode: 'max',
      kernel: [2, 2],
      stride: [2, 2],
      padding: pair,
      dilation: [1, 1],
      ceilMode: false,
      countIncludePad: true,
      channelAxis: 1,
    },
    outcome: 'followed',
  },
  'adaptive-pool': {
    attributes: { kind: 'adaptive-pool', mode: 'average', outputSize: [2, 2], channelAxis: 1 },
    outcome: 'followed',
  },
  reduce: {
    attributes: { kind: 'reduce', reducer: 'mean', axes: [2, 3], keepDimensions: true },
    outcome: 'followed',
  },
  elementwise: { attributes: { kind: 'elementwise', operator: 'add' }, outcome: 'followed', inputs: twice },
  concat: { attributes: { kind: 'concat', axis: 1 }, outcome: 'followed', inputs: twice },
  slice: { attributes: { kind: 'slice', axis: 1, start: 0, size: 2, step: 1 }, outcome: 'followed' },
  reshape: { attributes: { kind: 'reshape', shape: [1, -1] }, outcome: 'followed' },
  permute: { attributes: { kind: 'permute', order: [0, 2, 3, 1] }, outcome: 'followed' },
  expand: { attributes: { kind: 'expand', shape: [1, -1, 4, 4] }, outcome: 'followed' },
  pad: {
    attributes: { kind: 'pad', padding: [none, none, ...pair], mode: 'constant', value: 0 },
    outcome: 'followed',
  },
  resize: {
    attributes: { kind: 'resize', mode: 'nearest', outputSize: [8, 8], alignCorners: false, channelAxis: 1 },
    outcome: 'followed',
  },
  matmul: { attributes: { kind: 'matmul' }, outcome: 'followed', inputs: twice },
  softmax: { attributes: { kind: 'softmax', axis: 1, log: false }, outcome: 'whole' },
  embedding: {
    attributes: { kind: 'embedding', count: 9, width: 5 },
    parameters: weight(9, 5),
    outcome: 'apart',
    inputs: (net) => [net.input([1, 7])],
  },
  'channel-shuffle': { attributes: { kind: 'channel-shuffle', groups: 2, channelAxis: 1 }, outcome: 'followed' },
  'depth-to-space': {
    attributes: { kind: 'depth-to-space', block: 2, order: 'crd', channelAxis: 1 },
    outcome: 'followed',
  },
  'space-to-depth': {
    attributes: { kind: 'space-to-depth', block: 2, order: 'dcr', channelAxis: 1 },
    outcome: 'followed',
  },
  dropout: { attributes: { kind: 'dropout', rate: 0.5 }, outcome: 'followed' },
  identity: { attributes: { kind: 'identity' }, outcome: 'followed' },
  constant: { attributes: { kind: 'constant', shape: [1, 4, 4, 4], value: 2 }, outcome: 'apart', inputs: () => [] },
  rearrange: { attributes: { kind: 'rearrange', operation: 'roll', shape: [1, 4, 4, 4] }, outcome: 'whole' },
  opaque: {
    attributes: { kind: 'opaque', operation: 'fft', reason: 'it is not modelled', shapes: [[1, 4, 4, 4]] },
    outcome: 'whole',
  },
};

test.for(Object.entries(cases))('%s', ([, { attributes, outcome, parameters = [], inputs }]) => {
  const net = new MethodNetwork();
  const bare = { norm: false, relu: false } as const;
  const conv = net.layer('conv', net.input([1, 3, 4, 4]), 4, 1, bare);
  const read = inputs?.(net, conv) ?? [conv];
  net.add('op', attributes, read, parameters);
  // The op's own output is no output of the network, whose width would be fixed for that.
  const grouping = groupChannels(net.finish(net.layer('last', conv, 2, 1, bare)));
  const value = opNamed(grouping.graph, 'op').outputs[0] ?? -1;
  const channels = [...(grouping.valueChannels[value]?.channels ?? [])].map(
    (channel) => grouping.groupOfChannel[channel],
  );
  const groupsOf = (name: string) =>
    grouping.groups.filter(({ members }) => members.some(({ op: id }) => grouping.graph.ops[id]?.name === name));
  const ofConvolution = groupsOf('conv').map(({ id }) => id);
  switch (outcome) {
    case 'followed':
      expect(channels.length).toBeGreaterThan(0);
      for (const group of channels) expect(ofConvolution).toContain(group);
      for (const { fixed } of groupsOf('conv')) expect(fixed).toBeUndefined();
      break;
    case 'own':
      expect(channels.length).toBe(5);
      for (const group of channels) expect(ofConvolution).not.toContain(group);
      break;
    case 'whole':
      for (const { fixed } of groupsOf('conv')) expect(fixed?.reason).toMatch(/\bop \(/u);
      break;
    case 'apart':
      for (const group of channels) expect(ofConvolution).not.toContain(group);
      break;
  }
  // Whatever the rule, a structure that it allows can be built.
  for (const { name, size, fixed } of grouping.groups) {
    if (fixed !== undefined || size === 1) continue;
    const rebuilt = rebuildWithWidths(grouping, new Map([[name, size - 1]]));
    expect(rebuilt.ok ? '' : rebuilt.error).toBe('');
  }
});
