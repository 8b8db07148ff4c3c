// Output shapes against what PyTorch 2 prints for the same modules (stated per case), and the closed formulas of its documentation.

import { describe, expect, test } from 'vitest';
import { inferShapes } from '../../../server/src/network/infer-shapes.ts';
import type { OpAttributes } from '../../../server/src/network/op.ts';
import type { Dimension, Shape, UnknownDimension } from '../../../server/src/network/shape.ts';

type Of<K extends OpAttributes['kind']> = Extract<OpAttributes, { readonly kind: K }>;

const pad = (...amounts: number[]) => amounts.map((amount) => ({ before: amount, after: amount }));

function convolution(changes: Partial<Of<'convolution'>>): OpAttributes {
  return {
    kind: 'convolution',
    inChannels: 3,
    outChannels: 64,
    kernel: [3, 3],
    stride: [1, 1],
    padding: pad(0, 0),
    paddingMode: 'zeros',
    dilation: [1, 1],
    groups: 1,
    channelAxis: 1,
    ...changes,
  };
}

function transposed(changes: Partial<Of<'transposed-convolution'>>): OpAttributes {
  return {
    kind: 'transposed-convolution',
    inChannels: 16,
    outChannels: 33,
    kernel: [3, 3],
    stride: [2, 2],
    padding: pad(0, 0),
    outputPadding: [0, 0],
    dilation: [1, 1],
    groups: 1,
    channelAxis: 1,
    ...changes,
  };
}

function pool(changes: Partial<Of<'pool'>>): OpAttributes {
  return {
    kind: 'pool',
    mode: 'max',
    kernel: [2, 2],
    stride: [2, 2],
    padding: pad(0, 0),
    dilation: [1, 1],
    ceilMode: false,
    countIncludePad: true,
    channelAxis: 1,
    ...changes,
  };
}

function shapeOf(attributes: OpAttributes, ...inputs: Shape[]): Shape {
  const result = inferShapes(attributes, inputs);
  if (!result.ok) throw new Error(result.error);
  expect(result.value).toHaveLength(1);
  return result.value[0]!;
}

function errorOf(attributes: OpAttributes, ...inputs: Shape[]): string {
  const result = inferShapes(attributes, inputs);
  if (result.ok) throw new Error(`Expected a failure, got ${JSON.stringify(result.value)}`);
  return result.error;
}

const unknown: UnknownDimension = { kind: 'unknown', reason: 'read from a file' };

