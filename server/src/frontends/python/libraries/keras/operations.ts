// Functions of tensors by their names in `keras.ops` and `tensorflow`, as far as models use them: one row each, which runs
// on plain tensors; what a functional model notes of them is `callOperation`'s.

import type { OpAttributes } from '../../../../network/op.ts';
import type { Dimension, Shape } from '../../../../network/shape.ts';
import { integerOf, numberOf } from '../../evaluator/numbers.ts';
import { int, list, none, tuple } from '../../evaluator/values.ts';
import type { PyValue, TensorValue } from '../../evaluator/machine.ts';
import { constantTensor, longestConstant } from '../../tracing/constants.ts';
import { one, operatorFolds, two } from '../../tracing/folds.ts';
import { literalTensor } from '../../tracing/literal-tensor.ts';
import { formulaRows } from '../../tracing/product-functions.ts';
import { reshape as reshaped, tensorOperator } from '../../tracing/tensor-operators.ts';
import {
  asTensor,
  axisOf,
  emitOn,
  fn,
  giveUp,
  type TracedCall,
  type TracedFunction,
} from '../../tracing/traced-call.ts';
import { windowPadding } from '../../../shared/keras-layers/windows.ts';
import { activationNames, emitActivation } from './activations.ts';
import { shapeValue } from './symbolic-tensors.ts';

type Rows = Readonly<Record<string, TracedFunction>>;

/** A tensor argument, or a nested list of numbers as one. */
function given(call: TracedCall, name: string): TensorValue | undefined {
  const value = call.args.value(name);
  return asTensor(value) ?? literalTensor(value);
}

function operator(symbol: Parameters<typeof tensorOperator>[2]): TracedFunction {
  return fn('x1|x|a y1|x2|y|b name=None', (call) => {
    const [left, right] = [given(call, 'x1') ?? call.args.value('x1'), given(call, 'y1') ?? call.args.value('y1')];
    return tensorOperator(call.network, call.machine, symbol, left, right, call.span);
  });
}

function elementwise(
  kind: Extract<OpAttributes, { kind: 'elementwise' }>['operator'],
  fold = operatorFolds[''],
): TracedFunction {
  return fn('x1|x|a y1|x2|y|b name=None', (call) => {
    const [left, right] = [given(call, 'x1'), given(call, 'y1')];
    if (!left || !right) return giveUp(call, `${call.label} is given something that is no known tensor`);
    return call.network.emit(call.machine, {
      label: call.label,
      attributes: { kind: 'elementwise', operator: kind },
      inputs: [left, right],
      span: call.span,
      fold,
    });
  });
}

function activation(name: string): TracedFunction {
  return fn('x|features|logits|a|inputs axis=None *rest **options', (call) => {
    const input = given(call, 'x');
    if (!input) return giveUp(call, `${call.label} is given something that is no known tensor`);
    const { machine, network, label, span } = call;
    if (name === 'softmax' || name === 'log_softmax')
      return emitOn(call, input, {
        kind: 'softmax',
        axis: axisOf(input, call.args.integer('axis') ?? -1),
        log: name === 'log_softmax',
      });
    const options = call.args.value('options');
    const slopes = options.kind === 'dict' ? [...options.entries.values()] : [];
    const slope = slopes.find(({ key }) => key.kind === 'string' && /^(alpha|negative_slope)$/.test(key.value));
    return emitActivation({ machine, network, label, span }, name, input, slope && numberOf(slope.value));
  });
}

/** A function of one element that is no activation. */
function unary(
  name: Extract<OpAttributes, { kind: 'activation' }>['function'],
  fold?: (value: number) => number,
): TracedFunction {
  return fn('x|input *rest **options', (call) =>
    emitOn(call, given(call, 'x'), { kind: 'activation', function: name, channelAxis: -1 }, fold && one(fold)),
  );
}

type Reducer = Extract<OpAttributes, { kind: 'reduce' }>['reducer'];

