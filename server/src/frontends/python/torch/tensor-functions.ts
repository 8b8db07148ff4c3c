// Functions that exist as `torch.x` and as tensor methods: shapes, reductions, products, joins. One row each; the first
// parameter is the tensor.

import type { ActivationFunction, OpAttributes } from '../../../network/op.ts';
import type { Dimension, Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import { integerOf } from '../evaluator/operators.ts';
import { bool, int, none, tuple, unknown, type PyValue, type TensorValue } from '../evaluator/values.ts';
import { axisOf, flatten, functional } from './functional.ts';
import { dimensionValue, emitOn, fn, giveUp, originOf, type TorchCall, type TorchFunction } from './torch-call.ts';
import { asTensor, itemOf, reshape, tensorItem } from './tensor-operators.ts';

const notATensor = 'This is given something that is no known tensor';

/** Axes of a call: none, one, or several, counted from the front. */
function axesOf(call: TorchCall, input: TensorValue, name = 'dim'): readonly number[] {
  if (call.args.isNone(name)) return input.shape.map((_, axis) => axis);
  return (call.args.integers(name, 0) ?? []).map((axis) => axisOf(input, axis));
}

function reduction(reducer: Extract<OpAttributes, { kind: 'reduce' }>['reducer'], pairs = false): TorchFunction {
  return fn('input dim=None keepdim=False **options', (call) => {
    const input = call.args.tensor('input');
    const other = call.args.tensor('dim');
    if (input && other && pairs) {
      const operator = reducer === 'max' ? 'maximum' : 'minimum';
      return call.network.emit(call.interpreter, {
        label: call.label,
        attributes: { kind: 'elementwise', operator },
        inputs: [input, other],
        span: call.span,
      });
    }
    if (!input) return giveUp(call, notATensor);
    const reduced = emitOn(call, input, {
      kind: 'reduce',
      reducer,
      axes: axesOf(call, input),
      keepDimensions: call.args.flag('keepdim'),
    });
    return pairs && !call.args.isNone('dim') ? tuple([reduced, reduced]) : reduced;
  });
}

function unaryFunction(name: ActivationFunction): TorchFunction {
  return fn('input *rest **options', (call) =>
    emitOn(call, call.args.tensor('input'), { kind: 'activation', function: name, channelAxis: 1 }),
  );
}

function binaryFunction(operator: Extract<OpAttributes, { kind: 'elementwise' }>['operator']): TorchFunction {
  return fn('input other *rest **options', (call) => {
    const [a, b] = [asTensor(call.args.value('input')), asTensor(call.args.value('other'))];
    if (!a || !b) return giveUp(call, notATensor);
    return call.network.emit(call.interpreter, {
      label: call.label,
      attributes: { kind: 'elementwise', operator },
      inputs: [a, b],
      span: call.span,
    });
  });
}

/** The arguments of a call that takes sizes one by one or as one sequence. */
function sizeArguments(call: TorchCall, name: string): readonly PyValue[] {
  const value = call.args.value(name);
  const items = value.kind === 'tuple' || value.kind === 'list' ? value.items : [value];
  const [first] = items;
  return items.length === 1 && (first?.kind === 'tuple' || first?.kind === 'list') ? first.items : items;
}

function sizesOf(call: TorchCall, name: string): readonly Dimension[] | undefined {
  const sizes = sizeArguments(call, name).map((item): Dimension | undefined =>
    item.kind === 'unknown' ? item : integerOf(item),
  );
  return sizes.includes(undefined) ? undefined : sizes.filter((size) => size !== undefined);
}

function reshaped(call: TorchCall, shape: Shape | undefined, outWidth?: WidthOrigin): PyValue {
  const input = call.args.tensor('input');
  if (!input || !shape) return giveUp(call, 'The shape to change to is not known');
  return reshape(call.network, call.interpreter, input, shape, call.span, call.label, outWidth);
}

/** `x.view(-1, 16 * 5 * 5)`: the size that is named on the channels' axis must change with the layers around it. */
function reshapedAsWritten(call: TorchCall): PyValue {
  const channels = sizeArguments(call, 'shape')[1];
  const trail = channels === undefined || integerOf(channels) === -1 ? undefined : originOf(channels);
  return reshaped(call, sizesOf(call, 'shape'), trail);
}

function permuted(call: TorchCall, input: TensorValue | undefined, order: readonly number[] | undefined): PyValue {
  if (!input || !order) return giveUp(call, 'The order of axes is not known');
  return emitOn(call, input, { kind: 'permute', order: order.map((axis) => axisOf(input, axis)) });
}

function swapped(call: TorchCall, first: number, second: number): PyValue {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, notATensor);
  const order = input.shape.map((_, axis) => axis);
  const [a, b] = [axisOf(input, first), axisOf(input, second)];
  [order[a], order[b]] = [b, a];
  return permuted(call, input, order);
}

