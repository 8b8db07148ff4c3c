// What the operations of a TensorFlow graph do, one row each: shapes and costs of what they emit. Operations that only work on
// shapes are computed as far as their numbers are known.

import type { ActivationFunction, OpAttributes, ValueId } from '../../network/op.ts';
import { elementCount, type Dimension, type Shape } from '../../network/shape.ts';
import { transposedPadding, windowPadding, ruleOf, type Window } from '../shared/keras-layers/windows.ts';
import { flagOf, floatOf, integerOf, integersOf, wordOf, wordsOf, type GraphNode } from './graph-file.ts';
import { given, NodeRefused, type NodeCall, type NodeRow, type NodeValue } from './node-call.ts';

type Operator = Extract<OpAttributes, { kind: 'elementwise' }>['operator'];
type Reducer = Extract<OpAttributes, { kind: 'reduce' }>['reducer'];

const first = ({ inputs: [input] }: NodeCall): NodeValue => given(input, 'what it is given');
const input = ({ inputs }: NodeCall, index: number): NodeValue => given(inputs[index], `input ${String(index + 1)}`);
const numbersAt = (call: NodeCall, index: number): readonly number[] =>
  given(input(call, index).numbers, `what input ${String(index + 1)} holds`);
const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const sizeAt = (shape: Shape, axis: number): number => {
  const size = shape.at(axis);
  if (typeof size === 'number') return size;
  throw new NodeRefused(size === undefined ? 'its input has too few axes' : size.reason);
};

const channelAxisOf = (node: GraphNode): 1 | -1 => (wordOf(node, 'data_format')?.startsWith('NC') === true ? 1 : -1);

/** Per-axis values without those of batch and channels. */
const spatial = (values: readonly number[], axis: 1 | -1): readonly number[] =>
  values.length <= 2 ? values : axis === 1 ? values.slice(2) : values.slice(1, -1);

function windowOf(node: GraphNode, kernel: readonly number[], axis: 1 | -1): Window {
  const along = (name: string): readonly number[] => {
    const found = spatial(integersOf(node, name), axis);
    return found.length === kernel.length ? found : kernel.map(() => 1);
  };
  return { kernel, stride: along('strides'), dilation: along('dilations') };
}

function paddingOf(node: GraphNode, shape: Shape, window: Window, axis: 1 | -1) {
  const rule = wordOf(node, 'padding')?.toLowerCase() ?? 'valid';
  const sizes = axis === 1 ? shape.slice(2) : shape.slice(1, -1);
  if (rule !== 'explicit') return { ...ruleOf(rule), padding: windowPadding(rule, sizes, window) };
  const amounts = integersOf(node, 'explicit_paddings');
  const from = axis === 1 ? 4 : 2;
  return {
    padding: window.kernel.map((_, i) => ({
      before: amounts[from + 2 * i] ?? 0,
      after: amounts[from + 2 * i + 1] ?? 0,
    })),
  };
}

const activations: Readonly<Record<string, ActivationFunction>> = {
  Relu: 'relu',
  Relu6: 'relu6',
  Elu: 'elu',
  Selu: 'selu',
  LeakyRelu: 'leaky-relu',
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  Softplus: 'softplus',
  Exp: 'exp',
  Log: 'log',
  Sqrt: 'sqrt',
  Rsqrt: 'rsqrt',
  Abs: 'abs',
  Neg: 'negative',
  Square: 'square',
  Sin: 'sine',
  Cos: 'cosine',
  Floor: 'other',
  Ceil: 'other',
  Round: 'other',
  Sign: 'other',
  Erf: 'other',
  Reciprocal: 'other',
  Inv: 'other',
  LogicalNot: 'other',
  ClipByValue: 'other',
  Atan: 'other',
};

/** What a fused operation does behind its product: a bias, a norm, an activation. */
function fused(call: NodeCall, made: NodeValue, extra: number): readonly NodeValue[] {
  let [current, next] = [made, extra];
  for (const word of wordsOf(call.node, 'fused_ops')) {
    if (word === 'BiasAdd') continue;
    const tensor = call.tensor(current);
    if (word === 'Prelu') {
      current = prelu(call, current, input(call, next++), 'Prelu');
      continue;
    }
    const known = activations[word];
    if (known === undefined) throw new NodeRefused(`the fused operation ${word} is not modelled`);
    current = call.emit({ kind: 'activation', function: known, channelAxis: -1 }, [tensor], { part: word });
  }
  return [current];
}

