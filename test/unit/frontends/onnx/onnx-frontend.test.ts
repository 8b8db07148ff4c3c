// What nodes of ONNX files become, which shapes are worked out beforehand, and what is said of files that are none.

import { describe, expect, test } from 'vitest';
import { exactly } from '../../../../server/src/common/count.ts';
import { formatShape } from '../../../../server/src/network/shape.ts';
import {
  bytesOf,
  costOf,
  floats,
  integers,
  node,
  onnxFile,
  readOnnx,
  type OnnxFile,
} from '../../../support/onnx-files.ts';

const read = (file: OnnxFile, input?: readonly number[]): ReturnType<typeof readOnnx> =>
  readOnnx(bytesOf(onnxFile(file)), input && { input: [input], from: 'request' });

/** `label kind shape` of every op but the input. */
function ops(file: OnnxFile): string[] {
  const { graph, problems } = read(file);
  expect(problems).toEqual([]);
  return graph!.ops
    .slice(1)
    .map((op) => `${op.label} ${op.attributes.kind} ${formatShape(graph!.values[op.outputs[0]!]!.shape)}`);
}

describe('operators', () => {
  test.for<[string, OnnxFile, string[]]>([
    [
      'a convolution pads before and after',
      {
        nodes: [node('Conv', 'x w', 'y', { pads: [1, 1, 0, 0], strides: [2, 2] })],
        constants: { w: floats(4, 3, 3, 3) },
      },
      ['Conv convolution 1×4×4×4'],
    ],
    [
      'a convolution pads so that the output is as long as the input over the stride',
      {
        nodes: [node('Conv', 'x w', 'y', { auto_pad: 'SAME_UPPER', strides: [3, 3] })],
        constants: { w: floats(4, 3, 2, 2) },
      },
      ['Conv convolution 1×4×3×3'],
    ],
    [
      'a transposed convolution is as large as it is told',
      {
        nodes: [node('ConvTranspose', 'x w', 'y', { strides: [2, 2], output_shape: [16, 16] })],
        constants: { w: floats(3, 4, 3, 3) },
      },
      ['ConvTranspose transposed-convolution 1×4×16×16'],
    ],
    [
      'a product with a stored matrix is a dense layer',
      { input: [1, 5, 6], nodes: [node('MatMul', 'x w', 'y')], constants: { w: floats(6, 7) } },
      ['MatMul dense 1×5×7'],
    ],
    [
      'a product of what flows is one of tensors',
      {
        input: [1, 5, 6],
        nodes: [node('Transpose', 'x', 't', { perm: [0, 2, 1] }), node('MatMul', 'x t', 'y')],
      },
      ['Transpose permute 1×6×5', 'MatMul matmul 1×5×5'],
    ],
    [
      'a general product turns its matrix',
      {
        input: [1, 6],
        nodes: [node('Gemm', 'x w b', 'y', { transB: 1 })],
        constants: { w: floats(7, 6), b: floats(7) },
      },
      ['Gemm dense 1×7'],
    ],
    [
      'rows of a table are looked up',
      {
        inputs: [{ name: 'x', type: 'int64', shape: [1, 5] }],
        nodes: [node('Gather', 't x', 'y')],
        constants: { t: floats(100, 8) },
      },
      ['Gather embedding 1×5×8'],
    ],
    [
      'a split is slices',
      { nodes: [node('Split', 'x s', 'a b', { axis: 2 }), node('Relu', 'b', 'y')], constants: { s: integers(3, 5) } },
      ['Split slice 1×3×3×8', 'Split slice 1×3×5×8', 'Relu activation 1×3×5×8'],
    ],
    [
      'a resize by scales',
      {
        nodes: [node('Resize', 'x - s', 'y')],
        constants: { s: { type: 'float32', shape: [4], data: Float32Array.from([1, 1, 2, 1.5]) } },
      },
      ['Resize resize 1×3×16×12'],
    ],
    [
      'a slice counts from the end, as far as the tensor goes',
      {
        nodes: [node('Slice', 'x from to axes', 'y')],
        constants: { from: integers(-3), to: integers(9_007_199_254_740_991), axes: integers(3) },
      },
      ['Slice slice 1×3×8×3'],
    ],
    [
      'an equation of letters is a product of matrices',
      {
        inputs: [
          { name: 'x', type: 'float32', shape: [1, 4, 5] },
          { name: 'z', type: 'float32', shape: [1, 6, 5] },
        ],
        nodes: [node('Einsum', 'x z', 'y', { equation: 'bik,bjk->bij' })],
      },
      // The first op is the second input.
      [
        'input input 1×6×5',
        'left rearrange 1×4×5',
        'right rearrange 1×5×6',
        'Einsum matmul 1×4×6',
        'result rearrange 1×4×6',
      ],
    ],
  ])('%s', ([, file, expected]) => {
    expect(ops(file)).toEqual(expected);
  });

  test('a recurrent layer multiplies each step by the weights of all its gates', () => {
    const file: OnnxFile = {
      input: [10, 1, 6],
      nodes: [node('LSTM', 'x w r b', 'y h c', { hidden_size: 4 })],
      constants: { w: floats(1, 16, 6), r: floats(1, 16, 4), b: floats(1, 32) },
    };
    const cost = costOf(read(file));
    expect(cost.macs).toEqual(exactly(10 * (16 * 6 + 16 * 4)));
    expect(cost.params).toEqual(exactly(16 * 6 + 16 * 4 + 32));
  });
});