function axesOf(call: TracedCall, input: TensorValue): readonly number[] | undefined {
  if (call.args.isNone('axis')) return input.shape.map((_, axis) => axis);
  return call.args.integers('axis', 0)?.map((axis) => axisOf(input, axis));
}

function reduction(reducer: Reducer): TracedFunction {
  return fn('x|input_tensor|input axis|reduction_indices=None keepdims|keep_dims=False *rest **options', (call) => {
    const input = given(call, 'x');
    const axes = input && axesOf(call, input);
    if (!input || !axes) return giveUp(call, 'What is reduced here is not known');
    return emitOn(call, input, { kind: 'reduce', reducer, axes, keepDimensions: call.args.flag('keepdims') });
  });
}

/** A target shape: numbers, -1, `None`, or a tensor of numbers. */
function shapeOf(value: PyValue): readonly Dimension[] | undefined {
  if (value.kind === 'tensor')
    return value.elements ?? (value.shape.length === 0 && value.fill !== undefined ? [value.fill] : undefined);
  if (value.kind !== 'tuple' && value.kind !== 'list') {
    const size = integerOf(value);
    return size === undefined ? undefined : [size];
  }
  const sizes = value.items.map((item): Dimension | undefined => {
    if (item.kind === 'none') return -1;
    if (item.kind === 'unknown') return { kind: 'unknown', reason: item.reason, span: item.span };
    return integerOf(item) ?? (item.kind === 'tensor' && item.shape.length === 0 ? item.fill : undefined);
  });
  const known = sizes.filter((size) => size !== undefined);
  return known.length === sizes.length ? known : undefined;
}

const joined = (text: string, isNew: boolean): TracedFunction =>
  fn(text, (call) => {
    // Before its first release TensorFlow took the axis first.
    const isOld = call.args.value('axis').kind === 'list' && call.args.value('xs').kind === 'int';
    const items = call.args.value(isOld ? 'axis' : 'xs');
    const tensors =
      items.kind === 'list' || items.kind === 'tuple'
        ? items.items.map((item) => asTensor(item) ?? literalTensor(item))
        : [];
    const inputs = tensors.filter((tensor) => tensor !== undefined);
    const axis = call.args.integer(isOld ? 'xs' : 'axis');
    const [first] = inputs;
    if (!first || inputs.length !== tensors.length || axis === undefined)
      return giveUp(call, 'What is put together here is not known');
    const place = axis < 0 ? axis + first.shape.length + (isNew ? 1 : 0) : axis;
    const parts: PyValue[] = isNew
      ? inputs.map((input) =>
          reshaped(call.network, call.machine, input, input.shape.toSpliced(place, 0, 1), call.span),
        )
      : [...inputs];
    const whole = parts.filter((part) => part.kind === 'tensor');
    if (whole.length !== parts.length) return parts.find((part) => part.kind !== 'tensor') ?? none;
    return call.network.emit(call.machine, {
      label: call.label,
      attributes: { kind: 'concat', axis: place },
      inputs: whole,
      span: call.span,
    });
  });

/** Sizes of which one may be -1: the rest. */
function completed(sizes: readonly number[], length: number): readonly number[] {
  const known = sizes.filter((size) => size >= 0).reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => (size < 0 ? length - known : size));
}

/** Patches as rows of channels, of which only the shape is told. */
const extractPatches: TracedFunction = fn(
  'images|image sizes|size strides=None rates|dilation_rate=1 padding=VALID *rest **options',
  (call) => {
    const input = given(call, 'images');
    const window = (name: string): readonly number[] | undefined => {
      const sizes = call.args.integers(name, 2) ?? call.args.integers(name, 0);
      return sizes?.length === 4 ? sizes.slice(1, 3) : sizes;
    };
    const [kernel, dilation] = [window('sizes'), window('rates')];
    const stride = call.args.isNone('strides') ? kernel : window('strides');
    const [batch, height, width, channels] = input?.shape ?? [];
    if (!input || !kernel || !stride || !dilation || typeof channels !== 'number')
      return giveUp(call, 'The windows of these patches are not known');
    const isSame = call.args.text('padding')?.toLowerCase() === 'same';
    const sides = [height, width].map((side, i): Dimension => {
      if (typeof side !== 'number') return side ?? 1;
      const extent = ((kernel[i] ?? 1) - 1) * (dilation[i] ?? 1) + 1;
      return Math.ceil((isSame ? side : side - extent + 1) / (stride[i] ?? 1));
    });
    const shape = [batch ?? 1, ...sides, channels * kernel.reduce((product, side) => product * side, 1)];
    return emitOn(call, input, { kind: 'rearrange', operation: 'extract_patches', shape });
  },
);

