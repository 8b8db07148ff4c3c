// Single ops against the vectors of the method's specification, section 6.5 (produced by the reference implementation);
// where this code departs from the reference on purpose, against the closed formula, with the departure named.

import { describe, expect, test } from 'vitest';
import { exactly, type Count } from '../../../server/src/common/count.ts';
import { askForDevice, builtInDevices, findDevice } from '../../../server/src/costs/device-profile.ts';
import { activationsOf, latencyMsOf, macsOf, memoryBytesOf } from '../../../server/src/costs/op-cost.ts';
import { inferShapes } from '../../../server/src/network/infer-shapes.ts';
import type { OpAttributes } from '../../../server/src/network/op.ts';
import type { Shape } from '../../../server/src/network/shape.ts';

const same = (kernel: readonly number[]) => kernel.map((size) => ({ before: (size - 1) >> 1, after: size >> 1 }));

function convolution(
  inChannels: number,
  outChannels: number,
  kernel: readonly number[],
  stride: number,
  groups = 1,
): OpAttributes {
  return {
    kind: 'convolution',
    inChannels,
    outChannels,
    kernel,
    stride: kernel.map(() => stride),
    padding: same(kernel),
    paddingMode: 'zeros',
    dilation: kernel.map(() => 1),
    groups,
    channelAxis: -1,
  };
}

const transposed: OpAttributes = {
  kind: 'transposed-convolution',
  inChannels: 17,
  outChannels: 19,
  kernel: [7, 5],
  stride: [2, 2],
  padding: [
    { before: 3, after: 2 },
    { before: 2, after: 1 },
  ],
  outputPadding: [0, 0],
  dilation: [1, 1],
  groups: 1,
  channelAxis: -1,
};

const add: OpAttributes = { kind: 'elementwise', operator: 'add' };
const multiply: OpAttributes = { kind: 'elementwise', operator: 'multiply' };

function outputsOf(attributes: OpAttributes, inputs: readonly Shape[]): readonly Shape[] {
  const shapes = inferShapes(attributes, inputs);
  if (!shapes.ok) throw new Error(shapes.error);
  return shapes.value;
}

const known = (count: Count): number => {
  if (count.kind !== 'exact') throw new Error(`Expected an exact count, got ${JSON.stringify(count)}`);
  return count.value;
};

test.for<[string, OpAttributes, Shape[], Shape, number, number]>([
  // name, op, inputs, output, FLOPs, bytes
  ['vector 50: convolution', convolution(17, 19, [7, 5], 2), [[1, 11, 13, 17]], [1, 6, 7, 19], 949_620, 58_136],
  ['vector 51: transposed convolution', transposed, [[1, 11, 13, 17]], [1, 22, 26, 19], 3_233_230, 98_416],
  // The reference charges a depthwise kernel for all channel pairs; here it is 6 weights a channel.
  [
    'vector 52: depthwise',
    convolution(10, 10, [3, 2], 1, 10),
    [[1, 6, 7, 10]],
    [1, 6, 7, 10],
    5_040,
    4 * (420 + 420 + 60),
  ],
  // The reference takes 3-D weights for an activation; here they are weights.
  [
    'vector 53: 3-D convolution',
    convolution(17, 19, [7, 3, 5], 2),
    [[1, 11, 9, 13, 17]],
    [1, 6, 5, 7, 19],
    14_244_300,
    4 * (11 * 9 * 13 * 17 + 6 * 5 * 7 * 19 + 105 * 17 * 19),
  ],
  ['vector 54: dense', { kind: 'dense', inFeatures: 17, outFeatures: 19 }, [[1, 17]], [1, 19], 646, 1_436],
  [
    'vector 56: product with a tensor of 1×1',
    multiply,
    [
      [1, 8, 8, 4],
      [1, 1, 1, 4],
    ],
    [1, 8, 8, 4],
    0,
    2_064,
  ],
  [
    'vector 56: sum over space',
    { kind: 'reduce', reducer: 'sum', axes: [1, 2], keepDimensions: true },
    [[1, 8, 8, 4]],
    [1, 1, 1, 4],
    0,
    1_040,
  ],
  [
    'vector 56: sum of three',
    add,
    [
      [1, 8, 8, 4],
      [1, 8, 8, 4],
      [1, 8, 8, 4],
    ],
    [1, 8, 8, 4],
    0,
    4_096,
  ],
  [
    'grouped: a share of the inputs each',
    convolution(16, 32, [3, 3], 1, 4),
    [[1, 8, 8, 16]],
    [1, 8, 8, 32],
    2 * 64 * 32 * 9 * 4,
    4 * (1024 + 2048 + 9 * 4 * 32),
  ],
  [
    'dense at 49 positions',
    { kind: 'dense', inFeatures: 17, outFeatures: 19 },
    [[1, 49, 17]],
    [1, 49, 19],
    49 * 646,
    4 * (49 * 36 + 323),
  ],
  [
    'attention scores',
    { kind: 'matmul' },
    [
      [1, 8, 49, 32],
      [1, 8, 32, 49],
    ],
    [1, 8, 49, 49],
    2 * 8 * 49 * 49 * 32,
    4 * 8 * (2 * 49 * 32 + 49 * 49),
  ],
  [
    'concat reads and writes its output',
    { kind: 'concat', axis: -1 },
    [
      [1, 8, 8, 4],
      [1, 8, 8, 12],
    ],
    [1, 8, 8, 16],
    0,
    2 * 4 * 1024,
  ],
  [
    'pools are free, as in the reference',
    { kind: 'adaptive-pool', mode: 'max', outputSize: [1, 1], channelAxis: -1 },
    [[1, 8, 8, 4]],
    [1, 1, 1, 4],
    0,
    0,
  ],
  ['reshape moves nothing', { kind: 'reshape', shape: [1, -1] }, [[1, 8, 8, 4]], [1, 256], 0, 0],
])('%s', ([, attributes, inputs, output, flops, bytes]) => {
  expect(outputsOf(attributes, inputs)).toEqual([output]);
  expect(2 * known(macsOf(attributes, inputs, [output]))).toBe(flops);
  expect(known(memoryBytesOf(attributes, inputs, [output]))).toBe(bytes);
});