/** The pieces of a split along an axis. */
function pieces(call: TorchCall, input: TensorValue, axis: number, sizes: readonly number[]): PyValue {
  let start = 0;
  const parts = sizes.map((size) => {
    const part = emitOn(call, input, { kind: 'slice', axis, start, size, step: 1 });
    start += size;
    return part;
  });
  return tuple(parts);
}

function chunk(call: TorchCall): PyValue {
  const input = call.args.tensor('input');
  const count = call.args.integer('chunks');
  const axis = input ? axisOf(input, call.args.integer('dim') ?? 0) : 0;
  const length = input?.shape[axis];
  if (!input || count === undefined || typeof length !== 'number')
    return giveUp(call, 'The size of what is split is not known');
  const size = Math.ceil(length / count);
  return pieces(
    call,
    input,
    axis,
    Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size)),
  );
}

function split(call: TorchCall): PyValue {
  const input = call.args.tensor('input');
  const axis = input ? axisOf(input, call.args.integer('dim') ?? 0) : 0;
  const length = input?.shape[axis];
  const sizes = call.args.integers('split_size', 0);
  if (!input || !sizes || typeof length !== 'number') return giveUp(call, 'The size of what is split is not known');
  if (call.args.value('split_size').kind === 'list' || call.args.value('split_size').kind === 'tuple')
    return pieces(call, input, axis, sizes);
  const size = sizes[0] ?? length;
  return pieces(
    call,
    input,
    axis,
    Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size)),
  );
}

function matmul(call: TorchCall): PyValue {
  const [a, b] = [call.args.tensor('input'), call.args.tensor('other')];
  if (!a || !b) return giveUp(call, notATensor);
  return call.network.emit(call.interpreter, {
    label: call.label,
    attributes: { kind: 'matmul' },
    inputs: [a, b],
    span: call.span,
  });
}

const same = fn('input *rest **options', (call) => call.args.value('input'), true);

const join = (stack: boolean): TorchFunction =>
  fn('tensors dim=0 *rest **options', (call) => {
    const items = call.interpreter.iterate(call.args.value('tensors'), call.span);
    if ('kind' in items) return giveUp(call, items.reason);
    const tensors = items.filter((item) => item.kind === 'tensor');
    const [first] = tensors;
    if (!first || tensors.length !== items.length) return giveUp(call, 'One of the tensors to join is not known');
    const rank = first.shape.length + (stack ? 1 : 0);
    const axis = call.args.integer('dim') ?? 0;
    const place = axis < 0 ? axis + rank : axis;
    const inputs: TensorValue[] = [];
    for (const tensor of tensors) {
      const grown = stack
        ? reshape(call.network, call.interpreter, tensor, tensor.shape.toSpliced(place, 0, 1), call.span, 'unsqueeze')
        : tensor;
      if (grown.kind !== 'tensor') return grown;
      inputs.push(grown);
    }
    return call.network.emit(call.interpreter, {
      label: call.label,
      attributes: { kind: 'concat', axis: place },
      inputs,
      span: call.span,
    });
  });