const withShape = (call: TracedCall, input: TensorValue | undefined, shape: Shape | undefined): PyValue =>
  input && shape
    ? reshaped(call.network, call.machine, input, shape, call.span)
    : giveUp(call, 'The shape here is not known');

const arrangement: Rows = {
  reshape: fn('x|tensor newshape|shape name=None', (call) =>
    withShape(call, given(call, 'x'), shapeOf(call.args.value('newshape'))),
  ),
  expand_dims: fn('x|input axis|dim=-1 name=None', (call) => {
    const input = given(call, 'x');
    const axes = call.args.integers('axis', 0);
    if (!input || !axes) return giveUp(call, 'The axis here is not known');
    const rank = input.shape.length + axes.length;
    const places = axes.map((axis) => (axis < 0 ? axis + rank : axis)).toSorted((a, b) => a - b);
    return withShape(
      call,
      input,
      places.reduce<Shape>((shape, place) => shape.toSpliced(place, 0, 1), input.shape),
    );
  }),
  squeeze: fn('x|input axis|squeeze_dims=None name=None', (call) => {
    const input = given(call, 'x');
    if (!input) return giveUp(call, 'What is squeezed here is not known');
    const axes = call.args.isNone('axis')
      ? input.shape.flatMap((size, axis) => (size === 1 && axis > 0 ? [axis] : []))
      : (call.args.integers('axis', 0) ?? []).map((axis) => axisOf(input, axis));
    return withShape(
      call,
      input,
      input.shape.filter((_, axis) => !axes.includes(axis)),
    );
  }),
  transpose: fn('x|a axes|perm=None *rest **options', (call) => {
    const input = given(call, 'x');
    if (!input) return giveUp(call, 'What is transposed here is not known');
    const order = call.args.isNone('axes')
      ? input.shape.map((_, axis) => input.shape.length - 1 - axis)
      : call.args.integers('axes', 0);
    return order ? emitOn(call, input, { kind: 'permute', order }) : giveUp(call, 'The order of the axes is not known');
  }),
  swapaxes: fn('x axis1 axis2', (call) => {
    const input = given(call, 'x');
    const [one_, other] = [call.args.integer('axis1'), call.args.integer('axis2')];
    if (!input || one_ === undefined || other === undefined) return giveUp(call, 'The axes here are not known');
    const [a, b] = [axisOf(input, one_), axisOf(input, other)];
    const order = input.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
    return emitOn(call, input, { kind: 'permute', order });
  }),
  moveaxis: fn('x source destination', (call) => {
    const input = given(call, 'x');
    const [from, to] = [call.args.integers('source', 0), call.args.integers('destination', 0)];
    if (!input || !from || !to) return giveUp(call, 'The axes here are not known');
    const sources = from.map((axis) => axisOf(input, axis));
    const order = input.shape.flatMap((_, axis) => (sources.includes(axis) ? [] : [axis]));
    const moves = to.map((axis, i) => [axisOf(input, axis), sources[i] ?? 0] as const).toSorted((a, b) => a[0] - b[0]);
    for (const [place, axis] of moves) order.splice(place, 0, axis);
    return emitOn(call, input, { kind: 'permute', order });
  }),
  concatenate: joined('xs|values|tensors axis=0 name=None', false),
  concat: joined('xs|values axis=0 name=None', false),
  stack: joined('xs|x|values axis=0 name=None', true),
  split: fn('x|value indices_or_sections|num_or_size_splits axis=0 *rest **options', (call) => {
    const input = given(call, 'x');
    const axis = call.args.integer('axis');
    const parts = call.args.value('indices_or_sections');
    const length = input?.shape[axisOf(input, axis ?? 0)];
    if (!input || axis === undefined || typeof length !== 'number')
      return giveUp(call, 'What is split here is not known');
    const count = integerOf(parts);
    const numbers = call.args.integers('indices_or_sections', 0) ?? [];
    const isTensorFlow = call.label.startsWith('tf');
    const sizes =
      count !== undefined
        ? Array.from({ length: count }, () => length / count)
        : isTensorFlow
          ? completed(numbers, length)
          : [...numbers, length].map((end, i) => end - (numbers[i - 1] ?? 0));
    if (sizes.some((size) => !Number.isInteger(size))) return giveUp(call, 'The parts of this split are not known');
    let start = 0;
    const pieces = sizes.map((size) => {
      const piece = emitOn(call, input, { kind: 'slice', axis: axisOf(input, axis), start, size, step: 1 });
      start += size;
      return piece;
    });
    return list(pieces);
  }),
  unstack: fn('x|value num=None axis=0 name=None', (call) => {
    const input = given(call, 'x');
    const axis = input && axisOf(input, call.args.integer('axis') ?? 0);
    const length = axis === undefined ? undefined : input?.shape[axis];
    if (!input || axis === undefined || typeof length !== 'number')
      return giveUp(call, 'What is taken apart here is not known');
    call.machine.hold(length, call.span);
    return list(
      Array.from({ length }, (_, start) => {
        const piece = emitOn(call, input, { kind: 'slice', axis, start, size: 1, step: 1 });
        return piece.kind === 'tensor' ? withShape(call, piece, piece.shape.toSpliced(axis, 1)) : piece;
      }),
    );
  }),
  tile: fn('x|input repeats|multiples name=None', (call) => {
    const input = given(call, 'x');
    const times = call.args.integers('repeats', 0);
    if (!input || !times) return giveUp(call, 'How often this is repeated is not known');
    const lead = Math.max(0, times.length - input.shape.length);
    const shape = [...Array.from({ length: lead }, (): Dimension => 1), ...input.shape].map((size, axis, all) => {
      const factor = times[axis - (all.length - times.length)] ?? 1;
      return typeof size === 'number' ? size * factor : size;
    });
    return emitOn(call, input, { kind: 'rearrange', operation: 'tile', shape });
  }),
  repeat: fn('x|input repeats axis=None name=None', (call) => {
    const input = given(call, 'x');
    const [times, axis] = [call.args.integer('repeats'), call.args.integer('axis')];
    if (!input || times === undefined || axis === undefined)
      return giveUp(call, 'How often this is repeated is not known');
    const place = axisOf(input, axis);
    const shape = input.shape.map((size, i) => (i === place && typeof size === 'number' ? size * times : size));
    return emitOn(call, input, { kind: 'rearrange', operation: 'repeat', shape });
  }),
  broadcast_to: fn('x|input shape name=None', (call) => {
    const shape = shapeOf(call.args.value('shape'));
    return shape
      ? emitOn(call, given(call, 'x'), { kind: 'expand', shape })
      : giveUp(call, 'The shape here is not known');
  }),
  pad: fn('x|tensor pad_width|paddings mode=constant *rest **options', (call) => {
    const input = given(call, 'x');
    const written = literalTensor(call.args.value('pad_width'))?.elements;
    if (!input || !written) return giveUp(call, 'How much is padded here is not known');
    const mode = call.args.text('mode')?.toLowerCase();
    const padding = input.shape.map((_, axis) => ({
      before: written.length === 1 ? (written[0] ?? 0) : (written[2 * axis] ?? 0),
      after: written.length === 1 ? (written[0] ?? 0) : (written[2 * axis + 1] ?? 0),
    }));
    const kind = mode === 'reflect' || mode === 'symmetric' ? 'reflect' : mode === 'edge' ? 'replicate' : 'constant';
    return emitOn(call, input, { kind: 'pad', padding, mode: kind, value: 0 });
  }),
  slice: fn('inputs|input_ start_indices|begin shape|size name=None', (call) => {
    const input = given(call, 'inputs');
    const [begin, sizes] = [call.args.integers('start_indices', 0), call.args.integers('shape', 0)];
    if (!input || !begin || !sizes) return giveUp(call, 'What is cut out here is not known');
    return sizes.reduce<PyValue>((current, size, axis) => {
      const length = input.shape[axis];
      const start = begin[axis] ?? 0;
      const count = size === -1 && typeof length === 'number' ? length - start : size;
      if (current.kind !== 'tensor' || (start === 0 && count === length)) return current;
      return emitOn(call, current, { kind: 'slice', axis, start, size: count, step: 1 });
    }, input);
  }),
};