function prelu(call: NodeCall, value: NodeValue, slopes: NodeValue, part?: string): NodeValue {
  return call.emit({ kind: 'activation', function: 'prelu', channelAxis: -1 }, [call.tensor(value)], {
    weights: [call.weight(slopes, slopes.shape, 'slope')],
    ...(part !== undefined && { part }),
  });
}

const hasBias = (node: GraphNode): boolean => wordsOf(node, 'fused_ops').includes('BiasAdd');

function convolution(call: NodeCall, isDepthwise: boolean): readonly NodeValue[] {
  const { node } = call;
  const [value, filter] = [first(call), input(call, 1)];
  const axis = channelAxisOf(node);
  const [height = 1, width = 1, inSize = 1, outSize = 1] = filter.shape.map((_, i) => sizeAt(filter.shape, i));
  const inChannels = sizeAt(value.shape, axis);
  const outChannels = isDepthwise ? inSize * outSize : outSize;
  const groups = isDepthwise ? inSize : inChannels / inSize;
  const window = windowOf(node, [height, width], axis);
  const bias = hasBias(node) ? input(call, 2) : undefined;
  const made = call.emit(
    {
      kind: 'convolution',
      inChannels,
      outChannels,
      ...window,
      ...paddingOf(node, value.shape, window, axis),
      paddingMode: 'zeros',
      groups,
      channelAxis: axis,
    },
    [call.tensor(value)],
    {
      weights: [
        call.weight(filter, [outChannels, inChannels / groups, height, width], 'weight'),
        bias && call.weight(bias, bias.shape, 'bias'),
      ],
    },
  );
  return fused(call, made, bias === undefined ? 2 : 3);
}

const transposedConvolution: NodeRow = (call) => {
  const { node } = call;
  const [filter, value] = [input(call, 1), input(call, 2)];
  const axis = channelAxisOf(node);
  const [height = 1, width = 1, outChannels = 1, inChannels = 1] = filter.shape.map((_, i) => sizeAt(filter.shape, i));
  const window = windowOf(node, [height, width], axis);
  const sizes = axis === 1 ? value.shape.slice(2) : value.shape.slice(1, -1);
  const rule = wordOf(node, 'padding')?.toLowerCase() ?? 'valid';
  return [
    call.emit(
      {
        kind: 'transposed-convolution',
        inChannels,
        outChannels,
        ...window,
        ...ruleOf(rule),
        ...transposedPadding(rule, sizes, window, undefined),
        groups: 1,
        channelAxis: axis,
      },
      [call.tensor(value)],
      { weights: [call.weight(filter, [inChannels, outChannels, height, width], 'weight')] },
    ),
  ];
};

const product: NodeRow = (call) => {
  const { node } = call;
  const [left, right] = [first(call), input(call, 1)];
  const isTurned = flagOf(node, 'transpose_b') || flagOf(node, 'adj_y');
  if (flagOf(node, 'transpose_a') || flagOf(node, 'adj_x'))
    throw new NodeRefused('a turned first factor is not modelled');
  if (right.weight !== undefined && right.shape.length === 2) {
    const [inFeatures, outFeatures] = [sizeAt(right.shape, isTurned ? 1 : 0), sizeAt(right.shape, isTurned ? 0 : 1)];
    const bias = hasBias(node) ? input(call, 2) : undefined;
    const made = call.emit({ kind: 'dense', inFeatures, outFeatures }, [call.tensor(left)], {
      weights: [call.weight(right, [outFeatures, inFeatures], 'weight'), bias && call.weight(bias, bias.shape, 'bias')],
    });
    return fused(call, made, bias === undefined ? 2 : 3);
  }
  let other = call.tensor(right);
  if (isTurned) {
    const axes = right.shape.map((_, axis) => axis);
    const order = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
    other = call.tensor(call.emit({ kind: 'permute', order }, [other], { part: 'turned' }));
  }
  return [call.emit({ kind: 'matmul' }, [call.tensor(left), other])];
};