describe('windows', () => {
  test.for<[string, OpAttributes, Shape, Shape]>([
    [
      'ResNet stem',
      convolution({ kernel: [7, 7], stride: [2, 2], padding: pad(3, 3) }),
      [1, 3, 224, 224],
      [1, 64, 112, 112],
    ],
    [
      'AlexNet stem',
      convolution({ kernel: [11, 11], stride: [4, 4], padding: pad(2, 2) }),
      [1, 3, 224, 224],
      [1, 64, 55, 55],
    ],
    [
      'documentation of Conv2d',
      convolution({
        inChannels: 16,
        outChannels: 33,
        kernel: [3, 5],
        stride: [2, 1],
        padding: pad(4, 2),
        dilation: [3, 1],
      }),
      [20, 16, 50, 100],
      [20, 33, 26, 100],
    ],
    ['channels last', convolution({ channelAxis: -1, padding: pad(1, 1) }), [1, 32, 48, 3], [1, 32, 48, 64]],
    [
      'one spatial axis',
      convolution({ inChannels: 16, outChannels: 33, kernel: [3], stride: [2], padding: pad(0), dilation: [1] }),
      [20, 16, 50],
      [20, 33, 24],
    ],
    [
      'uneven padding',
      convolution({
        kernel: [3, 3],
        stride: [2, 2],
        padding: [
          { before: 0, after: 1 },
          { before: 0, after: 1 },
        ],
      }),
      [1, 3, 224, 224],
      [1, 64, 112, 112],
    ],
    [
      'DCGAN',
      transposed({ inChannels: 100, outChannels: 512, kernel: [4, 4], stride: [1, 1] }),
      [1, 100, 1, 1],
      [1, 512, 4, 4],
    ],
    [
      'documentation of ConvTranspose2d',
      transposed({ kernel: [3, 5], stride: [2, 1], padding: pad(4, 2) }),
      [20, 16, 50, 100],
      [20, 33, 93, 100],
    ],
    ['output padding', transposed({ padding: pad(1, 1), outputPadding: [1, 1] }), [1, 16, 6, 6], [1, 33, 12, 12]],
    ['VGG pool', pool({}), [1, 64, 224, 224], [1, 64, 112, 112]],
    ['odd size, floor', pool({}), [1, 8, 7, 7], [1, 8, 3, 3]],
    ['odd size, ceil', pool({ ceilMode: true }), [1, 8, 7, 7], [1, 8, 4, 4]],
    // MaxPool2d(3, stride=2, padding=1, ceil_mode=True) on 6: ceil(5/2)+1 = 4, and the fourth window starts at 6-1 < 6+1.
    [
      'ceil keeps a window that starts inside',
      pool({ kernel: [3, 3], padding: pad(1, 1), ceilMode: true }),
      [1, 8, 6, 6],
      [1, 8, 4, 4],
    ],
    // MaxPool2d(2, stride=2, padding=1, ceil_mode=True) on 3: ceil(3/2)+1 = 3, but the third would start at 4 >= 3+1.
    [
      'ceil drops a window that starts in the padding',
      pool({ padding: pad(1, 1), ceilMode: true }),
      [1, 8, 3, 3],
      [1, 8, 2, 2],
    ],
    ['dilated pool', pool({ kernel: [3, 3], stride: [1, 1], dilation: [2, 2] }), [1, 8, 10, 10], [1, 8, 6, 6]],
    [
      'global average',
      { kind: 'adaptive-pool', mode: 'average', outputSize: [1, 1], channelAxis: 1 },
      [1, 512, 7, 7],
      [1, 512, 1, 1],
    ],
    [
      'adaptive keeps one axis',
      { kind: 'adaptive-pool', mode: 'max', outputSize: [undefined, 5], channelAxis: 1 },
      [1, 64, 10, 9],
      [1, 64, 10, 5],
    ],
    [
      'resize',
      { kind: 'resize', mode: 'nearest', outputSize: [26, 26], alignCorners: false, channelAxis: 1 },
      [1, 256, 13, 13],
      [1, 256, 26, 26],
    ],
    [
      'PixelShuffle(3)',
      { kind: 'depth-to-space', block: 3, order: 'crd', channelAxis: 1 },
      [1, 9, 4, 4],
      [1, 1, 12, 12],
    ],
    [
      'YOLOv2 reorg',
      { kind: 'space-to-depth', block: 2, order: 'dcr', channelAxis: 1 },
      [1, 64, 26, 26],
      [1, 256, 13, 13],
    ],
  ])('%s', ([, attributes, input, output]) => {
    expect(shapeOf(attributes, input)).toEqual(output);
  });

  test('an unknown size keeps its reason and leaves the other axes known', () => {
    const out = shapeOf(convolution({ stride: [2, 2], padding: pad(1, 1) }), [1, 3, unknown, 32]);
    expect(out).toEqual([1, 64, unknown, 16] satisfies Dimension[]);
  });

  test('unknown channels are taken to fit', () => {
    expect(shapeOf(convolution({}), [1, unknown, 5, 5])).toEqual([1, 64, 3, 3]);
  });

  test.for<[OpAttributes, Shape, string]>([
    [convolution({ inChannels: 64 }), [1, 3, 32, 32], 'Expected 64 input channels but the input is 3×32×32'],
    [convolution({}), [1, 400], 'Expected a convolution to get 2 spatial axes and channels but the input is 400'],
    [convolution({ kernel: [5, 5] }), [1, 3, 4, 4], 'The 5×5 kernel is larger than the padded input, which is 3×4×4'],
    [convolution({ inChannels: 3, groups: 2 }), [1, 3, 4, 4], '3 input channels cannot be divided into 2 groups'],
    [pool({}), [1, 8, 1, 1], 'The 2×2 kernel is larger than the padded input, which is 8×1×1'],
    [
      { kind: 'depth-to-space', block: 2, order: 'crd', channelAxis: 1 },
      [1, 6, 4, 4],
      'Expected channels divisible by 4 but the input is 6×4×4',
    ],
    [
      { kind: 'channel-shuffle', groups: 3, channelAxis: 1 },
      [1, 8, 4, 4],
      '8 input channels cannot be divided into 3 groups',
    ],
  ])('a misfit names both sides: %#', ([attributes, input, message]) => {
    expect(errorOf(attributes, input)).toBe(message);
  });
});

