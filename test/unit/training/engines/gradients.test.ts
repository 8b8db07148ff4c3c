// Every op's gradient against finite differences.

import { describe, expect, it } from 'vitest';
import type { ActivationFunction, OpAttributes } from '../../../../server/src/network/op.ts';
import { checkGradients } from './gradient-check.ts';
import { type ConvolutionOptions, SmallNetwork } from './small-network.ts';

const linear = { distance: 0.5 };
const none = { before: 0, after: 0 };

async function checkOp(inputShape: readonly number[], attributes: OpAttributes, options = {}): Promise<void> {
  const network = new SmallNetwork(inputShape);
  await checkGradients(network.build(network.add('op', attributes, [network.input])), options);
}

describe('convolution', () => {
  const cases: readonly (readonly [string, readonly number[], number, number, ConvolutionOptions])[] = [
    ['3x3, padded', [3, 6, 5], 4, 3, { padding: 1, bias: true }],
    ['1x1', [3, 4, 4], 5, 1, {}],
    ['strided', [3, 7, 8], 4, 3, { stride: 2, padding: 1 }],
    ['strided so that the last column is not seen', [2, 8, 6], 3, 3, { stride: 2 }],
    ['stride wider than the kernel', [2, 9, 8], 3, 2, { stride: 3 }],
    ['1x1 strided', [3, 5, 6], 4, 1, { stride: 2 }],
    ['dilated', [2, 8, 9], 3, 3, { dilation: 2, padding: 2 }],
    ['dilated and strided', [2, 9, 9], 3, 3, { dilation: 2, padding: 1, stride: 2 }],
    ['grouped', [4, 5, 5], 6, 3, { groups: 2, padding: 1 }],
    ['grouped and strided', [4, 6, 6], 6, 3, { groups: 2, padding: 1, stride: 2 }],
    ['depthwise', [4, 5, 5], 4, 3, { groups: 4, padding: 1 }],
    ['depthwise, strided', [4, 6, 7], 4, 3, { groups: 4, padding: 1, stride: 2 }],
    ['depthwise with a multiplier', [3, 5, 5], 6, 3, { groups: 3, padding: 1, bias: true }],
    ['uneven padding', [2, 5, 6], 3, 2, { padding: { before: 0, after: 1 } }],
    ['uneven padding, strided', [2, 6, 6], 3, 3, { padding: { before: 0, after: 1 }, stride: 2 }],
    ['1-d', [3, 9], 4, 3, { padding: 1, stride: 2 }],
    ['3-d', [2, 4, 3, 5], 3, 3, { padding: 1 }],
    ['3-d, strided', [2, 5, 4, 5], 3, 2, { stride: 2 }],
    ['reflected border', [2, 5, 5], 3, 3, { padding: 2, paddingMode: 'reflect' }],
    ['repeated border', [2, 5, 5], 3, 3, { padding: 2, paddingMode: 'replicate' }],
    ['circular border', [2, 5, 5], 3, 3, { padding: { before: 2, after: 1 }, paddingMode: 'circular' }],
    ['16 channels', [16, 6, 6], 16, 3, { padding: 1 }],
    ['16 to 32 channels, strided', [16, 6, 6], 32, 3, { padding: 1, stride: 2 }],
    ['channels that fill no block', [20, 5, 5], 24, 3, { padding: 1 }],
    ['32 channels depthwise', [32, 6, 6], 32, 3, { padding: 1, groups: 32, stride: 2 }],
    ['16 channels, 5x5, dilated, uneven', [16, 9, 8], 16, 5, { padding: { before: 3, after: 2 }, dilation: 2 }],
    ['rows wider than a block', [16, 3, 20], 16, 3, { padding: 1 }],
    ['rows wider than a block, strided', [16, 4, 36], 16, 3, { padding: 1, stride: 2 }],
    ['3 to 16 channels', [3, 5, 6], 16, 3, { padding: 1, bias: true }],
    ['16 channels, 1x1, strided', [16, 6, 5], 32, 1, { stride: 2, bias: true }],
    ['16 channels, stride wider than the kernel', [16, 9, 8], 16, 2, { stride: 3 }],
    ['16 channels, more padding than kernel', [16, 5, 5], 16, 2, { padding: 3 }],
    ['20 channels depthwise, dilated', [20, 7, 6], 20, 3, { padding: 2, dilation: 2, groups: 20, bias: true }],
    ['16 channels depthwise, last column not seen', [16, 6, 8], 16, 3, { groups: 16, stride: 2 }],
    ['16 channels, 1 row', [16, 1, 7], 16, 1, {}],
    ['32 channels in 2 groups', [32, 5, 5], 64, 3, { padding: 1, groups: 2 }],
  ];
  it.each(cases)('%s', async (_, inputShape, outChannels, kernel, options) => {
    const network = new SmallNetwork(inputShape);
    await checkGradients(
      network.build(network.convolution('conv', network.input, outChannels, kernel, options)),
      linear,
    );
  });

  it('with channels last', async () => {
    const network = new SmallNetwork([6, 5, 3]);
    const attributes: OpAttributes = {
      kind: 'convolution',
      inChannels: 3,
      outChannels: 4,
      kernel: [3, 3],
      stride: [1, 2],
      padding: [{ before: 1, after: 1 }, none],
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups: 1,
      channelAxis: -1,
    };
    const output = network.add('conv', attributes, [network.input], [{ id: 'w', role: 'weight', shape: [4, 3, 3, 3] }]);
    expect(network.shape(output)).toEqual([1, 6, 2, 4]);
    await checkGradients(network.build(output), linear);
  });
});