test('vector 55: the longer of compute and transfer counts', () => {
  const macs = exactly(3_386_880 / 2);
  const bytes = exactly(126_640);
  const nanoseconds = (memoryGigabytesPerSecond: number) =>
    known(latencyMsOf(macs, bytes, { name: 'test', peakGflopsPerSecond: 1000, memoryGigabytesPerSecond })) * 1e6;
  expect(nanoseconds(2000)).toBeCloseTo(3386.88, 6);
  expect(nanoseconds(20)).toBeCloseTo(6332, 6);
});

test('activations are output elements of ops with multiply-adds', () => {
  const op = convolution(3, 64, [3, 3], 1);
  expect(activationsOf(op, [[1, 32, 32, 64]])).toEqual(exactly(65_536));
  expect(activationsOf({ kind: 'activation', function: 'relu', channelAxis: 1 }, [[1, 32, 32, 64]])).toEqual(
    exactly(0),
  );
});

describe('what is not known', () => {
  const unknown: Count = { kind: 'unknown', reason: 'the height comes from a file' };
  const shape: Shape = [1, { kind: 'unknown', reason: 'the height comes from a file' }, 32, 64];

  test('an unknown size makes the cost unknown with its reason', () => {
    const op = convolution(3, 64, [3, 3], 1);
    expect(macsOf(op, [[1, 32, 32, 3]], [shape])).toEqual(unknown);
    expect(memoryBytesOf(op, [[1, 32, 32, 3]], [shape])).toEqual(unknown);
    expect(latencyMsOf(unknown, exactly(1), builtInDevices[0]!)).toEqual(unknown);
  });

  test('an opaque op has no known cost', () => {
    const op: OpAttributes = {
      kind: 'opaque',
      operation: 'deform_conv2d',
      reason: 'deform_conv2d is not modelled',
      shapes: [],
    };
    const reason: Count = { kind: 'unknown', reason: 'deform_conv2d is not modelled' };
    expect([macsOf(op, [], []), memoryBytesOf(op, [], []), activationsOf(op, [])]).toEqual([reason, reason, reason]);
  });
});

describe('devices', () => {
  test('a name is found in either case', () => {
    expect(findDevice('v100')).toEqual({
      ok: true,
      value: { name: 'V100', peakGflopsPerSecond: 125_000, memoryGigabytesPerSecond: 900 },
    });
  });

  test("the user's own come first", () => {
    const mine = { V100: { peakGflopsPerSecond: 1, memoryGigabytesPerSecond: 2 } };
    expect(findDevice('V100', mine)).toEqual({
      ok: true,
      value: { name: 'V100', peakGflopsPerSecond: 1, memoryGigabytesPerSecond: 2 },
    });
  });

  test('an unknown name is answered with the known ones', () => {
    const found = findDevice('abacus', { laptop: { peakGflopsPerSecond: 1, memoryGigabytesPerSecond: 2 } });
    expect(found).toMatchObject({ ok: false });
    expect(found.ok ? '' : found.error).toMatch(
      /^There is no device abacus; known are laptop, .*RTX 4090.*A100.*K80, P4, T4/,
    );
  });

  test('the beginning of a name up to a comma is the plainest way of running the device', () => {
    const found = findDevice('RTX 4090');
    expect(found.ok && found.value.name).toBe('RTX 4090, amp, PyTorch 2.9');
    expect(findDevice('RTX 40')).toMatchObject({ ok: false });
  });

  test('a precision that a device is not known in is refused with those that it is', () => {
    expect(askForDevice({ name: 'RTX PRO 6000 Max-Q', precision: 'bf16' })).toMatchObject({ ok: true });
    expect(askForDevice({ name: 'RTX 3090', precision: 'int8' })).toEqual({
      ok: false,
      error: 'RTX 3090 is known in amp, not in int8',
    });
  });

  test('a device without speed is refused', () => {
    expect(findDevice('slow', { slow: { peakGflopsPerSecond: 0, memoryGigabytesPerSecond: 2 } })).toMatchObject({
      ok: false,
    });
  });

  test("a device called like an object's own method is no device", () => {
    expect(findDevice('toString')).toMatchObject({ ok: false });
  });
});