describe('arrangement', () => {
  const add: OpAttributes = { kind: 'elementwise', operator: 'add' };

  test.for<[string, OpAttributes, Shape[], Shape]>([
    ['flatten', { kind: 'reshape', shape: [1, -1] }, [[1, 16, 5, 5]], [1, 400]],
    ['same count', { kind: 'reshape', shape: [1, 2, 8] }, [[1, 16]], [1, 2, 8]],
    ['permute', { kind: 'permute', order: [0, 2, 3, 1] }, [[1, 3, 32, 48]], [1, 32, 48, 3]],
    ['permute from behind', { kind: 'permute', order: [0, -1, 1, 2] }, [[1, 32, 48, 3]], [1, 3, 32, 48]],
    ['expand', { kind: 'expand', shape: [4, -1, 7, 7] }, [[1, 8, 1, 1]], [4, 8, 7, 7]],
    ['expand with a new axis', { kind: 'expand', shape: [5, 3, 4] }, [[3, 1]], [5, 3, 4]],
    [
      'concat of an Inception block',
      { kind: 'concat', axis: 1 },
      [
        [1, 64, 28, 28],
        [1, 128, 28, 28],
        [1, 32, 28, 28],
        [1, 32, 28, 28],
      ],
      [1, 256, 28, 28],
    ],
    [
      'concat from behind',
      { kind: 'concat', axis: -1 },
      [
        [1, 28, 28, 64],
        [1, 28, 28, 128],
      ],
      [1, 28, 28, 192],
    ],
    ['slice', { kind: 'slice', axis: 1, start: 32, size: 32, step: 1 }, [[1, 64, 8, 8]], [1, 32, 8, 8]],
    ['every second', { kind: 'slice', axis: 2, start: 1, size: 4, step: 2 }, [[1, 64, 8, 8]], [1, 64, 4, 8]],
    [
      'pad and crop',
      {
        kind: 'pad',
        padding: [
          { before: 0, after: 0 },
          { before: 4, after: 4 },
          { before: -1, after: 2 },
        ],
        mode: 'constant',
        value: 0,
      },
      [[1, 16, 8]],
      [1, 24, 9],
    ],
    [
      'mean over space',
      { kind: 'reduce', reducer: 'mean', axes: [2, 3], keepDimensions: false },
      [[1, 512, 7, 7]],
      [1, 512],
    ],
    [
      'mean kept',
      { kind: 'reduce', reducer: 'mean', axes: [-1, -2], keepDimensions: true },
      [[1, 512, 7, 7]],
      [1, 512, 1, 1],
    ],
    ['reduce all', { kind: 'reduce', reducer: 'sum', axes: [], keepDimensions: false }, [[1, 512, 7, 7]], []],
    [
      'squeeze and excite',
      add,
      [
        [1, 64, 7, 7],
        [1, 64, 1, 1],
      ],
      [1, 64, 7, 7],
    ],
    ['a scalar', add, [[1, 64, 7, 7], []], [1, 64, 7, 7]],
    [
      'both sides stretch',
      add,
      [
        [8, 1, 6, 1],
        [7, 1, 5],
      ],
      [8, 7, 6, 5],
    ],
    [
      'matmul with leading axes',
      { kind: 'matmul' },
      [
        [1, 8, 49, 32],
        [8, 32, 49],
      ],
      [1, 8, 49, 49],
    ],
    ['matrix and vector', { kind: 'matmul' }, [[10, 3, 4], [4]], [10, 3]],
    ['vector and vector', { kind: 'matmul' }, [[4], [4]], []],
    ['dense on a sequence', { kind: 'dense', inFeatures: 768, outFeatures: 3072 }, [[1, 197, 768]], [1, 197, 3072]],
    ['embedding', { kind: 'embedding', count: 1000, width: 64 }, [[1, 12]], [1, 12, 64]],
  ])('%s', ([, attributes, inputs, output]) => {
    expect(shapeOf(attributes, ...inputs)).toEqual(output);
  });

  test.for<[OpAttributes, Shape[], string]>([
    [
      add,
      [
        [1, 64, 32, 32],
        [1, 32, 32, 32],
      ],
      'The shapes 64×32×32 and 32×32×32 do not fit together',
    ],
    [
      { kind: 'concat', axis: 1 },
      [
        [1, 8, 4, 4],
        [1, 8, 5, 4],
      ],
      'Cannot concatenate 8×4×4 and 8×5×4 on axis 1: axis 2 differs',
    ],
    [
      { kind: 'reshape', shape: [-1, 400] },
      [[1, 16, 6, 6]],
      'Cannot reshape 1×16×6×6 into -1×400: the number of elements differs',
    ],
    [
      { kind: 'reshape', shape: [-1, -1] },
      [[1, 16]],
      'Only one dimension can be left to be worked out, but the target shape is -1×-1',
    ],
    [
      { kind: 'dense', inFeatures: 400, outFeatures: 120 },
      [[1, 576]],
      'Expected 400 input features on the last axis but the input is 576',
    ],
    [
      { kind: 'slice', axis: 1, start: 60, size: 8, step: 1 },
      [[1, 64, 8, 8]],
      'Cannot take 8 elements from 60 on axis 1 of 1×64×8×8',
    ],
    [
      { kind: 'matmul' },
      [
        [1, 3, 4],
        [1, 5, 6],
      ],
      'Cannot multiply the matrices 3×4 and 5×6: 4 columns meet 5 rows',
    ],
    [{ kind: 'permute', order: [0, 1, 1] }, [[1, 2, 3]], 'The order (0, 1, 1) does not name each axis of 1×2×3 once'],
    [{ kind: 'expand', shape: [1, 5] }, [[1, 4]], 'Cannot expand 1×4 to 1×5'],
    [{ kind: 'softmax', axis: 4, log: false }, [[1, 10]], 'There is no axis 4 in 1×10'],
  ])('a misfit names both sides: %#', ([attributes, inputs, message]) => {
    expect(errorOf(attributes, ...inputs)).toBe(message);
  });

  test('what an unknown dimension makes unknown, and what it does not', () => {
    expect(shapeOf({ kind: 'reshape', shape: [1, -1] }, [1, 16, unknown, 5])).toEqual([1, unknown]);
    expect(shapeOf({ kind: 'reshape', shape: [1, 400] }, [1, 16, unknown, 5])).toEqual([1, 400]);
    expect(shapeOf({ kind: 'concat', axis: 1 }, [1, unknown, 4], [1, 8, 4])).toEqual([1, unknown, 4]);
    expect(shapeOf({ kind: 'concat', axis: 1 }, [1, 8, unknown], [1, 8, 4])).toEqual([1, 16, 4]);
    expect(shapeOf(add, [1, 8, unknown], [1, 1, 4])).toEqual([1, 8, 4]);
    expect(shapeOf(add, [1, 8, unknown], [1, 8, 1])).toEqual([1, 8, unknown]);
  });
});