const batchNorm: NodeRow = (call) => {
  const { node } = call;
  const [value, scale, shift, mean, variance] = [0, 1, 2, 3, 4].map((index) => input(call, index));
  if (!value || !scale || !shift || !mean || !variance) throw new NodeRefused('it is given too little');
  const axis = channelAxisOf(node);
  const channels = sizeAt(value.shape, axis);
  return [
    call.emit(
      {
        kind: 'batch-norm',
        channels,
        epsilon: floatOf(node, 'epsilon') ?? 0.001,
        momentum: undefined,
        hasScale: true,
        hasShift: true,
        channelAxis: axis,
      },
      [call.tensor(value)],
      {
        weights: [
          call.weight(scale, [channels], 'scale'),
          call.weight(shift, [channels], 'shift'),
          call.weight(mean, [channels], 'running-mean'),
          call.weight(variance, [channels], 'running-variance'),
        ],
      },
    ),
  ];
};

/** Numbers of two values element by element; one number goes with every one of the others. */
function together(
  call: NodeCall,
  compute: ((a: number, b: number) => number) | undefined,
): readonly number[] | undefined {
  const [one, other] = [first(call).numbers, input(call, 1).numbers];
  if (one === undefined || other === undefined || compute === undefined) return undefined;
  const length = Math.max(one.length, other.length);
  if (![1, length].includes(one.length) || ![1, length].includes(other.length)) return undefined;
  return Array.from({ length }, (_, i) =>
    compute(one[one.length === 1 ? 0 : i] ?? NaN, other[other.length === 1 ? 0 : i] ?? NaN),
  );
}

const elementwise =
  (operator: Operator, compute?: (a: number, b: number) => number): NodeRow =>
  (call) => {
    const numbers = together(call, compute);
    const isFlowing = call.inputs.some(({ tensor }) => tensor !== undefined);
    if (numbers !== undefined && !isFlowing) {
      const longer = first(call).shape.length >= input(call, 1).shape.length ? first(call) : input(call, 1);
      return [{ shape: longer.shape, numbers }];
    }
    return [
      call.emit(
        { kind: 'elementwise', operator },
        call.inputs.map((each) => call.tensor(each)),
      ),
    ];
  };

const activation =
  (name: ActivationFunction): NodeRow =>
  (call) => [call.emit({ kind: 'activation', function: name, channelAxis: -1 }, [call.tensor(first(call))])];

const same: NodeRow = (call) => [first(call)];

const pool =
  (mode: 'max' | 'average'): NodeRow =>
  (call) => {
    const { node } = call;
    const value = first(call);
    const axis = channelAxisOf(node);
    const window = windowOf(node, spatial(integersOf(node, 'ksize'), axis), axis);
    return [
      call.emit(
        {
          kind: 'pool',
          mode,
          ...window,
          ...paddingOf(node, value.shape, window, axis),
          ceilMode: false,
          countIncludePad: false,
          channelAxis: axis,
        },
        [call.tensor(value)],
      ),
    ];
  };

const reduction =
  (reducer: Reducer, compute: (values: readonly number[]) => number): NodeRow =>
  (call) => {
    const value = first(call);
    if (value.tensor === undefined && value.numbers !== undefined && value.shape.length === 1)
      return [{ shape: flagOf(call.node, 'keep_dims') ? [1] : [], numbers: [compute(value.numbers)] }];
    const axes = numbersAt(call, 1).map((axis) => fromFront(axis, value.shape.length));
    return [
      call.emit({ kind: 'reduce', reducer, axes, keepDimensions: flagOf(call.node, 'keep_dims') }, [
        call.tensor(value),
      ]),
    ];
  };

/** The same elements in another shape. */
function inShape(call: NodeCall, value: NodeValue, shape: Shape): readonly NodeValue[] {
  if (value.tensor === undefined && value.numbers !== undefined) return [{ shape, numbers: value.numbers }];
  return [call.emit({ kind: 'reshape', shape }, [call.tensor(value)])];
}