const moved = (operation: string): TracedFunction =>
  fn('x|input *rest **options', (call) => {
    const input = given(call, 'x');
    return emitOn(call, input, { kind: 'rearrange', operation, shape: input?.shape ?? [] });
  });

const same: TracedFunction = fn(
  'x|value|input *rest **options',
  (call) => {
    const value = call.args.value('x');
    return literalTensor(value) ?? value;
  },
  true,
);

const filled = (fill: number | undefined): TracedFunction =>
  fn('shape *rest **options', (call) => {
    const shape = shapeOf(call.args.value('shape'));
    return shape
      ? { kind: 'tensor', shape, ...(fill !== undefined && { fill }) }
      : giveUp(call, 'The size of this tensor is not known');
  });

const alike = (fill: number | undefined): TracedFunction =>
  fn('x|input *rest **options', (call) => {
    const input = given(call, 'x');
    return input
      ? { kind: 'tensor', shape: input.shape, ...(fill !== undefined && { fill }) }
      : giveUp(call, 'The size of this tensor is not known');
  });

const range: TracedFunction = fn('start|limit stop|limit=None step|delta=1 *rest **options', (call) => {
  const first = call.args.number('start');
  const last = call.args.number('stop');
  const step = call.args.number('step') ?? 1;
  if (first === undefined) return giveUp(call, 'The length of this range is not known');
  const [start, end] = last === undefined ? [0, first] : [first, last];
  const length = Math.max(0, Math.ceil((end - start) / step));
  if (length > longestConstant) return { kind: 'tensor', shape: [length], dtype: 'int' };
  return constantTensor(
    [length],
    Array.from({ length }, (_, i) => start + i * step),
    'int',
  );
});