describe('what is known beforehand', () => {
  test('the target of a reshape follows Shape, Gather, Concat and arithmetic', () => {
    const file: OnnxFile = {
      nodes: [
        node('Shape', 'x', 'shape'),
        node('Gather', 'shape zero', 'batch'),
        node('Gather', 'shape two', 'height'),
        node('Mul', 'height height', 'area'),
        node('Concat', 'batch area rest', 'target', { axis: 0 }),
        node('Reshape', 'x target', 'y'),
      ],
      constants: { zero: integers(0), two: integers(2), rest: integers(-1) },
    };
    expect(ops(file)).toEqual(['Reshape reshape 1×64×3']);
  });

  test('weights that are worked out of stored ones count as they are stored', () => {
    const file: OnnxFile = {
      input: [1, 6],
      nodes: [
        node('Transpose', 'w', 'turned', { perm: [1, 0] }),
        node('Mul', 'turned scale', 'scaled'),
        node('MatMul', 'x scaled', 'y'),
      ],
      constants: { w: floats(7, 6), scale: floats(7) },
    };
    expect(costOf(read(file))).toMatchObject({ params: exactly(7 * 6 + 7), macs: exactly(42) });
  });

  test('running statistics and numbers of one element are no parameters', () => {
    const vector = floats(3);
    const file: OnnxFile = {
      nodes: [node('BatchNormalization', 'x s b m v', 'n'), node('Mul', 'n half', 'y')],
      constants: { s: vector, b: vector, m: vector, v: vector, half: floats(1) },
    };
    expect(costOf(read(file)).params).toEqual(exactly(6));
  });

  test('a tensor that two nodes use counts once', () => {
    const file: OnnxFile = {
      input: [1, 6],
      nodes: [node('MatMul', 'x w', 'a'), node('MatMul', 'a w', 'y')],
      constants: { w: floats(6, 6) },
    };
    expect(costOf(read(file))).toMatchObject({ params: exactly(36), macs: exactly(72) });
  });
});

describe('inputs', () => {
  const open: OnnxFile = {
    input: [0, 3, 0, 0],
    nodes: [node('Conv', 'x w', 'y')],
    constants: { w: floats(4, 3, 1, 1) },
  };

  test('a size that the file leaves open is assumed, and said', () => {
    const { graph, problems } = read(open);
    expect(graph!.entry.input).toMatchObject({ shapes: [[3, 224, 224]], from: 'default' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'onnx-open-size', severity: 'information' });
    expect(problems[0]!.message).toContain('--input 3x224x224');
  });

  test('what is assumed is the first usual size at which the network fits together', () => {
    const file: OnnxFile = {
      ...open,
      nodes: [node('Conv', 'x w', 'c'), node('Reshape', 'c s', 'y')],
      constants: { w: floats(4, 3, 1, 1), s: integers(1, 4, 48, 48) },
    };
    expect(read(file).graph!.entry.input.shapes).toEqual([[3, 48, 48]]);
  });

  test('a size that was asked for is taken', () => {
    const { graph, problems } = read(open, [3, 32, 16]);
    expect(problems).toEqual([]);
    expect(costOf({ graph, problems, dependencies: [] }).macs).toEqual(exactly(4 * 3 * 32 * 16));
  });

  test('a size that the file fixes can not be asked for otherwise', () => {
    const { graph, problems } = read({ ...open, input: [1, 3, 8, 8] }, [3, 32, 16]);
    expect(graph).toBeUndefined();
    expect(problems[0]!.message).toBe('net.onnx takes x of 1×3×8×8 (the first size is the batch), not 3×32×16');
  });

  test('old files list weights among the inputs', () => {
    const file: OnnxFile = {
      ...open,
      inputs: [
        { name: 'x', type: 'float32', shape: [1, 3, 8, 8] },
        { name: 'w', type: 'float32', shape: [4, 3, 1, 1] },
      ],
    };
    expect(read(file).graph!.inputs).toHaveLength(1);
  });
});

describe('what is not understood', () => {
  test('its cost is not known, and what hangs on it is not told of again', () => {
    const file: OnnxFile = {
      nodes: [node('Guess', 'x', 'g'), node('Conv', 'g w', 'c'), node('Relu', 'c', 'y')],
      constants: { w: floats(4, 3, 1, 1) },
    };
    const reading = read(file);
    expect(reading.problems.map(({ message }) => message)).toEqual([
      'Guess_0 (Guess): the operator Guess is not understood; its cost is not known',
    ]);
    expect(costOf(reading)).toMatchObject({
      macs: { kind: 'at-least', value: 0 },
      params: { kind: 'at-least', value: 12 },
    });
  });

  test('inputs that do not fit are told with both shapes', () => {
    const file: OnnxFile = { nodes: [node('Conv', 'x w', 'y')], constants: { w: floats(4, 5, 1, 1) } };
    expect(read(file).problems[0]!.message).toContain('Expected 5 input channels but the input is 3×8×8');
  });

  test('a circle is an error, and the rest is read', () => {
    const file: OnnxFile = {
      nodes: [node('Conv', 'x w', 'a'), node('Add', 'a c', 'b'), node('Relu', 'b', 'c')],
      constants: { w: floats(4, 3, 1, 1) },
    };
    const reading = read(file);
    expect(reading.problems.map(({ code }) => code)).toContain('onnx-circle');
    expect(costOf(reading).macs).toMatchObject({ kind: 'at-least', value: 4 * 3 * 64 });
  });

  test('nodes in any order are read in theirs', () => {
    const file: OnnxFile = {
      nodes: [node('Relu', 'c', 'y'), node('Conv', 'x w', 'c')],
      constants: { w: floats(4, 3, 1, 1) },
    };
    expect(ops(file)).toEqual(['Conv convolution 1×4×8×8', 'Relu activation 1×4×8×8']);
  });
});
