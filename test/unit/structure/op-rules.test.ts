// Every op kind's channel relation (section 10 of the method's specification), and what networks make of them together:
// attention, mixers, shared layers, shuffles. A rule is right if the narrowed network fits together and keeps the relation.

import { describe, expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { OpAttributes, OpKind, Parameter, ValueId } from '../../../server/src/network/op.ts';
import type { ChannelGrouping } from '../../../server/src/structure/channel-grouping.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import { rebuildWithWidths } from '../../../server/src/structure/rebuild-graph.ts';
import { MethodNetwork, opNamed } from '../../support/method-network.ts';

/** The channels of an op's output by `name:place` of the op that makes them, `name` being the group's. */
function channelsOf(grouping: ChannelGrouping, name: string): readonly string[] {
  const output = opNamed(grouping.graph, name).outputs[0]!;
  return [...(grouping.valueChannels[output]?.channels ?? [])].map((channel) => {
    const group = grouping.groupOfChannel[channel]!;
    return `${grouping.groups[group]!.name}:${String(channel - grouping.offsets[group]!)}`;
  });
}

const fixedOf = (grouping: ChannelGrouping, name: string): string | undefined =>
  grouping.groups.find((group) => group.name === name)?.fixed?.kind;

/** A convolution of 4 channels, the op under test, and a convolution behind it. */
function behindConvolution(build: (net: MethodNetwork, conv: ValueId) => ValueId, width = 4): ChannelGrouping {
  const net = new MethodNetwork();
  const conv = net.layer('conv', net.input([1, 3, 4, 4]), width, 1, { norm: false, relu: false });
  const value = build(net, conv);
  const end =
    net.builder.shapeOf(value).length === 4 ? net.layer('end', value, 2, 1, { norm: false, relu: false }) : value;
  return groupChannels(net.finish(end));
}

const single = (attributes: OpAttributes) => (net: MethodNetwork, conv: ValueId) => net.add('op', attributes, [conv]);
const through = ['conv:0', 'conv:1', 'conv:2', 'conv:3'];
const none = { before: 0, after: 0 };
const window = { kernel: [2, 2], stride: [2, 2], padding: [none, none], dilation: [1, 1], channelAxis: 1 } as const;

/** What each kind does behind a convolution of four channels: the channels that come out. */
const relations: readonly (readonly [OpKind, OpAttributes, readonly string[]])[] = [
  ['activation', { kind: 'activation', function: 'tanh', channelAxis: 1 }, through],
  [
    'batch-norm',
    { kind: 'batch-norm', channels: 4, epsilon: 0, momentum: 0.1, hasScale: false, hasShift: false, channelAxis: 1 },
    through,
  ],
  ['layer-norm', { kind: 'layer-norm', normalizedAxes: [1, 2, 3], epsilon: 0 }, through],
  ['group-norm', { kind: 'group-norm', groups: 4, channels: 4, epsilon: 0, channelAxis: 1 }, through],
  [
    'group-norm',
    { kind: 'group-norm', groups: 2, channels: 4, epsilon: 0, channelAxis: 1 },
    ['conv:0', 'conv:1', 'conv:0', 'conv:1'],
  ],
  ['local-response-norm', { kind: 'local-response-norm', size: 3 }, through],
  ['pool', { kind: 'pool', mode: 'average', ...window, ceilMode: false, countIncludePad: true }, through],
  ['adaptive-pool', { kind: 'adaptive-pool', mode: 'max', outputSize: [2, 2], channelAxis: 1 }, through],
  ['reduce', { kind: 'reduce', reducer: 'mean', axes: [2, 3], keepDimensions: true }, through],
  ['resize', { kind: 'resize', mode: 'nearest', outputSize: [8, 8], alignCorners: false, channelAxis: 1 }, through],
  ['dropout', { kind: 'dropout', rate: 0.1 }, through],
  ['identity', { kind: 'identity' }, through],
  ['softmax', { kind: 'softmax', axis: 2, log: false }, through],
  ['slice', { kind: 'slice', axis: 2, start: 0, size: 2, step: 1 }, through],
  ['slice', { kind: 'slice', axis: 1, start: 1, size: 2, step: 1 }, ['conv [1..2]:0', 'conv [1..2]:1']],
  ['slice', { kind: 'slice', axis: 1, start: 1, size: 2, step: 2 }, ['conv:0', 'conv:1']],
  ['pad', { kind: 'pad', padding: [none, none, { before: 1, after: 1 }, none], mode: 'reflect', value: 0 }, through],
  [
    'pad',
    { kind: 'pad', padding: [none, { before: 1, after: 0 }, none, none], mode: 'constant', value: 0 },
    ['op:0', ...through],
  ],
  [
    'pad',
    { kind: 'pad', padding: [none, { before: -1, after: 0 }, none, none], mode: 'constant', value: 0 },
    ['conv [1..3]:0', 'conv [1..3]:1', 'conv [1..3]:2'],
  ],
  ['permute', { kind: 'permute', order: [0, 1, 3, 2] }, through],
  ['reshape', { kind: 'reshape', shape: [1, 4, 16, 1] }, through],
  [
    'reshape',
    { kind: 'reshape', shape: [1, -1] },
    through.flatMap((channel) => Array.from({ length: 16 }, () => channel)),
  ],
  ['expand', { kind: 'expand', shape: [1, -1, 4, 4] }, through],
  ['channel-shuffle', { kind: 'channel-shuffle', groups: 2, channelAxis: 1 }, ['conv:0', 'conv:0', 'conv:1', 'conv:1']],
  ['depth-to-space', { kind: 'depth-to-space', block: 2, order: 'crd', channelAxis: 1 }, ['conv:0']],
  [
    'space-to-depth',
    { kind: 'space-to-depth', block: 2, order: 'crd', channelAxis: 1 },
    through.flatMap((channel) => Array.from({ length: 4 }, () => channel)),
  ],
  [
    'space-to-depth',
    { kind: 'space-to-depth', block: 2, order: 'dcr', channelAxis: 1 },
    Array.from({ length: 4 }, () => through).flat(),
  ],
];

test.for(relations)('%s hands channels on: %o', ([, attributes, expected]) => {
  const grouping = behindConvolution(single(attributes));
  expect(channelsOf(grouping, 'op')).toEqual(expected);
});

test.for(relations)('%s fits into the narrowed network: %o', ([, attributes]) => {
  const grouping = behindConvolution(single(attributes));
  for (const { name, size, fixed } of grouping.groups) {
    if (fixed !== undefined || size === 1) continue;
    const rebuilt = rebuildWithWidths(grouping, new Map([[name, size - 1]]));
    expect(rebuilt.ok ? '' : rebuilt.error).toBe('');
  }
});

/** Ops that keep the convolution's channels whole, each with its reason. */
test.for<readonly [OpKind, OpAttributes, string]>([
  [
    'opaque',
    { kind: 'opaque', operation: 'fft', reason: 'it is not modelled', shapes: [[1, 4, 4, 4]] },
    'is not understood: it is not modelled',
  ],
  ['rearrange', { kind: 'rearrange', operation: 'roll', shape: [1, 4, 4, 4] }, 'moves elements about'],
  [
    'pad',
    { kind: 'pad', padding: [none, { before: 1, after: 1 }, none, none], mode: 'circular', value: 0 },
    'copies of themselves',
  ],
  ['softmax', { kind: 'softmax', axis: 1, log: true }, 'makes probabilities of them'],
  [
    'pool',
    { kind: 'pool', mode: 'max', ...window, channelAxis: -1, ceilMode: false, countIncludePad: true },
    'as if it were another',
  ],
  ['slice', { kind: 'slice', axis: 1, start: 3, size: 4, step: -1 }, 'backwards'],
])('%s keeps channels whole: %o', ([, attributes, reason]) => {
  const grouping = behindConvolution(single(attributes));
  const group = grouping.groups.find(({ name }) => name === 'conv');
  expect(group?.fixed?.reason).toContain(reason);
});

test('a reduction over the channels takes any number of them', () => {
  const grouping = behindConvolution(single({ kind: 'reduce', reducer: 'max', axes: [1], keepDimensions: true }));
  expect(fixedOf(grouping, 'conv')).toBeUndefined();
  expect(fixedOf(grouping, 'op')).toBe('blocked');
});

describe('weighted layers', () => {
  test('grouped convolutions keep their groups equally wide, on both sides', () => {
    const grouping = behindConvolution((net, conv) =>
      net.layer('grouped', conv, 6, 3, { groups: 2, norm: false, relu: false }),
    );
    expect(channelsOf(grouping, 'conv')).toEqual(['conv:0', 'conv:1', 'conv:0', 'conv:1']);
    expect(channelsOf(grouping, 'grouped')).toEqual([
      'grouped:0',
      'grouped:1',
      'grouped:2',
      'grouped:0',
      'grouped:1',
      'grouped:2',
    ]);
    const rebuilt = rebuildWithWidths(
      grouping,
      new Map([
        ['conv', 1],
        ['grouped', 2],
      ]),
    );
    expect(rebuilt.ok && opNamed(rebuilt.value.graph, 'grouped').attributes).toMatchObject({
      inChannels: 2,
      outChannels: 4,
      groups: 2,
    });
    expect(rebuilt.ok && opNamed(rebuilt.value.graph, 'grouped').parameters[0]?.shape).toEqual([4, 1, 3, 3]);
  });

  test('a shuffle behind a grouped convolution, written as reshape and permute, is followed', () => {
    const grouping = behindConvolution((net, conv) => {
      const grouped = net.layer('grouped', conv, 6, 3, { groups: 2, norm: false, relu: false });
      const cut = net.add('cut', { kind: 'reshape', shape: [1, 2, 3, 4, 4] }, [grouped]);
      const turned = net.add('turn', { kind: 'permute', order: [0, 2, 1, 3, 4] }, [cut]);
      return net.add('shuffled', { kind: 'reshape', shape: [1, 6, 4, 4] }, [turned]);
    });
    expect(channelsOf(grouping, 'shuffled')).toEqual([
      'grouped:0',
      'grouped:0',
      'grouped:1',
      'grouped:1',
      'grouped:2',
      'grouped:2',
    ]);
    const rebuilt = rebuildWithWidths(grouping, new Map([['grouped', 2]]));
    expect(rebuilt.ok && opNamed(rebuilt.value.graph, 'cut').attributes).toEqual({
      kind: 'reshape',
      shape: [1, 2, 2, 4, 4],
    });
  });

  test('depthwise layers follow what they read, groups and all', () => {
    const grouping = behindConvolution((net, conv) => net.depthwise('depthwise', conv, 3, 2));
    expect(channelsOf(grouping, 'depthwise')).toEqual(through.flatMap((channel) => [channel, channel]));
    const rebuilt = rebuildWithWidths(grouping, new Map([['conv', 3]]));
    expect(rebuilt.ok && opNamed(rebuilt.value.graph, 'depthwise').attributes).toMatchObject({
      inChannels: 3,
      outChannels: 6,
      groups: 3,
    });
  });

  test('a transposed convolution has a width of its own', () => {
    const grouping = behindConvolution((net, conv) => net.transposed('up', conv, 5, 2, 2));
    expect(channelsOf(grouping, 'up')).toEqual(['up:0', 'up:1', 'up:2', 'up:3', 'up:4']);
    const rebuilt = rebuildWithWidths(
      grouping,
      new Map([
        ['conv', 3],
        ['up', 2],
      ]),
    );
    expect(rebuilt.ok && opNamed(rebuilt.value.graph, 'up').parameters[0]?.shape).toEqual([3, 2, 2, 2]);
  });

  test('a layer that is called twice has one width', () => {
    const net = new MethodNetwork();
    const weight: Parameter = { id: 'shared.weight', role: 'weight', shape: [4, 4, 1, 1] };
    const shared = (name: string, from: ValueId): ValueId =>
      net.add(
        name,
        {
          kind: 'convolution',
          inChannels: 4,
          outChannels: 4,
          kernel: [1, 1],
          stride: [1, 1],
          padding: [none, none],
          paddingMode: 'zeros',
          dilation: [1, 1],
          groups: 1,
          channelAxis: 1,
        },
        [from],
        [weight],
      );
    const stem = net.layer('stem', net.input([1, 3, 4, 4]), 4, 1);
    const graph = net.finish(net.layer('end', shared('second', net.relu('relu', shared('first', stem))), 2, 1));
    const grouping = groupChannels(graph);
    // What the second call reads is what the first call gives, so all three widths are one.
    expect(channelsOf(grouping, 'first')).toEqual(channelsOf(grouping, 'second'));
    expect(channelsOf(grouping, 'stem')).toEqual(channelsOf(grouping, 'first'));
    const reference = groupChannels(graph, { compat: 'reference' });
    expect(channelsOf(reference, 'first')).not.toEqual(channelsOf(reference, 'second'));
  });
});

/** A dense layer on the last axis. */
function dense(net: MethodNetwork, name: string, from: ValueId, width: number): ValueId {
  return net.dense(name, from, width);
}

describe('transformers', () => {
  /** One block on 6 tokens of 8 features with two heads: embedding, positions, attention, a hidden layer of 16. */
  function block(): NetworkGraph {
    const net = new MethodNetwork();
    const tokens = net.input([1, 6]);
    const embedded = net.add(
      'embedding',
      { kind: 'embedding', count: 50, width: 8 },
      [tokens],
      [{ id: 'embedding.weight', role: 'weight', shape: [50, 8] }],
    );
    const positions = net.add(
      'positions',
      { kind: 'constant', shape: [1, 6, 8] },
      [],
      [{ id: 'positions', role: 'other', shape: [1, 6, 8] }],
    );
    const x = net.addition('x', embedded, positions);
    const norm = (name: string, from: ValueId): ValueId =>
      net.add(
        name,
        { kind: 'layer-norm', normalizedAxes: [-1], epsilon: 0 },
        [from],
        [
          { id: `${name}.weight`, role: 'scale', shape: [8] },
          { id: `${name}.bias`, role: 'shift', shape: [8] },
        ],
      );
    const normed = norm('norm1', x);
    const heads = (name: string, order: readonly number[]): ValueId => {
      const split = net.add(`${name}.split`, { kind: 'reshape', shape: [1, 6, 2, 4] }, [dense(net, name, normed, 8)]);
      return net.add(`${name}.turn`, { kind: 'permute', order }, [split]);
    };
    const scores = net.add('scores', { kind: 'matmul' }, [heads('q', [0, 2, 1, 3]), heads('k', [0, 2, 3, 1])]);
    const weights = net.add('weights', { kind: 'softmax', axis: -1, log: false }, [scores]);
    const mixed = net.add('mixed', { kind: 'matmul' }, [weights, heads('v', [0, 2, 1, 3])]);
    const joined = net.add('joined', { kind: 'reshape', shape: [1, 6, 8] }, [
      net.add('back', { kind: 'permute', order: [0, 2, 1, 3] }, [mixed]),
    ]);
    const y = net.addition('y', x, dense(net, 'out', joined, 8));
    const hidden = net.add('gelu', { kind: 'activation', function: 'gelu', channelAxis: -1 }, [
      dense(net, 'up', norm('norm2', y), 16),
    ]);
    const z = net.addition('z', y, dense(net, 'down', hidden, 8));
    return net.finish(dense(net, 'head', z, 10));
  }

  const grouping = groupChannels(block());

  test('the stream is one group: embedding, positions, and what attention and the hidden layer add to it', () => {
    const stream = channelsOf(grouping, 'x');
    expect(stream[0]).toBe('embedding:0');
    for (const name of ['embedding', 'positions', 'norm1', 'out', 'y', 'down', 'z']) {
      expect(channelsOf(grouping, name)).toEqual(stream);
    }
  });

  test('queries and keys are summed over together, values go on to the output', () => {
    expect(channelsOf(grouping, 'q')).toEqual(channelsOf(grouping, 'k'));
    expect(channelsOf(grouping, 'q')).toEqual(['q:0', 'q:1', 'q:2', 'q:3', 'q:0', 'q:1', 'q:2', 'q:3']);
    expect(channelsOf(grouping, 'joined')).toEqual(channelsOf(grouping, 'v'));
  });

  test('any widths fit together', () => {
    const widths = new Map([
      ['embedding', 7],
      ['q', 3],
      ['v', 2],
      ['up', 5],
    ]);
    const rebuilt = rebuildWithWidths(grouping, widths);
    if (!rebuilt.ok) throw new Error(rebuilt.error);
    const { graph } = rebuilt.value;
    expect(opNamed(graph, 'q').attributes).toEqual({ kind: 'dense', inFeatures: 7, outFeatures: 6 });
    expect(opNamed(graph, 'out').attributes).toEqual({ kind: 'dense', inFeatures: 4, outFeatures: 7 });
    expect(opNamed(graph, 'up').attributes).toEqual({ kind: 'dense', inFeatures: 7, outFeatures: 5 });
    expect(opNamed(graph, 'positions')).toMatchObject({
      attributes: { shape: [1, 6, 7] },
      parameters: [{ shape: [1, 6, 7] }],
    });
    expect(opNamed(graph, 'norm1').parameters.map(({ shape }) => shape)).toEqual([[7], [7]]);
    expect(opNamed(graph, 'embedding').parameters[0]?.shape).toEqual([50, 7]);
  });

  test('a class token that is joined to the others goes with them', () => {
    const net = new MethodNetwork();
    const features = dense(net, 'features', net.input([1, 6, 12]), 8);
    const token = net.add('token', { kind: 'constant', shape: [1, 1, 8] }, []);
    const joined = net.concatOn(
      'joined',
      1,
      net.add('expanded', { kind: 'expand', shape: [1, -1, -1] }, [token]),
      features,
    );
    const first = net.add('first', { kind: 'slice', axis: 1, start: 0, size: 1, step: 1 }, [joined]);
    const own = groupChannels(net.finish(dense(net, 'head', first, 3)));
    expect(channelsOf(own, 'token')).toEqual(channelsOf(own, 'features'));
    const rebuilt = rebuildWithWidths(own, new Map([['features', 5]]));
    expect(rebuilt.ok && opNamed(rebuilt.value.graph, 'token').attributes).toEqual({
      kind: 'constant',
      shape: [1, 1, 5],
    });
  });
});

test('a mixer’s dense layers along the tokens keep the features whole and have widths of their own', () => {
  const net = new MethodNetwork();
  const features = dense(net, 'features', net.input([1, 6, 12]), 8);
  const turned = net.add('turned', { kind: 'permute', order: [0, 2, 1] }, [features]);
  const mixed = dense(net, 'mix2', dense(net, 'mix1', turned, 4), 6);
  const back = net.add('back', { kind: 'permute', order: [0, 2, 1] }, [mixed]);
  const grouping = groupChannels(net.finish(dense(net, 'head', net.addition('sum', features, back), 3)));
  expect(fixedOf(grouping, 'features')).toBe('blocked');
  expect(fixedOf(grouping, 'mix1')).toBeUndefined();
  expect(fixedOf(grouping, 'mix2')).toBe('blocked');
});

describe('boundaries', () => {
  const net = new MethodNetwork();
  let value = net.input([1, 3, 4, 4]);
  for (const name of ['a', 'b', 'c', 'd']) value = net.layer(name, value, 4, 1);
  const graph = net.finish(value);
  const kinds = (options: Parameters<typeof groupChannels>[1]): Readonly<Record<string, string | undefined>> =>
    Object.fromEntries(groupChannels(graph, options).groups.map(({ name, fixed }) => [name, fixed?.kind]));

  test('the widths of inputs and outputs stay', () => {
    expect(kinds({})).toEqual({ input: 'input', a: undefined, b: undefined, c: undefined, d: 'output' });
  });

  test('behind an output boundary nothing changes', () => {
    expect(kinds({ outputBoundary: ['c/relu'] })).toEqual({
      input: 'input',
      a: undefined,
      b: undefined,
      c: undefined,
      d: 'outside',
    });
  });

  test('before an input boundary nothing changes', () => {
    expect(kinds({ inputBoundary: ['b'] })).toEqual({
      input: 'outside',
      a: 'outside',
      b: 'outside',
      c: undefined,
      d: 'output',
    });
  });
});

test('unknown sizes keep their channels out of it', () => {
  const net = new MethodNetwork();
  const unknown = { kind: 'unknown', reason: 'read from a file' } as const;
  const odd = net.add(
    'odd',
    { kind: 'opaque', operation: 'load', reason: 'read from a file', shapes: [[1, unknown, 4, 4]] },
    [],
  );
  const conv = net.layer('conv', net.input([1, 3, 4, 4]), 4, 1);
  const grouping = groupChannels(net.finish(net.layer('end', net.addition('sum', conv, odd), 2, 1)));
  expect(fixedOf(grouping, 'conv')).toBe('blocked');
});