const making: Rows = {
  zeros: filled(0),
  ones: filled(1),
  empty: filled(undefined),
  zeros_like: alike(0),
  ones_like: alike(1),
  full: fn('shape fill_value *rest **options', (call) => {
    const shape = shapeOf(call.args.value('shape'));
    const fill = call.args.number('fill_value');
    return shape
      ? { kind: 'tensor', shape, ...(fill !== undefined && { fill }) }
      : giveUp(call, 'The size of this tensor is not known');
  }),
  fill: fn('dims value name=None', (call) => {
    const shape = shapeOf(call.args.value('dims'));
    return shape ? { kind: 'tensor', shape } : giveUp(call, 'The size of this tensor is not known');
  }),
  arange: range,
  range,
  linspace: fn('start stop num=50 *rest **options', (call) => {
    const [start, stop, num] = ['start', 'stop', 'num'].map((name) => call.args.number(name));
    if (start === undefined || stop === undefined || num === undefined || num > longestConstant)
      return giveUp(call, 'The length of this range is not known');
    return constantTensor(
      [num],
      Array.from({ length: num }, (_, i) => (num === 1 ? start : start + ((stop - start) * i) / (num - 1))),
    );
  }),
  eye: fn('N|num_rows M|num_columns=None *rest **options', (call) => {
    const rows = call.args.integer('N');
    return rows === undefined
      ? giveUp(call, 'The size of this tensor is not known')
      : { kind: 'tensor', shape: [rows, call.args.integer('M') ?? rows] };
  }),
  one_hot: fn('x|indices num_classes|depth *rest **options', (call) => {
    const input = given(call, 'x');
    const count = call.args.integer('num_classes');
    return input && count !== undefined
      ? emitOn(call, input, { kind: 'rearrange', operation: 'one_hot', shape: [...input.shape, count] })
      : giveUp(call, 'The number of classes is not known');
  }),
  // Shapes only: nothing asks where the places are.
  meshgrid: fn('*tensors indexing=xy name=None', (call) => {
    const items = call.args.value('tensors');
    const vectors = (items.kind === 'tuple' ? items.items : []).map(asTensor);
    const sizes = vectors.map((vector) => vector?.shape[0]).filter((size) => size !== undefined);
    if (sizes.length !== vectors.length) return giveUp(call, 'What spans this grid is not known');
    const [first, second, ...rest] = sizes;
    const isSwapped = call.args.text('indexing') !== 'ij' && first !== undefined && second !== undefined;
    const shape = isSwapped ? [second, first, ...rest] : sizes;
    return list(vectors.map((): PyValue => ({ kind: 'tensor', shape })));
  }),
  add_n: fn('inputs name=None', (call) => {
    const items = call.args.value('inputs');
    if (items.kind !== 'list' && items.kind !== 'tuple') return giveUp(call, 'What is added here is not known');
    const [first = none, ...rest] = items.items;
    return rest.reduce<PyValue>(
      (sum, item) => tensorOperator(call.network, call.machine, '+', sum, item, call.span),
      first,
    );
  }),
  moments: fn('x|input axes *rest **options', (call) => {
    const input = given(call, 'x');
    const axes = call.args.integers('axes', 0)?.map((axis) => (input ? axisOf(input, axis) : axis));
    if (!input || !axes) return giveUp(call, 'What is averaged here is not known');
    return tuple(
      (['mean', 'variance'] as const).map((reducer) =>
        emitOn(call, input, { kind: 'reduce', reducer, axes, keepDimensions: false }),
      ),
    );
  }),
  shape: fn('x|input *rest **options', (call) => {
    const input = given(call, 'x');
    if (!input) return giveUp(call, 'Whose shape this is is not known');
    // Sizes as numbers: the batch counts as one.
    const sizes = input.shape.map((size): PyValue =>
      typeof size === 'number' ? int(size) : { kind: 'unknown', reason: size.reason, span: size.span ?? call.span },
    );
    return tuple(sizes);
  }),
  ndim: fn('x', (call) => int(given(call, 'x')?.shape.length ?? 0)),
  rank: fn('x|input name=None', (call) => int(given(call, 'x')?.shape.length ?? 0)),
  int_shape: fn('x', (call) => {
    const input = given(call, 'x');
    return input ? shapeValue(input) : giveUp(call, 'Whose shape this is is not known');
  }),
};

