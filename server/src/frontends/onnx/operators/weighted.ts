// Operators with weights: convolutions, matrix products, lookups and norms.

import type { Padding, Parameter } from '../../../network/op.ts';
import { knownSize, NotKnown, type NodeCall } from '../node-call.ts';
import { parametersOf, type Known, type Tensor } from '../tensor.ts';
import type { Operator } from './operator.ts';
import { windowOf } from './windows.ts';

const isDefined = (parameters: readonly (readonly Parameter[])[]): readonly Parameter[] => parameters.flat();

/** Which inputs of a convolution are what; quantized forms have others between. */
interface ConvolutionInputs {
  readonly weight: number;
  readonly bias: number;
}

export function convolution({ weight: weightIndex, bias }: ConvolutionInputs = { weight: 1, bias: 2 }): Operator {
  return (call) => {
    const input = call.input();
    const weight = call.input(weightIndex);
    const [out, perGroup, ...kernel] = weight.shape;
    const outChannels = knownSize(out, 'the number of output channels');
    const groups = call.integer('group', 1);
    const inChannels = groups * knownSize(perGroup, 'the number of input channels');
    const window = windowOf(
      call,
      kernel.map((size) => knownSize(size, 'the size of the kernel')),
    );
    return call.emit({
      attributes: {
        kind: 'convolution',
        inChannels,
        outChannels,
        ...window,
        paddingMode: 'zeros',
        groups,
        channelAxis: 1,
      },
      inputs: [input],
      parameters: isDefined([parametersOf(weight, 'weight'), parametersOf(call.optional(bias), 'bias')]),
    });
  };
}

export const transposedConvolution: Operator = (call) => {
  const input = call.input();
  const weight = call.input(1);
  const [inSize, perGroup, ...sizes] = weight.shape;
  const groups = call.integer('group', 1);
  const kernel = sizes.map((size) => knownSize(size, 'the size of the kernel'));
  const stride = kernel.map((_, axis) => call.integers('strides')?.[axis] ?? 1);
  const dilation = kernel.map((_, axis) => call.integers('dilations')?.[axis] ?? 1);
  const outputPadding = kernel.map((_, axis) => call.integers('output_padding')?.[axis] ?? 0);
  const wanted = call.integers('output_shape')?.slice(-kernel.length);
  const rule = call.text('auto_pad', 'NOTSET');
  const padding = kernel.map((size, axis): Padding => {
    const pads = call.integers('pads');
    if (wanted === undefined && !rule.startsWith('SAME'))
      return { before: pads?.[axis] ?? 0, after: pads?.[axis + kernel.length] ?? 0 };
    const length = knownSize(input.shape[axis + 2], 'the size of the input');
    const step = stride[axis] ?? 1;
    const output = wanted?.[axis] ?? length * step;
    const full = step * (length - 1) + (outputPadding[axis] ?? 0) + (size - 1) * (dilation[axis] ?? 1) + 1;
    const total = full - output;
    const half = Math.floor(total / 2);
    return rule === 'SAME_UPPER' ? { before: half, after: total - half } : { before: total - half, after: half };
  });
  return call.emit({
    attributes: {
      kind: 'transposed-convolution',
      inChannels: knownSize(inSize, 'the number of input channels'),
      outChannels: groups * knownSize(perGroup, 'the number of output channels'),
      kernel,
      stride,
      padding,
      outputPadding,
      dilation,
      groups,
      channelAxis: 1,
    },
    inputs: [input],
    parameters: isDefined([parametersOf(weight, 'weight'), parametersOf(call.optional(2), 'bias')]),
  });
};

/** A product of what flows and a stored matrix is a dense layer; any other is a product of two tensors. */
function product(call: NodeCall, left: Known, right: Known): Known {
  const [rows, columns] = right.shape;
  if (left.kind === 'flow' && right.kind === 'constant' && right.shape.length === 2) {
    const inFeatures = knownSize(rows, 'the number of input features');
    const outFeatures = knownSize(columns, 'the number of output features');
    return call.made({
      attributes: { kind: 'dense', inFeatures, outFeatures },
      inputs: [left],
      parameters: parametersOf(right, 'weight', [outFeatures, inFeatures]),
    });
  }
  return call.made({ attributes: { kind: 'matmul' }, inputs: [left, right] });
}

export const matrixProduct =
  (right: number): Operator =>
  (call) =>
    product(call, call.input(), call.input(right));