describe('transposed convolution', () => {
  it.each([
    ['stride 2', { kernel: 2, stride: 2, padding: 0, outputPadding: 0, dilation: 1, groups: 1 }],
    [
      'stride 2, padded, output padding',
      { kernel: 3, stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 1 },
    ],
    ['stride 1', { kernel: 3, stride: 1, padding: 1, outputPadding: 0, dilation: 1, groups: 1 }],
    ['dilated', { kernel: 3, stride: 2, padding: 1, outputPadding: 0, dilation: 2, groups: 1 }],
    ['grouped', { kernel: 3, stride: 2, padding: 0, outputPadding: 0, dilation: 1, groups: 2 }],
  ])('%s', async (_, { kernel, stride, padding, outputPadding, dilation, groups }) => {
    const network = new SmallNetwork([4, 4, 5]);
    const attributes: OpAttributes = {
      kind: 'transposed-convolution',
      inChannels: 4,
      outChannels: 6,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      padding: [
        { before: padding, after: padding },
        { before: padding, after: padding },
      ],
      outputPadding: [outputPadding, outputPadding],
      dilation: [dilation, dilation],
      groups,
      channelAxis: 1,
    };
    const output = network.add(
      'up',
      attributes,
      [network.input],
      [
        { id: 'w', role: 'weight', shape: [4, 6 / groups, kernel, kernel] },
        { id: 'b', role: 'bias', shape: [6] },
      ],
    );
    await checkGradients(network.build(output), linear);
  });
});

describe('dense and matmul', () => {
  it('on vectors', async () => {
    const network = new SmallNetwork([7]);
    await checkGradients(network.build(network.dense('fc', network.input, 5)), linear);
  });
  it('on the last axis of a grid', async () => {
    const network = new SmallNetwork([3, 4, 7]);
    await checkGradients(network.build(network.dense('fc', network.input, 5)), linear);
  });
  it('multiplies two activations', async () => {
    const network = new SmallNetwork([3, 4, 5]);
    const turned = network.add('turn', { kind: 'permute', order: [0, 1, 3, 2] }, [network.input]);
    await checkGradients(network.build(network.add('product', { kind: 'matmul' }, [network.input, turned])));
  });
  it('multiplies with a free parameter', async () => {
    const network = new SmallNetwork([3, 4, 5]);
    const free = network.add(
      'free',
      { kind: 'constant', shape: [5, 6] },
      [],
      [{ id: 'free', role: 'other', shape: [5, 6] }],
    );
    await checkGradients(network.build(network.add('product', { kind: 'matmul' }, [network.input, free])), linear);
  });
});