/** Batch normalisation and its kin written out, gathering, sorting: shapes only. */
const picking: Rows = {
  take: fn('x|params indices axis=None *rest **options', (call) => {
    const [input, indices] = [given(call, 'x'), given(call, 'indices')];
    if (!input || !indices) return giveUp(call, 'What is picked here is not known');
    const axis = axisOf(input, call.args.integer('axis') ?? 0);
    return emitOn(call, input, {
      kind: 'rearrange',
      operation: 'gather',
      shape: input.shape.toSpliced(axis, 1, ...indices.shape),
    });
  }),
  argmax: fn('x|input axis=None *rest **options', (call) => {
    const input = given(call, 'x');
    const axis = call.args.integer('axis');
    if (!input) return giveUp(call, 'What is searched here is not known');
    const shape = axis === undefined ? [] : input.shape.toSpliced(axisOf(input, axis), 1);
    return emitOn(call, input, { kind: 'rearrange', operation: 'argmax', shape }, undefined, 'int');
  }),
  where: fn('condition x1|x=None x2|y=None name=None', (call) => {
    const inputs = ['condition', 'x1', 'x2'].map((name) => given(call, name));
    const known = inputs.filter((input) => input !== undefined);
    if (known.length !== 3) return giveUp(call, 'What is chosen from here is not known');
    return call.network.emit(call.machine, {
      label: call.label,
      attributes: { kind: 'elementwise', operator: 'where' },
      inputs: known,
      span: call.span,
    });
  }),
  l2_normalize: fn('x axis=None *rest **options', (call) => emitOn(call, given(call, 'x'), { kind: 'identity' })),
  normalize: fn('x axis=-1 *rest **options', (call) => emitOn(call, given(call, 'x'), { kind: 'identity' })),
  clip: fn('x x_min|clip_value_min|min_value x_max|clip_value_max|max_value name=None', (call) =>
    emitOn(call, given(call, 'x'), { kind: 'activation', function: 'other', channelAxis: -1 }),
  ),
};