function expand(call: TorchCall): PyValue {
  const input = call.args.tensor('input');
  const sizes = sizesOf(call, 'sizes');
  if (!input || !sizes) return giveUp(call, 'The size to expand to is not known');
  const lead = sizes.length - input.shape.length;
  const shape = sizes.map((size, axis) => (size === -1 ? (input.shape[axis - lead] ?? 1) : size));
  return emitOn(call, input, { kind: 'expand', shape });
}

function rearranged(operation: string): TorchFunction {
  return fn('input *rest **options', (call) => {
    const input = call.args.tensor('input');
    return input ? emitOn(call, input, { kind: 'rearrange', operation, shape: input.shape }) : giveUp(call, notATensor);
  });
}

const unaryNames: Readonly<Record<string, ActivationFunction>> = {
  exp: 'exp',
  log: 'log',
  sqrt: 'sqrt',
  rsqrt: 'rsqrt',
  abs: 'abs',
  neg: 'negative',
  square: 'square',
  sin: 'sine',
  cos: 'cosine',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  relu: 'relu',
  clamp: 'other',
  clip: 'other',
  erf: 'other',
  log1p: 'other',
  expm1: 'other',
  floor: 'other',
  ceil: 'other',
  round: 'other',
  sign: 'other',
  reciprocal: 'other',
  nan_to_num: 'other',
  clamp_min: 'other',
  cumsum: 'other',
  softplus: 'softplus',
  logit: 'other',
};