export const generalProduct: Operator = (call) => {
  const turned = (tensor: Known, isTurned: boolean): Known =>
    isTurned
      ? call.made({ attributes: { kind: 'permute', order: [1, 0] }, inputs: [tensor], part: 'transpose' })
      : tensor;
  const left = turned(call.input(), call.integer('transA', 0) !== 0);
  const right = call.input(1);
  const isRightTurned = call.integer('transB', 0) !== 0;
  const added = call.optional(2);
  if (left.kind === 'flow' && right.kind === 'constant' && right.shape.length === 2) {
    const [first, second] = right.shape;
    const inFeatures = knownSize(isRightTurned ? second : first, 'the number of input features');
    const outFeatures = knownSize(isRightTurned ? first : second, 'the number of output features');
    const isBias = added?.kind === 'constant';
    const made = call.made({
      attributes: { kind: 'dense', inFeatures, outFeatures },
      inputs: [left],
      parameters: isDefined([
        parametersOf(right, 'weight', [outFeatures, inFeatures]),
        isBias ? parametersOf(added, 'bias') : [],
      ]),
    });
    return added === undefined || isBias ? made : sum(call, made, added);
  }
  const made = product(call, left, turned(right, isRightTurned));
  return added === undefined ? made : sum(call, made, added);
};

function sum(call: NodeCall, left: Known, right: Known): Tensor {
  return call.emit({ attributes: { kind: 'elementwise', operator: 'add' }, inputs: [left, right], part: 'add' });
}

/** Rows of a stored table by what flows are a lookup; otherwise elements are moved about. */
export const gathering: Operator = (call) => {
  const [data, indices] = [call.input(), call.input(1)];
  const axis = call.axis(call.integer('axis', 0));
  const [count, width] = data.shape;
  if (
    data.kind === 'constant' &&
    indices.kind === 'flow' &&
    data.shape.length === 2 &&
    axis === 0 &&
    data.stored.length > 0 &&
    typeof count === 'number' &&
    typeof width === 'number'
  ) {
    return call.emit({
      attributes: { kind: 'embedding', count, width },
      inputs: [indices],
      parameters: parametersOf(data, 'weight'),
    });
  }
  return undefined;
};

export const batchNorm: Operator = (call) => {
  const input = call.input();
  const scale = call.input(1);
  const channels = knownSize(scale.shape[0], 'the number of channels');
  const parameters = (['scale', 'shift', 'running-mean', 'running-variance'] as const).map((role, index) =>
    parametersOf(call.optional(index + 1), role),
  );
  return call.emit({
    attributes: {
      kind: 'batch-norm',
      channels,
      epsilon: call.integer('epsilon', 1e-5),
      momentum: 1 - call.integer('momentum', 0.9),
      hasScale: true,
      hasShift: true,
      channelAxis: 1,
    },
    inputs: [input],
    parameters: isDefined(parameters),
  });
};

/** Norms of each channel (instance norm), or of groups of them. */
export function groupNorm(isInstance: boolean): Operator {
  return (call) => {
    const input = call.input();
    const channels = knownSize(input.shape[1], 'the number of channels');
    return call.emit({
      attributes: {
        kind: 'group-norm',
        groups: isInstance ? channels : call.integer('num_groups', 1),
        channels,
        epsilon: call.integer('epsilon', 1e-5),
        channelAxis: 1,
      },
      inputs: [input],
      parameters: isDefined([parametersOf(call.optional(1), 'scale'), parametersOf(call.optional(2), 'shift')]),
    });
  };
}

export const layerNorm: Operator = (call) => {
  const input = call.input();
  const first = call.axis(call.integer('axis', -1));
  return call.emit({
    attributes: {
      kind: 'layer-norm',
      normalizedAxes: input.shape.slice(first).map((_, axis) => first + axis),
      epsilon: call.integer('epsilon', 1e-5),
    },
    inputs: [input],
    parameters: isDefined([parametersOf(call.optional(1), 'scale'), parametersOf(call.optional(2), 'shift')]),
  });
};

export const localResponseNorm: Operator = (call) =>
  call.emit({ attributes: { kind: 'local-response-norm', size: call.integer('size', 1) }, inputs: [call.input()] });

/** A number for each channel that multiplies what is below zero. */
export const parametricRelu: Operator = (call) => {
  const slope = call.input(1);
  return call.emit({
    attributes: { kind: 'activation', function: 'prelu', channelAxis: 1 },
    inputs: [call.input()],
    parameters: parametersOf(slope, 'slope'),
  });
};