function windowed(call: TracedCall, mode: 'max' | 'average'): PyValue {
  const input = given(call, 'inputs');
  const rank = (input?.shape.length ?? 2) - 2;
  const format = call.args.text('data_format');
  const channelAxis = format === 'channels_first' || format === 'NCHW' ? 1 : -1;
  const spatial = (name: string): readonly number[] | undefined => {
    const sizes = call.args.integers(name, rank) ?? call.args.integers(name, 0);
    return sizes?.length === rank + 2 ? (channelAxis === 1 ? sizes.slice(2) : sizes.slice(1, -1)) : sizes;
  };
  const kernel = spatial('pool_size');
  const stride = call.args.isNone('strides') ? kernel : spatial('strides');
  if (!input || !kernel || !stride) return giveUp(call, 'The window of this pool is not known');
  const sizes = channelAxis === 1 ? input.shape.slice(2) : input.shape.slice(1, -1);
  const dilation = kernel.map(() => 1);
  const padding = windowPadding(call.args.text('padding')?.toLowerCase() ?? 'valid', sizes, {
    kernel,
    stride,
    dilation,
  });
  return emitOn(call, input, {
    kind: 'pool',
    mode,
    kernel,
    stride,
    padding,
    dilation,
    ceilMode: false,
    countIncludePad: false,
    channelAxis,
  });
}

const localResponse: TracedFunction = fn('input|x depth_radius=5 *rest **options', (call) =>
  emitOn(call, given(call, 'input'), {
    kind: 'local-response-norm',
    size: 2 * (call.args.integer('depth_radius') ?? 5) + 1,
  }),
);

const poolText = 'inputs|input|value pool_size|ksize strides=None padding=valid data_format=None name=None';

function depthToSpace(call: TracedCall, kind: 'depth-to-space' | 'space-to-depth'): PyValue {
  const block = call.args.integer('block_size');
  return block === undefined
    ? giveUp(call, 'The size of the blocks is not known')
    : emitOn(call, given(call, 'input'), { kind, block, order: 'dcr', channelAxis: -1 });
}

const images: Rows = {
  max_pool: fn(poolText, (call) => windowed(call, 'max')),
  max_pool2d: fn(poolText, (call) => windowed(call, 'max')),
  average_pool: fn(poolText, (call) => windowed(call, 'average')),
  avg_pool: fn(poolText, (call) => windowed(call, 'average')),
  avg_pool2d: fn(poolText, (call) => windowed(call, 'average')),
  lrn: localResponse,
  local_response_normalization: localResponse,
  depth_to_space: fn('input|x block_size data_format=NHWC name=None', (call) => depthToSpace(call, 'depth-to-space')),
  space_to_depth: fn('input|x block_size data_format=NHWC name=None', (call) => depthToSpace(call, 'space-to-depth')),
};

const resizes: Readonly<Record<string, 'nearest' | 'linear' | 'cubic' | 'area'>> = {
  nearest: 'nearest',
  bicubic: 'cubic',
  area: 'area',
};