const reshape: NodeRow = (call) => {
  const value = first(call);
  const target = numbersAt(call, 1);
  const all = elementCount(value.shape);
  const known = target.filter((size) => size !== -1).reduce((count, size) => count * size, 1);
  if (target.includes(-1) && all === undefined) throw new NodeRefused('the size that is left over is not known');
  return inShape(
    call,
    value,
    target.map((size) => (size === -1 ? (all ?? 0) / known : size)),
  );
};

const squeeze: NodeRow = (call) => {
  const value = first(call);
  const axes = integersOf(call.node, 'squeeze_dims').map((axis) => fromFront(axis, value.shape.length));
  return inShape(
    call,
    value,
    value.shape.filter((size, axis) => (axes.length === 0 ? size !== 1 : !axes.includes(axis))),
  );
};

const expandDimensions: NodeRow = (call) => {
  const value = first(call);
  const [axis = 0] = numbersAt(call, 1);
  const shape = [...value.shape];
  shape.splice(axis < 0 ? axis + shape.length + 1 : axis, 0, 1);
  return inShape(call, value, shape);
};

const transpose: NodeRow = (call) => [
  call.emit({ kind: 'permute', order: numbersAt(call, 1) }, [call.tensor(first(call))]),
];

const concat: NodeRow = (call) => {
  const values = call.inputs.slice(0, -1);
  const [axis = 0] = numbersAt(call, values.length);
  const numbers = values.map((value) => (value.tensor === undefined ? value.numbers : undefined));
  const known = numbers.flatMap((each) => each ?? []);
  if (numbers.every((each) => each !== undefined)) return [{ shape: [known.length], numbers: known }];
  const rank = values[0]?.shape.length ?? 0;
  return [
    call.emit(
      { kind: 'concat', axis: fromFront(axis, rank) },
      values.map((value) => call.tensor(value)),
    ),
  ];
};

const pack: NodeRow = (call) => {
  const numbers = call.inputs.map((value) => (value.tensor === undefined ? value.numbers : undefined));
  const known = numbers.flatMap((each) => each ?? []);
  if (numbers.every((each) => each?.length === 1)) return [{ shape: [known.length], numbers: known }];
  const rank = first(call).shape.length + 1;
  const axis = fromFront(integerOf(call.node, 'axis') ?? 0, rank);
  const apart = call.inputs.map((value, i) => {
    const shape = value.shape.toSpliced(axis, 0, 1);
    return call.tensor(call.emit({ kind: 'reshape', shape }, [call.tensor(value)], { part: `row_${String(i)}` }));
  });
  return [call.emit({ kind: 'concat', axis }, apart)];
};

const unpack: NodeRow = (call) => {
  const value = first(call);
  const axis = fromFront(integerOf(call.node, 'axis') ?? 0, value.shape.length);
  const count = sizeAt(value.shape, axis);
  if (value.tensor === undefined && value.numbers?.length === count)
    return value.numbers.map((number) => ({ shape: [], numbers: [number] }));
  if (count > 64) throw new NodeRefused('it has more parts than are followed');
  const shape = value.shape.toSpliced(axis, 1);
  return Array.from({ length: count }, (_, i) => {
    const part = call.emit({ kind: 'slice', axis, start: i, size: 1, step: 1 }, [call.tensor(value)], {
      part: `slice_${String(i)}`,
    });
    return call.emit({ kind: 'reshape', shape }, [call.tensor(part)], { part: `part_${String(i)}` });
  });
};

function parts(call: NodeCall, value: NodeValue, axis: number, sizes: readonly number[]): readonly NodeValue[] {
  let start = 0;
  return sizes.map((size, i) => {
    const part = { part: `part_${String(i)}` };
    const made = call.emit({ kind: 'slice', axis, start, size, step: 1 }, [call.tensor(value)], part);
    start += size;
    return made;
  });
}

const split: NodeRow = (call) => {
  const value = input(call, 1);
  const axis = fromFront(numbersAt(call, 0)[0] ?? 0, value.shape.length);
  const count = integerOf(call.node, 'num_split') ?? 1;
  const size = sizeAt(value.shape, axis) / count;
  return parts(
    call,
    value,
    axis,
    Array.from({ length: count }, () => size),
  );
};