describe('norms', () => {
  it.each([
    ['batch norm', true, [3, 4, 4]],
    ['batch norm without a scale', false, [3, 4, 4]],
    ['batch norm of vectors', true, [6]],
    ['batch norm over 16 channels', true, [16, 3, 3]],
    ['batch norm over volumes', true, [3, 2, 3, 2]],
  ])('%s', async (_, hasScale, shape) => {
    const network = new SmallNetwork(shape);
    await checkGradients(network.build(network.batchNorm('bn', network.input, { hasScale })), { batchSize: 5 });
  });
  it('layer norm', async () => {
    const network = new SmallNetwork([3, 4, 6]);
    const output = network.add(
      'ln',
      { kind: 'layer-norm', normalizedAxes: [-1], epsilon: 1e-5 },
      [network.input],
      [
        { id: 'scale', role: 'scale', shape: [6] },
        { id: 'shift', role: 'shift', shape: [6] },
      ],
    );
    await checkGradients(network.build(output));
  });
  it('group norm', async () => {
    const network = new SmallNetwork([6, 3, 4]);
    const output = network.add(
      'gn',
      { kind: 'group-norm', groups: 3, channels: 6, epsilon: 1e-5, channelAxis: 1 },
      [network.input],
      [
        { id: 'scale', role: 'scale', shape: [6] },
        { id: 'shift', role: 'shift', shape: [6] },
      ],
    );
    await checkGradients(network.build(output));
  });
});

describe('activations', () => {
  const anywhere: readonly ActivationFunction[] = [
    'relu',
    'relu6',
    'leaky-relu',
    'elu',
    'selu',
    'celu',
    'gelu',
    'gelu-tanh',
    'silu',
    'mish',
    'sigmoid',
    'hard-sigmoid',
    'hard-swish',
    'hard-tanh',
    'tanh',
    'softplus',
    'softsign',
    'log-sigmoid',
    'exp',
    'abs',
    'negative',
    'square',
    'sine',
    'cosine',
  ];
  // Values from -8 to 8 that keep 0.1 away from every kink (at -3, -1, 0, 1, 3 and 6).
  const spread = (index: number): number => ((index * 7) % 32) / 2 - 8 + 0.2;
  it.each(anywhere)('%s', async (name) => {
    await checkOp(
      [4, 4, 2],
      { kind: 'activation', function: name, channelAxis: 1 },
      { batchSize: 1, input: spread, samples: 32 },
    );
  });
  it.each(['elu', 'celu', 'leaky-relu'] as const)('%s with a slope of its own', async (name) => {
    await checkOp(
      [32],
      { kind: 'activation', function: name, slope: 0.3, channelAxis: 1 },
      { batchSize: 1, input: spread, samples: 32 },
    );
  });
  it.each(['log', 'sqrt', 'rsqrt'] as const)('%s of positive numbers', async (name) => {
    await checkOp(
      [32],
      { kind: 'activation', function: name, channelAxis: 1 },
      { batchSize: 1, input: (index: number) => 0.5 + index / 8, samples: 32 },
    );
  });
  it.each([1, 4])('prelu with %i slopes', async (slopes) => {
    const network = new SmallNetwork([4, 3, 3]);
    const output = network.add(
      'act',
      { kind: 'activation', function: 'prelu', channelAxis: 1 },
      [network.input],
      [{ id: 'slope', role: 'slope', shape: [slopes] }],
    );
    await checkGradients(network.build(output));
  });
});