const common: Record<string, TorchFunction> = {
  ...Object.fromEntries(Object.entries(unaryNames).map(([name, kind]) => [name, unaryFunction(kind)])),
  add: binaryFunction('add'),
  sub: binaryFunction('subtract'),
  mul: binaryFunction('multiply'),
  multiply: binaryFunction('multiply'),
  div: binaryFunction('divide'),
  true_divide: binaryFunction('divide'),
  pow: binaryFunction('power'),
  maximum: binaryFunction('maximum'),
  minimum: binaryFunction('minimum'),
  eq: binaryFunction('compare'),
  ne: binaryFunction('compare'),
  gt: binaryFunction('compare'),
  lt: binaryFunction('compare'),
  ge: binaryFunction('compare'),
  le: binaryFunction('compare'),
  masked_fill: fn('input mask value', (call) => emitOn(call, call.args.tensor('input'), { kind: 'identity' })),
  mean: reduction('mean'),
  sum: reduction('sum'),
  prod: reduction('product'),
  var: reduction('variance'),
  std: reduction('variance'),
  norm: reduction('norm'),
  amax: reduction('max'),
  amin: reduction('min'),
  max: reduction('max', true),
  min: reduction('min', true),
  argmax: reduction('max'),
  argmin: reduction('min'),
  any: reduction('max'),
  all: reduction('min'),
  flatten: fn('input start_dim=0 end_dim=-1', flatten),
  reshape: fn('input *shape', reshapedAsWritten),
  permute: fn('input *dims', (call) =>
    permuted(
      call,
      call.args.tensor('input'),
      sizesOf(call, 'dims')?.map((size) => (typeof size === 'number' ? size : 0)),
    ),
  ),
  transpose: fn('input dim0 dim1', (call) =>
    swapped(call, call.args.integer('dim0') ?? 0, call.args.integer('dim1') ?? 1),
  ),
  swapaxes: fn('input dim0 dim1', (call) =>
    swapped(call, call.args.integer('dim0') ?? 0, call.args.integer('dim1') ?? 1),
  ),
  t: fn('input', (call) => swapped(call, 0, 1)),
  movedim: fn('input source destination', (call) => {
    const input = call.args.tensor('input');
    const [source, destination] = [call.args.integer('source'), call.args.integer('destination')];
    if (!input || source === undefined || destination === undefined)
      return giveUp(call, 'The axes to move are not known');
    const order = input.shape.map((_, axis) => axis).filter((axis) => axis !== axisOf(input, source));
    order.splice(axisOf(input, destination), 0, axisOf(input, source));
    return permuted(call, input, order);
  }),
  squeeze: fn('input dim=None', (call) => {
    const input = call.args.tensor('input');
    if (!input) return giveUp(call, notATensor);
    const axes = axesOf(call, input).filter((axis) => input.shape[axis] === 1);
    return axes.length === 0
      ? input
      : reshaped(
          call,
          input.shape.filter((_, axis) => !axes.includes(axis)),
        );
  }),
  unsqueeze: fn('input dim', (call) => {
    const input = call.args.tensor('input');
    const axis = call.args.integer('dim');
    if (!input || axis === undefined) return giveUp(call, notATensor);
    return reshaped(call, input.shape.toSpliced(axis < 0 ? axis + input.shape.length + 1 : axis, 0, 1));
  }),
  chunk: fn('input chunks dim=0', chunk),
  split: fn('input split_size dim=0', split),
  split_with_sizes: fn('input split_size dim=0', split),
  unbind: fn('input dim=0', (call) => {
    const input = call.args.tensor('input');
    const axis = input ? axisOf(input, call.args.integer('dim') ?? 0) : 0;
    const length = input?.shape[axis];
    if (!input || typeof length !== 'number') return giveUp(call, 'The size of what is split is not known');
    const index = (i: number): PyValue =>
      tuple([
        ...Array.from({ length: axis }, (): PyValue => ({ kind: 'slice', lower: none, upper: none, step: none })),
        int(i),
      ]);
    return tuple(
      Array.from({ length }, (_, i) => tensorItem(call.network, call.interpreter, input, index(i), call.span)),
    );
  }),
  narrow: fn('input dim start length', (call) => {
    const input = call.args.tensor('input');
    const [axis, start, size] = ['dim', 'start', 'length'].map((name) => call.args.integer(name));
    if (!input || axis === undefined || start === undefined || size === undefined)
      return giveUp(call, 'The part to take is not known');
    return emitOn(call, input, { kind: 'slice', axis: axisOf(input, axis), start, size, step: 1 });
  }),
  select: fn('input dim index', (call) => {
    const input = call.args.tensor('input');
    const axis = input ? axisOf(input, call.args.integer('dim') ?? 0) : 0;
    if (!input) return giveUp(call, notATensor);
    const whole: PyValue = { kind: 'slice', lower: none, upper: none, step: none };
    return tensorItem(
      call.network,
      call.interpreter,
      input,
      tuple([...Array.from({ length: axis }, () => whole), call.args.value('index')]),
      call.span,
    );
  }),
  matmul: fn('input other', matmul),
  bmm: fn('input other', matmul),
  mm: fn('input other', matmul),
  softmax: functional['softmax'] ?? same,
  log_softmax: functional['log_softmax'] ?? same,
  roll: rearranged('roll'),
  flip: rearranged('flip'),
  gather: rearranged('gather'),
  sort: rearranged('sort'),
  tril: rearranged('tril'),
  triu: rearranged('triu'),
  repeat: fn('input *sizes', (call) => {
    const input = call.args.tensor('input');
    const sizes = sizesOf(call, 'sizes');
    if (!input || !sizes) return giveUp(call, 'How often this is repeated is not known');
    const lead = sizes.length - input.shape.length;
    const shape = sizes.map((size, axis): Dimension => {
      const own = input.shape[axis - lead] ?? 1;
      return typeof size === 'number' && typeof own === 'number' ? size * own : typeof size === 'number' ? own : size;
    });
    return emitOn(call, input, { kind: 'rearrange', operation: 'repeat', shape });
  }),
  detach: same,
  clone: same,
  contiguous: same,
};