function resized(call: TracedCall, mode: 'nearest' | 'linear' | 'cubic' | 'area'): PyValue {
  const input = given(call, 'images');
  const size = shapeOf(call.args.value('size'))?.filter((each) => typeof each === 'number');
  if (!input || size?.length !== 2) return giveUp(call, 'The size to resize to is not known');
  return emitOn(call, input, {
    kind: 'resize',
    mode,
    outputSize: size,
    alignCorners: call.args.flag('align_corners'),
    channelAxis: -1,
  });
}

const oldResize = (mode: 'nearest' | 'linear' | 'cubic' | 'area'): TracedFunction =>
  fn('images size align_corners=False *rest **options', (call) => resized(call, mode));

/** `keras.ops.image` and `tf.image`. */
export const imageRows: Rows = {
  extract_patches: extractPatches,
  resize_bilinear: oldResize('linear'),
  resize_nearest_neighbor: oldResize('nearest'),
  resize_bicubic: oldResize('cubic'),
  resize_area: oldResize('area'),
  resize_images: fn('images size|new_size method=bilinear align_corners=False *rest **options', (call) =>
    resized(call, resizes[call.args.text('method') ?? ''] ?? 'linear'),
  ),
  resize: fn('images|image size method|interpolation=bilinear align_corners=False *rest **options', (call) =>
    resized(call, resizes[call.args.text('method') ?? ''] ?? 'linear'),
  ),
};

/** The functions of tensors, by name. */
export const operationRows: Rows = {
  ...Object.fromEntries(activationNames.map((name) => [name, activation(name)])),
  ...arrangement,
  ...making,
  ...picking,
  ...images,
  add: operator('+'),
  subtract: operator('-'),
  multiply: operator('*'),
  divide: operator('/'),
  true_divide: operator('/'),
  divide_no_nan: operator('/'),
  floor_divide: operator('//'),
  mod: operator('%'),
  power: operator('**'),
  pow: operator('**'),
  matmul: operator('@'),
  dot: operator('@'),
  equal: operator('=='),
  not_equal: operator('!='),
  greater: operator('>'),
  greater_equal: operator('>='),
  less: operator('<'),
  less_equal: operator('<='),
  maximum: elementwise('maximum', two(Math.max)),
  minimum: elementwise('minimum', two(Math.min)),
  exp: unary('exp', Math.exp),
  log: unary('log', Math.log),
  sqrt: unary('sqrt', Math.sqrt),
  rsqrt: unary('rsqrt', (value) => 1 / Math.sqrt(value)),
  abs: unary('abs', Math.abs),
  absolute: unary('abs', Math.abs),
  negative: unary('negative', (value) => -value),
  square: unary('square', (value) => value * value),
  sin: unary('sine', Math.sin),
  cos: unary('cosine', Math.cos),
  floor: unary('other', Math.floor),
  ceil: unary('other', Math.ceil),
  round: unary('other'),
  sign: unary('other', Math.sign),
  erf: unary('other'),
  mean: reduction('mean'),
  sum: reduction('sum'),
  max: reduction('max'),
  amax: reduction('max'),
  min: reduction('min'),
  amin: reduction('min'),
  prod: reduction('product'),
  var: reduction('variance'),
  std: reduction('variance'),
  norm: reduction('norm'),
  cumsum: moved('cumsum'),
  flip: moved('flip'),
  roll: moved('roll'),
  sort: moved('sort'),
  cast: same,
  convert_to_tensor: same,
  constant: same,
  stop_gradient: same,
  identity: same,
  einsum: fn('equation|subscripts *operands **options', (call) => formulaRows['einsum']?.body(call) ?? none),
};

/** Names that TensorFlow and the old backend have for the same functions. */
export const otherNames: Readonly<Record<string, string>> = {
  reduce_mean: 'mean',
  reduce_sum: 'sum',
  reduce_max: 'max',
  reduce_min: 'min',
  reduce_prod: 'prod',
  reduce_variance: 'var',
  reduce_std: 'std',
  permute_dimensions: 'transpose',
  clip_by_value: 'clip',
  gather: 'take',
  reverse: 'flip',
  variable: 'constant',
};