describe('pools and resizes', () => {
  // All values differ by more than the distance, so that no maximum changes its place.
  const distinct = { input: (index: number): number => ((index * 37) % 211) / 10 - 10, distance: 0.02, batchSize: 2 };
  const pool = (mode: 'max' | 'average', rest: Partial<Extract<OpAttributes, { kind: 'pool' }>>): OpAttributes => ({
    kind: 'pool',
    mode,
    kernel: [2, 2],
    stride: [2, 2],
    padding: [none, none],
    dilation: [1, 1],
    ceilMode: false,
    countIncludePad: true,
    channelAxis: 1,
    ...rest,
  });
  const one = { before: 1, after: 1 };
  it.each([
    ['2x2', [2, 6, 6], {}],
    ['overlapping, padded', [2, 7, 6], { kernel: [3, 3], padding: [one, one] }],
    ['rounded up', [2, 5, 5], { ceilMode: true }],
    ['dilated', [2, 7, 7], { dilation: [2, 2], stride: [1, 1] }],
    ['16 channels, overlapping', [16, 3, 2], { kernel: [3, 3], stride: [1, 1], padding: [one, one] }],
  ] as const)('max, %s', async (_, shape, rest) => {
    await checkOp(shape, pool('max', rest), { ...distinct, samples: 12 });
  });
  it.each([
    ['2x2', [2, 6, 6], {}],
    ['overlapping, padding counted', [2, 7, 6], { kernel: [3, 3], padding: [one, one] }],
    ['overlapping, padding not counted', [2, 7, 6], { kernel: [3, 3], padding: [one, one], countIncludePad: false }],
    ['rounded up', [2, 5, 5], { ceilMode: true }],
  ] as const)('average, %s', async (_, shape, rest) => {
    await checkOp(shape, pool('average', rest), linear);
  });
  it.each([
    ['average to 1', 'average', [1, 1], [3, 5, 4]],
    ['average in equal parts', 'average', [2, 3], [3, 4, 6]],
    ['average in unequal parts', 'average', [3, 2], [3, 5, 7]],
    ['max to 1', 'max', [1, 1], [3, 5, 4]],
    ['max in unequal parts', 'max', [3, 2], [2, 5, 7]],
  ] as const)('adaptive %s', async (_, mode, outputSize, shape) => {
    await checkOp(
      shape,
      { kind: 'adaptive-pool', mode, outputSize, channelAxis: 1 },
      mode === 'max' ? distinct : linear,
    );
  });
  it.each([
    ['nearest', false, [6, 8]],
    ['nearest', false, [4, 5]],
    ['linear', false, [6, 7]],
    ['linear', true, [6, 7]],
    ['cubic', false, [7, 5]],
    ['area', false, [2, 3]],
  ] as const)('resize %s, corners aligned: %s', async (mode, alignCorners, outputSize) => {
    await checkOp([2, 3, 4], { kind: 'resize', mode, outputSize, alignCorners, channelAxis: 1 }, linear);
  });
});

describe('elementwise and reductions', () => {
  const operators = ['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum'] as const;
  it.each(operators)('%s with broadcasting', async (operator) => {
    const network = new SmallNetwork([3, 4, 2]);
    const free = network.add(
      'free',
      { kind: 'constant', shape: [1, 3, 1, 1] },
      [],
      [{ id: 'free', role: 'other', shape: [3] }],
    );
    await checkGradients(network.build(network.add('op', { kind: 'elementwise', operator }, [network.input, free])), {
      clearance: 0.3,
      distance: 5e-3,
    });
  });
  it('power of positive numbers', async () => {
    const network = new SmallNetwork([6]);
    const free = network.add('free', { kind: 'constant', shape: [6] }, [], [{ id: 'free', role: 'other', shape: [6] }]);
    const graph = network.build(network.add('op', { kind: 'elementwise', operator: 'power' }, [network.input, free]));
    await checkGradients(graph, { input: (index) => 0.5 + index / 8 });
  });
  it('a sum of three, one of them twice', async () => {
    const network = new SmallNetwork([3, 4]);
    const scaled = network.activation('tanh', network.input, 'tanh');
    await checkGradients(
      network.build(
        network.add('op', { kind: 'elementwise', operator: 'multiply' }, [network.input, scaled, network.input]),
      ),
    );
  });
  it.each(['mean', 'sum', 'max', 'min'] as const)('reduce by %s', async (reducer) => {
    const distinct = (index: number): number => ((index * 37) % 101) / 10;
    await checkOp([3, 4, 2], { kind: 'reduce', reducer, axes: [2, -1], keepDimensions: false }, { input: distinct });
    await checkOp([3, 4, 2], { kind: 'reduce', reducer, axes: [1], keepDimensions: true }, { input: distinct });
  });
  it.each([false, true])('softmax, log: %s', async (log) => {
    await checkOp([5, 3], { kind: 'softmax', axis: 1, log });
  });
});