/** `torch.x(tensor, …)`. */
export const torchTensorFunctions: Readonly<Record<string, TorchFunction>> = {
  ...common,
  cat: join(false),
  concat: join(false),
  concatenate: join(false),
  stack: join(true),
  numel: fn('input', (call) => numelOf(call)),
};

function numelOf(call: TorchCall): PyValue {
  const sizes = call.args.tensor('input')?.shape ?? [];
  let total = 1;
  for (const size of sizes) {
    if (typeof size !== 'number') return unknown(size.reason, call.span);
    total *= size;
  }
  return int(total);
}

const passing = [
  'to',
  'type',
  'float',
  'half',
  'double',
  'bfloat16',
  'long',
  'int',
  'bool',
  'cuda',
  'cpu',
  'type_as',
  'requires_grad_',
  'data_ptr',
  'pin_memory',
  'fill_',
  'zero_',
  'normal_',
  'uniform_',
  'copy_',
  'mul_',
  'add_',
  'sub_',
  'div_',
  'clamp_',
];

/** `tensor.x(…)`. */
export const tensorMethods: Readonly<Record<string, TorchFunction>> = {
  ...common,
  ...Object.fromEntries(passing.map((name) => [name, same])),
  ...Object.fromEntries(
    Object.entries(functional)
      .filter(([name]) => /^(relu|sigmoid|tanh)$/.test(name))
      .map(([name, row]) => [`${name}_`, row]),
  ),
  add_: binaryFunction('add'),
  sub_: binaryFunction('subtract'),
  mul_: binaryFunction('multiply'),
  div_: binaryFunction('divide'),
  view: fn('input *shape', reshapedAsWritten),
  view_as: fn('input other', (call) => reshaped(call, call.args.tensor('other')?.shape)),
  reshape_as: fn('input other', (call) => reshaped(call, call.args.tensor('other')?.shape)),
  unflatten: functional['unflatten'] ?? same,
  expand: fn('input *sizes', expand),
  expand_as: fn('input other', (call) => {
    const [input, other] = [call.args.tensor('input'), call.args.tensor('other')];
    return input && other ? emitOn(call, input, { kind: 'expand', shape: other.shape }) : giveUp(call, notATensor);
  }),
  size: fn('input dim=None', (call) => {
    const input = call.args.tensor('input');
    if (!input) return giveUp(call, notATensor);
    const axis = call.args.integer('dim');
    return axis === undefined
      ? tuple(input.shape.map((_, i) => dimensionValue(input, i, call.span)))
      : dimensionValue(input, axis, call.span);
  }),
  dim: fn('input', (call) => int(call.args.tensor('input')?.shape.length ?? 0)),
  ndimension: fn('input', (call) => int(call.args.tensor('input')?.shape.length ?? 0)),
  numel: fn('input', numelOf),
  nelement: fn('input', numelOf),
  is_contiguous: fn('input **options', () => bool(true)),
  is_floating_point: fn('input', () => bool(true)),
  item: fn('input', (call) => {
    const input = call.args.tensor('input');
    return input ? itemOf(input, call.span) : none;
  }),
  tolist: fn('input', (call) => {
    const elements = call.args.tensor('input')?.elements;
    return elements
      ? { kind: 'list', items: elements.map((value): PyValue => ({ kind: 'float', value })) }
      : unknown('The contents of a tensor are not known', call.span);
  }),
  new_zeros: fn('input *sizes **options', (call) => newTensor(call)),
  new_ones: fn('input *sizes **options', (call) => newTensor(call)),
  new_empty: fn('input *sizes **options', (call) => newTensor(call)),
  new_tensor: fn('input *sizes **options', (call) => newTensor(call)),
};

function newTensor(call: TorchCall): PyValue {
  const shape = sizesOf(call, 'sizes');
  return shape ? { kind: 'tensor', shape } : giveUp(call, 'The size of this tensor is not known');
}