const splitInto: NodeRow = (call) => {
  const value = first(call);
  const axis = fromFront(numbersAt(call, 2)[0] ?? 0, value.shape.length);
  const sizes = numbersAt(call, 1);
  const rest = sizeAt(value.shape, axis) - sizes.filter((size) => size !== -1).reduce((sum, size) => sum + size, 0);
  return parts(
    call,
    value,
    axis,
    sizes.map((size) => (size === -1 ? rest : size)),
  );
};

const slice: NodeRow = (call) => {
  const [starts, sizes] = [numbersAt(call, 1), numbersAt(call, 2)];
  const value = first(call);
  return [
    cut(
      call,
      value,
      value.shape.map((size, axis) => {
        const start = starts[axis] ?? 0;
        const count = sizes[axis] ?? -1;
        return { start, size: count === -1 && typeof size === 'number' ? size - start : count, step: 1 };
      }),
    ),
  ];
};

interface Cut {
  readonly start: number;
  readonly size: number;
  readonly step: number;
}

/** Cuts axis by axis; those that stay whole are left alone. */
function cut(call: NodeCall, value: NodeValue, cuts: readonly Cut[]): NodeValue {
  let current = value;
  for (const [axis, { start, size, step }] of cuts.entries()) {
    if (start === 0 && step === 1 && size === current.shape[axis]) continue;
    if (size < 0 || step < 1) throw new NodeRefused('it goes backwards along an axis');
    current = call.emit({ kind: 'slice', axis, start, size, step }, [call.tensor(current)], {
      part: `axis_${String(axis)}`,
    });
  }
  return current;
}

/** What a cut with strides does along each axis that its lists name: a range, one place, a new axis, or the axes in between. */
function cutsOf(
  call: NodeCall,
  value: NodeValue,
): { readonly cuts: readonly Cut[]; readonly shape: (cutShape: Shape) => Shape } {
  const { node } = call;
  const [begins, ends, steps] = [numbersAt(call, 1), numbersAt(call, 2), numbersAt(call, 3)];
  const isSet = (name: string, place: number): boolean => (((integerOf(node, name) ?? 0) >> place) & 1) === 1;
  const whole = (axis: number): Cut => ({ start: 0, size: sizeAt(value.shape, axis), step: 1 });
  const cuts: Cut[] = [];
  /** For each axis of the result: the axis that it was, or undefined for a new one. */
  const kept: (number | undefined)[] = [];
  const named = begins.filter((_, place) => !isSet('new_axis_mask', place) && !isSet('ellipsis_mask', place)).length;
  for (const [place, begin] of begins.entries()) {
    if (isSet('ellipsis_mask', place)) {
      for (let left = value.shape.length - named; left > 0; left--) kept.push(cuts.push(whole(cuts.length)) - 1);
      continue;
    }
    if (isSet('new_axis_mask', place)) {
      kept.push(undefined);
      continue;
    }
    const axis = cuts.length;
    const length = sizeAt(value.shape, axis);
    if (isSet('shrink_axis_mask', place)) {
      cuts.push({ start: fromFront(begin, length), size: 1, step: 1 });
      continue;
    }
    const step = steps[place] ?? 1;
    const bounded = (at: number): number => Math.min(Math.max(fromFront(at, length), 0), length);
    const start = isSet('begin_mask', place) ? 0 : bounded(begin);
    const end = isSet('end_mask', place) ? length : bounded(ends[place] ?? 0);
    kept.push(cuts.push({ start, size: Math.max(0, Math.ceil((end - start) / step)), step }) - 1);
  }
  while (cuts.length < value.shape.length) kept.push(cuts.push(whole(cuts.length)) - 1);
  return { cuts, shape: (cutShape) => kept.map((axis) => (axis === undefined ? 1 : (cutShape[axis] ?? 1))) };
}