describe('arrangements', () => {
  it.each<readonly [string, readonly number[], OpAttributes]>([
    ['identity', [3, 4], { kind: 'identity' }],
    ['reshape', [3, 4], { kind: 'reshape', shape: [1, 2, -1] }],
    ['permute', [3, 4, 2], { kind: 'permute', order: [0, 2, 3, 1] }],
    ['expand', [3, 1], { kind: 'expand', shape: [-1, 3, 4] }],
    ['slice', [6, 4], { kind: 'slice', axis: 1, start: 1, size: 3, step: 1 }],
    ['slice with steps', [9, 4], { kind: 'slice', axis: 1, start: 1, size: 3, step: 3 }],
    ['slice backwards', [9, 4], { kind: 'slice', axis: 1, start: 7, size: 4, step: -2 }],
    [
      'pad',
      [3, 4],
      { kind: 'pad', padding: [none, { before: 1, after: 0 }, { before: -1, after: 2 }], mode: 'constant', value: 3 },
    ],
    [
      'pad by reflection',
      [4, 5],
      { kind: 'pad', padding: [none, { before: 2, after: 1 }, { before: 0, after: 3 }], mode: 'reflect', value: 0 },
    ],
    [
      'pad by repetition',
      [4, 5],
      { kind: 'pad', padding: [none, { before: 2, after: 1 }, { before: 0, after: 3 }], mode: 'replicate', value: 0 },
    ],
    [
      'circular pad',
      [4, 5],
      { kind: 'pad', padding: [none, { before: 2, after: 1 }, { before: 0, after: 3 }], mode: 'circular', value: 0 },
    ],
    ['channel shuffle', [6, 2, 2], { kind: 'channel-shuffle', groups: 2, channelAxis: 1 }],
    ['depth to space, crd', [8, 2, 3], { kind: 'depth-to-space', block: 2, order: 'crd', channelAxis: 1 }],
    ['depth to space, dcr', [8, 2, 3], { kind: 'depth-to-space', block: 2, order: 'dcr', channelAxis: 1 }],
    ['space to depth, crd', [2, 4, 6], { kind: 'space-to-depth', block: 2, order: 'crd', channelAxis: 1 }],
    ['space to depth, dcr', [2, 4, 6], { kind: 'space-to-depth', block: 2, order: 'dcr', channelAxis: 1 }],
    ['dropout', [6, 4], { kind: 'dropout', rate: 0.5 }],
  ])('%s', async (_, shape, attributes) => {
    await checkOp(shape, attributes, linear);
  });
  it('concat', async () => {
    const network = new SmallNetwork([3, 4]);
    const bent = network.activation('tanh', network.input, 'tanh');
    await checkGradients(
      network.build(network.add('cat', { kind: 'concat', axis: 1 }, [network.input, bent, network.input])),
    );
  });
  it('concat with a learnt token', async () => {
    const network = new SmallNetwork([3, 4]);
    const token = network.add(
      'token',
      { kind: 'constant', shape: [1, 1, 4] },
      [],
      [{ id: 'token', role: 'other', shape: [1, 1, 4] }],
    );
    await checkGradients(
      network.build(network.add('cat', { kind: 'concat', axis: 1 }, [token, network.input])),
      linear,
    );
  });
  it('embedding', async () => {
    const network = new SmallNetwork([5]);
    const output = network.add(
      'embed',
      { kind: 'embedding', count: 7, width: 3 },
      [network.input],
      [{ id: 'table', role: 'weight', shape: [7, 3] }],
    );
    await checkGradients(network.build(output), { input: (index) => (index * 3) % 7, distance: 0.5 });
  });
});

describe('networks', () => {
  it('a residual block with a shared convolution', async () => {
    const network = new SmallNetwork([4, 4, 4]);
    const first = network.activation('tanh', network.convolution('conv', network.input, 4, 3, { padding: 1 }), 'tanh');
    const second = network.convolution('conv', first, 4, 3, { padding: 1 });
    await checkGradients(network.build(network.sum('sum', second, network.input)));
  });
});