/** A sum over products in letters: brought into the form of one product of matrices. */
export const einsum: Operator = (call) => {
  const equation = call.text('equation', '').replace(/\s/g, '');
  const match = /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]*)$/.exec(equation);
  const [left, right] = [call.input(), call.input(1)];
  const [, one = '', other = '', result = ''] = match ?? [];
  const isPlain = [one, other, result].every((letters) => new Set(letters).size === letters.length);
  if (match === null || !isPlain || one.length !== left.shape.length || other.length !== right.shape.length)
    throw new NotKnown(`the equation ${equation} is not modelled`);
  const sizes = new Map(Array.from(one).map((letter, axis) => [letter, left.shape[axis] ?? 1]));
  for (const [axis, letter] of Array.from(other).entries()) sizes.set(letter, right.shape[axis] ?? 1);
  const shared = Array.from(one).filter((letter) => other.includes(letter));
  const batch = shared.filter((letter) => result.includes(letter));
  const summed = shared.filter((letter) => !result.includes(letter));
  const rows = Array.from(one).filter((letter) => !other.includes(letter));
  const columns = Array.from(other).filter((letter) => !one.includes(letter));
  if ([...rows, ...columns].some((letter) => !result.includes(letter)))
    throw new NotKnown(`the equation ${equation} is not modelled`);
  const count = (letters: readonly string[]): number =>
    letters.reduce((total, letter) => total * knownSize(sizes.get(letter), 'a size'), 1);
  const [b, m, k, n] = [batch, rows, summed, columns].map((letters) => count(letters));
  const matrix = (tensor: Known, shape: readonly number[], part: string): Known =>
    call.made({ attributes: { kind: 'rearrange', operation: 'einsum', shape }, inputs: [tensor], part });
  const multiplied = call.made({
    attributes: { kind: 'matmul' },
    inputs: [matrix(left, [b ?? 1, m ?? 1, k ?? 1], 'left'), matrix(right, [b ?? 1, k ?? 1, n ?? 1], 'right')],
  });
  const shape = Array.from(result).map((letter) => sizes.get(letter) ?? 1);
  return call.made({
    attributes: { kind: 'rearrange', operation: 'einsum', shape },
    inputs: [multiplied],
    part: 'result',
  });
};

/** Layers that go through a sequence step by step; so many gates, each a product with the input and one with the state. */
export function recurrent(gates: number): Operator {
  return (call) => {
    const input = call.input();
    const [weight, recurrence] = [call.input(1), call.input(2)];
    const isBatchFirst = call.integer('layout', 0) !== 0;
    const [first, second] = input.shape;
    const [length, batch] = isBatchFirst ? [second ?? 1, first ?? 1] : [first ?? 1, second ?? 1];
    const directions = knownSize(weight.shape[0], 'the number of directions');
    const inFeatures = knownSize(weight.shape[2], 'the number of input features');
    const hidden = knownSize(recurrence.shape[2], 'the number of hidden units');
    const width = gates * hidden;
    const owned = isDefined([
      parametersOf(weight, 'weight'),
      parametersOf(recurrence, 'weight'),
      parametersOf(call.optional(3), 'bias'),
    ]);
    const steps: Known[] = [];
    for (let direction = 0; direction < directions; direction++) {
      const suffix = directions === 1 ? '' : `.${String(direction)}`;
      const fed = call.made({
        attributes: { kind: 'dense', inFeatures, outFeatures: width },
        inputs: [input],
        // The file keeps the weights of all directions together.
        parameters: direction === 0 ? owned : [],
        part: `input${suffix}`,
      });
      const state = call.made({
        attributes: { kind: 'rearrange', operation: 'state', shape: [...input.shape.slice(0, 2), hidden] },
        inputs: [fed],
        part: `state${suffix}`,
      });
      steps.push(
        call.made({
          attributes: { kind: 'dense', inFeatures: hidden, outFeatures: width },
          inputs: [state],
          part: `recurrent${suffix}`,
        }),
      );
    }
    const all = isBatchFirst ? [batch, length, directions, hidden] : [length, directions, batch, hidden];
    const last = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
    const output = (shape: typeof all, part: string): Known =>
      call.made({ attributes: { kind: 'rearrange', operation: 'gates', shape }, inputs: steps, part });
    const outputs = [output(all, 'output'), output(last, 'last')];
    return call.node.outputs.length > 2 ? [...outputs, output(last, 'cell')] : outputs;
  };
}