const stridedSlice: NodeRow = (call) => {
  const value = first(call);
  const { cuts, shape } = cutsOf(call, value);
  if (value.tensor === undefined && value.numbers !== undefined && value.shape.length === 1) {
    const [{ start, size, step } = { start: 0, size: 0, step: 1 }] = cuts;
    const numbers = Array.from({ length: size }, (_, i) => value.numbers?.[start + i * step] ?? NaN);
    return [{ shape: shape([size]), numbers }];
  }
  const made = cut(call, value, cuts);
  const kept = shape(made.shape);
  const isSame = kept.length === made.shape.length && kept.every((size, axis) => size === made.shape[axis]);
  return isSame ? [made] : [call.emit({ kind: 'reshape', shape: kept }, [call.tensor(made)])];
};

/** Elements or slices at places that are given as lists of indices. */
const gatherPlaces: NodeRow = (call) => {
  const [value, places] = [first(call), input(call, 1)];
  const depth = sizeAt(places.shape, -1);
  return [moved(call, 'gather', [...places.shape.slice(0, -1), ...value.shape.slice(depth)], [value])];
};

const toDense: NodeRow = (call) => [moved(call, 'scatter', numbersAt(call, 1), [input(call, 2)])];

const pad: NodeRow = (call) => {
  const amounts = numbersAt(call, 1);
  const value = first(call);
  const padding = value.shape.map((_, axis) => ({ before: amounts[2 * axis] ?? 0, after: amounts[2 * axis + 1] ?? 0 }));
  return [call.emit({ kind: 'pad', padding, mode: 'constant', value: 0 }, [call.tensor(value)])];
};

const mirrorPad: NodeRow = (call) => {
  const amounts = numbersAt(call, 1);
  const value = first(call);
  const padding = value.shape.map((_, axis) => ({ before: amounts[2 * axis] ?? 0, after: amounts[2 * axis + 1] ?? 0 }));
  return [call.emit({ kind: 'pad', padding, mode: 'reflect', value: 0 }, [call.tensor(value)])];
};

const resize =
  (mode: 'nearest' | 'linear' | 'cubic'): NodeRow =>
  (call) => [
    call.emit(
      {
        kind: 'resize',
        mode,
        outputSize: numbersAt(call, 1),
        alignCorners: flagOf(call.node, 'align_corners'),
        channelAxis: -1,
      },
      [call.tensor(first(call))],
    ),
  ];

const blocks =
  (kind: 'depth-to-space' | 'space-to-depth'): NodeRow =>
  (call) => [
    call.emit(
      {
        kind,
        block: given(integerOf(call.node, 'block_size'), 'its block'),
        order: 'dcr',
        channelAxis: channelAxisOf(call.node),
      },
      [call.tensor(first(call))],
    ),
  ];

/** Parts of an image side by side in the batch, as dilated convolutions were once written. */
const spaceToBatch: NodeRow = (call) => {
  const value = first(call);
  const [block, amounts] = [numbersAt(call, 1), numbersAt(call, 2)];
  const count = block.reduce((all, size) => all * size, 1);
  const shape = value.shape.map((size, axis): Dimension => {
    const known = typeof size === 'number' ? size : sizeAt(value.shape, axis);
    if (axis === 0) return known * count;
    const i = axis - 1;
    return i < block.length ? (known + (amounts[2 * i] ?? 0) + (amounts[2 * i + 1] ?? 0)) / (block[i] ?? 1) : known;
  });
  return [call.emit({ kind: 'rearrange', operation: 'space to batch', shape }, [call.tensor(value)])];
};

const batchToSpace: NodeRow = (call) => {
  const value = first(call);
  const [block, amounts] = [numbersAt(call, 1), numbersAt(call, 2)];
  const count = block.reduce((all, size) => all * size, 1);
  const shape = value.shape.map((size, axis): Dimension => {
    const known = typeof size === 'number' ? size : sizeAt(value.shape, axis);
    if (axis === 0) return known / count;
    const i = axis - 1;
    return i < block.length ? known * (block[i] ?? 1) - (amounts[2 * i] ?? 0) - (amounts[2 * i + 1] ?? 0) : known;
  });
  return [call.emit({ kind: 'rearrange', operation: 'batch to space', shape }, [call.tensor(value)])];
};

const softmax =
  (log: boolean): NodeRow =>
  (call) => [call.emit({ kind: 'softmax', axis: first(call).shape.length - 1, log }, [call.tensor(first(call))])];

/** Elements of a tensor in a shape that is known, at places that do not matter. */
function moved(call: NodeCall, operation: string, shape: Shape, from: readonly NodeValue[]): NodeValue {
  return call.emit(
    { kind: 'rearrange', operation, shape },
    from.map((value): ValueId => call.tensor(value)),
  );
}

const gather: NodeRow = (call) => {
  const [table, places] = [first(call), input(call, 1)];
  const axis = fromFront(call.inputs[2]?.numbers?.[0] ?? 0, table.shape.length);
  if (
    table.tensor === undefined &&
    table.numbers !== undefined &&
    places.numbers !== undefined &&
    table.shape.length === 1
  ) {
    const { numbers } = table;
    return [{ shape: places.shape, numbers: places.numbers.map((place) => numbers[place] ?? NaN) }];
  }
  const shape = [...table.shape.slice(0, axis), ...places.shape, ...table.shape.slice(axis + 1)];
  if (table.weight !== undefined && axis === 0 && table.shape.length === 2 && places.numbers === undefined) {
    const [count, width] = [sizeAt(table.shape, 0), sizeAt(table.shape, 1)];
    return [
      call.emit({ kind: 'embedding', count, width }, [call.tensor(places)], {
        weights: [call.weight(table, [count, width], 'weight')],
      }),
    ];
  }
  return [moved(call, 'gather', shape, [table])];
};

const shape: NodeRow = (call) => {
  const value = first(call);
  return [{ shape: [value.shape.length], numbers: value.shape.map((_, axis) => sizeAt(value.shape, axis)) }];
};

const tile: NodeRow = (call) => {
  const value = first(call);
  const times = numbersAt(call, 1);
  return [
    moved(
      call,
      'tile',
      value.shape.map((_, axis) => sizeAt(value.shape, axis) * (times[axis] ?? 1)),
      [value],
    ),
  ];
};

const fill: NodeRow = (call) => {
  const sizes = numbersAt(call, 0);
  return [call.emit({ kind: 'constant', shape: sizes }, [])];
};

const broadcast: NodeRow = (call) => [
  call.emit({ kind: 'expand', shape: numbersAt(call, 1) }, [call.tensor(first(call))]),
];

const range: NodeRow = (call) => {
  const [from = 0, to = 0, step = 1] = [0, 1, 2].map((index) => numbersAt(call, index)[0]);
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(length) || length > 100_000) throw new NodeRefused('its length is not known');
  if (length > 256) return [call.emit({ kind: 'constant', shape: [length] }, [])];
  return [{ shape: [length], numbers: Array.from({ length }, (_, i) => from + i * step) }];
};

const size: NodeRow = (call) => [{ shape: [], numbers: [given(elementCount(first(call).shape), 'its length')] }];

const best: NodeRow = (call) => {
  const value = first(call);
  const axis = fromFront(numbersAt(call, 1)[0] ?? 0, value.shape.length);
  return [moved(call, 'argmax', value.shape.toSpliced(axis, 1), [value])];
};

const addAll: NodeRow = (call) => [
  call.emit(
    { kind: 'elementwise', operator: 'add' },
    call.inputs.map((each) => call.tensor(each)),
  ),
];

const choose: NodeRow = (call) => [
  call.emit(
    { kind: 'elementwise', operator: 'where' },
    call.inputs.map((each) => call.tensor(each)),
  ),
];

const largest: NodeRow = (call) => {
  const value = first(call);
  const [count = 1] = numbersAt(call, 1);
  const top = [...value.shape.slice(0, -1), count];
  return ['values', 'places'].map((part) =>
    call.emit({ kind: 'rearrange', operation: 'top', shape: top }, [call.tensor(value)], { part }),
  );
};

const compare = elementwise('compare');

export const nodeRows: ReadonlyMap<string, NodeRow> = new Map<string, NodeRow>([
  ...Object.entries(activations).map(([name, known]) => [name, activation(known)] as const),
  ...['Identity', 'StopGradient', 'PreventGradient', 'CheckNumerics', 'Cast', 'Snapshot', 'Print', 'EnsureShape'].map(
    (name) => [name, same] as const,
  ),
  ...['Conv2D', '_FusedConv2D', 'FusedConv2D'].map(
    (name) => [name, (call: NodeCall) => convolution(call, false)] as const,
  ),
  ...['DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative', 'DepthwiseConv2d'].map(
    (name) => [name, (call: NodeCall) => convolution(call, true)] as const,
  ),
  ['Conv2DBackpropInput', transposedConvolution],
  ...['MatMul', '_FusedMatMul', 'BatchMatMul', 'BatchMatMulV2'].map((name) => [name, product] as const),
  ...['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'].map((name) => [name, batchNorm] as const),
  ...['Add', 'AddV2', 'BiasAdd'].map((name) => [name, elementwise('add', (a, b) => a + b)] as const),
  ['AddN', addAll],
  ['Sub', elementwise('subtract', (a, b) => a - b)],
  ['Mul', elementwise('multiply', (a, b) => a * b)],
  ['RealDiv', elementwise('divide', (a, b) => a / b)],
  ['Div', elementwise('divide', (a, b) => a / b)],
  ['FloorDiv', elementwise('divide', (a, b) => Math.floor(a / b))],
  ['FloorMod', elementwise('divide', (a, b) => a - b * Math.floor(a / b))],
  ['Maximum', elementwise('maximum', Math.max)],
  ['Minimum', elementwise('minimum', Math.min)],
  ['Pow', elementwise('power', (a, b) => a ** b)],
  ['SquaredDifference', elementwise('subtract', (a, b) => (a - b) ** 2)],
  ['Atan2', elementwise('divide')],
  ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr'].map(
    (name) => [name, compare] as const,
  ),
  ...['Select', 'SelectV2'].map((name) => [name, choose] as const),
  ['Prelu', (call) => [prelu(call, first(call), input(call, 1))]],
  ['MaxPool', pool('max')],
  ['AvgPool', pool('average')],
  ['Mean', reduction('mean', (values) => values.reduce((sum, value) => sum + value, 0) / values.length)],
  ['Sum', reduction('sum', (values) => values.reduce((sum, value) => sum + value, 0))],
  ['Max', reduction('max', (values) => Math.max(...values))],
  ['Min', reduction('min', (values) => Math.min(...values))],
  ['Prod', reduction('product', (values) => values.reduce((all, value) => all * value, 1))],
  ['Softmax', softmax(false)],
  ['LogSoftmax', softmax(true)],
  ['Reshape', reshape],
  ['Squeeze', squeeze],
  ['ExpandDims', expandDimensions],
  ['Transpose', transpose],
  ['ConcatV2', concat],
  ['Pack', pack],
  ['Unpack', unpack],
  ['Split', split],
  ['SplitV', splitInto],
  ['Slice', slice],
  ['StridedSlice', stridedSlice],
  ['Pad', pad],
  ['PadV2', pad],
  ['MirrorPad', mirrorPad],
  ['ResizeBilinear', resize('linear')],
  ['ResizeNearestNeighbor', resize('nearest')],
  ['ResizeBicubic', resize('cubic')],
  ['DepthToSpace', blocks('depth-to-space')],
  ['SpaceToDepth', blocks('space-to-depth')],
  ['SpaceToBatchND', spaceToBatch],
  ['BatchToSpaceND', batchToSpace],
  ['Gather', gather],
  ['GatherV2', gather],
  ['GatherNd', gatherPlaces],
  ['SparseToDense', toDense],
  ['Shape', shape],
  ['Size', size],
  ['Tile', tile],
  ['Fill', fill],
  ['BroadcastTo', broadcast],
  ['Range', range],
  ['ArgMax', best],
  ['ArgMin', best],
  ['TopKV2', largest],
  ['ZerosLike', (call) => [call.emit({ kind: 'constant', shape: first(call).shape }, [])]],
  ['OnesLike', (call) => [call.emit({ kind: 'constant', shape: first(call).shape }, [])]],
]);
