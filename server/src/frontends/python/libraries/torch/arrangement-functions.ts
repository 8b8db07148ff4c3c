// Functions that arrange elements: views, axes, parts, joins, repetitions. One row each; the first parameter is the tensor.

import type { Dimension, Shape } from '../../../../network/shape.ts';
import type { WidthOrigin } from '../../../../network/width-origin.ts';
import { int, none, tuple } from '../../evaluator/values.ts';
import { constantTensor, elementsOf } from '../../tracing/constants.ts';
import {
  asTensor,
  axesOf,
  axisOf,
  emitOn,
  fn,
  giveUp,
  originOf,
  type TracedCall,
  type TracedFunction,
  withPlaces,
} from '../../tracing/traced-call.ts';
import { chunk, split, splitting, tensorSplit, unknownSplit } from './splitting-functions.ts';
import { distinctElements, reshape, tensorItem } from '../../tracing/tensor-operators.ts';
import { integerOf } from '../../evaluator/numbers.ts';
import type { PyValue, TensorValue } from '../../evaluator/machine.ts';

const notATensor = 'This is given something that is no known tensor';

/** The arguments of a call that takes sizes one by one or as one sequence. */
function sizeArguments(call: TracedCall, name: string): readonly PyValue[] {
  const value = call.args.value(name);
  const items = value.kind === 'tuple' || value.kind === 'list' ? value.items : [value];
  const [first] = items;
  return items.length === 1 && (first?.kind === 'tuple' || first?.kind === 'list') ? first.items : items;
}

/** The sizes of such a call; undefined when one is no size. */
export function sizesOf(call: TracedCall, name: string): readonly Dimension[] | undefined {
  const sizes = sizeArguments(call, name).map((item): Dimension | undefined =>
    item.kind === 'unknown' ? item : integerOf(item),
  );
  return sizes.includes(undefined) ? undefined : sizes.filter((size) => size !== undefined);
}

function reshaped(call: TracedCall, shape: Shape | undefined, outWidth?: WidthOrigin): PyValue {
  const input = call.args.tensor('input');
  if (!input || !shape) return giveUp(call, 'The shape to change to is not known');
  return reshape(call.network, call.machine, input, shape, call.span, call.label, outWidth);
}

/** `x.view(-1, 16 * 5 * 5)`: the size that is named on the channels' axis must change with the layers around it. */
function reshapedAsWritten(call: TracedCall): PyValue {
  const channels = sizeArguments(call, 'shape')[1];
  const trail = channels === undefined || integerOf(channels) === -1 ? undefined : originOf(channels);
  return reshaped(call, sizesOf(call, 'shape'), trail);
}

/** Merges the axes from `start_dim` to `end_dim`. */
function flatten(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, 'What is flattened is no known tensor');
  if (input.shape.length === 0) return reshaped(call, [1]);
  const start = axisOf(input, call.args.integer('start_dim') ?? 0);
  const end = axisOf(input, call.args.integer('end_dim') ?? -1);
  if (end <= start) return input;
  const merged = input.shape.slice(start, end + 1);
  const size = merged.reduce<number | undefined>(
    (total, dimension) => (total !== undefined && typeof dimension === 'number' ? total * dimension : undefined),
    1,
  );
  return reshaped(call, [...input.shape.slice(0, start), size ?? -1, ...input.shape.slice(end + 1)]);
}

function permuted(call: TracedCall, input: TensorValue | undefined, order: readonly number[] | undefined): PyValue {
  if (!input || !order) return giveUp(call, 'The order of axes is not known');
  return emitOn(call, input, { kind: 'permute', order: order.map((axis) => axisOf(input, axis)) });
}

function swapped(call: TracedCall, first: number, second: number): PyValue {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, notATensor);
  if (input.shape.length < 2) return input;
  const order = input.shape.map((_, axis) => axis);
  const [a, b] = [axisOf(input, first), axisOf(input, second)];
  [order[a], order[b]] = [b, a];
  return permuted(call, input, order);
}

function movedAxes(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const [sources, destinations] = [call.args.integers('source', 0), call.args.integers('destination', 0)];
  if (!input || !sources || !destinations) return giveUp(call, 'The axes to move are not known');
  const from = sources.map((axis) => axisOf(input, axis));
  const to = destinations.map((axis) => axisOf(input, axis));
  const rest = input.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  const order = input.shape.map((_, axis) => {
    const moved = to.indexOf(axis);
    return moved < 0 ? rest.shift() : from[moved];
  });
  return permuted(
    call,
    input,
    order.map((axis) => axis ?? 0),
  );
}

const wholeAxis: PyValue = { kind: 'slice', lower: none, upper: none, step: none };

/** One index on an axis. */
function selected(call: TracedCall, input: TensorValue, axis: number, index: PyValue): PyValue {
  const parts = [...Array.from({ length: axis }, () => wholeAxis), index];
  return tensorItem(call.network, call.machine, input, tuple(parts), call.span);
}

const join = (stacks: boolean): TracedFunction =>
  fn('tensors dim|axis=0 *rest **options', (call) => {
    const items = call.machine.iterate(call.args.value('tensors'), call.span);
    if ('kind' in items) return giveUp(call, items.reason);
    const tensors = items.map(asTensor).filter((tensor) => tensor !== undefined);
    const joined = tensors.filter((tensor) => stacks || tensor.shape.length !== 1 || tensor.shape[0] !== 0);
    const [first] = joined;
    if (!first || tensors.length !== items.length) return giveUp(call, 'One of the tensors to join is not known');
    const rank = first.shape.length + (stacks ? 1 : 0);
    const axis = call.args.integer('dim') ?? 0;
    const place = axis < 0 ? axis + rank : axis;
    const inputs: TensorValue[] = [];
    for (const tensor of joined) {
      const grown = stacks
        ? reshape(call.network, call.machine, tensor, tensor.shape.toSpliced(place, 0, 1), call.span, 'unsqueeze')
        : tensor;
      if (grown.kind !== 'tensor') return grown;
      inputs.push(grown);
    }
    return call.network.emit(call.machine, {
      label: call.label,
      attributes: { kind: 'concat', axis: place },
      inputs,
      span: call.span,
    });
  });

function expand(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const sizes = sizesOf(call, 'sizes');
  if (!input || !sizes) return giveUp(call, 'The size to expand to is not known');
  return expandTo(call, input, sizes);
}

function expandTo(call: TracedCall, input: TensorValue, sizes: Shape): PyValue {
  const lead = sizes.length - input.shape.length;
  const shape = sizes.map((size, axis) => (size === -1 ? (input.shape[axis - lead] ?? 1) : size));
  const isSame = lead === 0 && shape.every((size, axis) => size === input.shape[axis]);
  return isSame ? input : emitOn(call, input, { kind: 'expand', shape });
}

function repeat(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const sizes = sizesOf(call, 'sizes');
  if (!input || !sizes) return giveUp(call, 'How often this is repeated is not known');
  if (sizes.length === input.shape.length && sizes.every((size) => size === 1)) return input;
  // `tile` may name fewer axes than there are.
  const factors = [...Array.from({ length: Math.max(0, input.shape.length - sizes.length) }, () => 1), ...sizes];
  const lead = factors.length - input.shape.length;
  const shape = factors.map((factor, axis): Dimension => {
    const own = input.shape[axis - lead] ?? 1;
    if (typeof factor !== 'number') return factor;
    return typeof own === 'number' ? factor * own : own;
  });
  return emitOn(call, input, { kind: 'rearrange', operation: call.label, shape });
}

export function repeatInterleave(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const count = call.args.integer('repeats');
  if (!input || count === undefined) return giveUp(call, 'How often each element is repeated is not known');
  const axis = call.args.integer('dim');
  if (axis === undefined) {
    const size = input.shape.reduce<number>((total, each) => (typeof each === 'number' ? total * each : NaN), count);
    return emitOn(call, input, { kind: 'rearrange', operation: 'repeat_interleave', shape: [size] });
  }
  const place = axisOf(input, axis);
  const size = input.shape[place];
  if (typeof size !== 'number') return giveUp(call, 'The size of what is repeated is not known');
  return emitOn(call, input, {
    kind: 'rearrange',
    operation: 'repeat_interleave',
    shape: input.shape.with(place, size * count),
  });
}

/** Elements change places, the shape stays. */
export function rearranged(operation: string): TracedFunction {
  return fn('input *rest **options', (call) => {
    const input = call.args.tensor('input');
    return input ? emitOn(call, input, { kind: 'rearrange', operation, shape: input.shape }) : giveUp(call, notATensor);
  });
}

/** A rearrangement that is computed for constant vectors. */
function vectorFunction(
  operation: string,
  compute: (elements: readonly number[]) => readonly number[],
): TracedFunction {
  const plain = rearranged(operation);
  return fn('input *rest **options', (call) => {
    const input = call.args.tensor('input');
    const elements = input?.shape.length === 1 ? elementsOf(input) : undefined;
    return input && elements ? constantTensor(input.shape, compute(elements), input.dtype) : plain.body(call);
  });
}

/** Elements picked by an index tensor, which gives the shape. */
function gathered(call: TracedCall): PyValue {
  const [input, index] = [call.args.tensor('input'), call.args.tensor('index')];
  if (!input || !index) return giveUp(call, notATensor);
  return emitOn(call, input, { kind: 'rearrange', operation: 'gather', shape: index.shape });
}

function indexSelected(call: TracedCall): PyValue {
  const [input, index] = [call.args.tensor('input'), call.args.tensor('index')];
  const axis = call.args.integer('dim');
  if (!input || !index || axis === undefined) return giveUp(call, notATensor);
  return selected(call, input, axisOf(input, axis), index);
}

export function meshgrid(call: TracedCall): PyValue {
  const given = call.args.value('tensors');
  const items = given.kind === 'tuple' ? given.items : [given];
  const [only] = items;
  const vectors = items.length === 1 && (only?.kind === 'tuple' || only?.kind === 'list') ? only.items : items;
  const tensors = vectors.filter((value) => value.kind === 'tensor');
  if (tensors.length !== vectors.length) return giveUp(call, notATensor);
  // `xy` swaps the first two axes of the result; `ij` is what the library does when nothing is said.
  const isXy = call.args.text('indexing') === 'xy' && tensors.length >= 2;
  const axisFor = (i: number): number => (isXy && i < 2 ? 1 - i : i);
  const sizes: Dimension[] = [];
  for (const [i, tensor] of tensors.entries()) sizes[axisFor(i)] = tensor.shape[0] ?? 1;
  const grids = tensors.map((tensor, i) => {
    const place = axisFor(i);
    const shape = sizes.map((size, axis) => (axis === place ? size : 1));
    const column = reshape(call.network, call.machine, tensor, shape, call.span);
    return column.kind === 'tensor' ? expandTo(call, column, sizes) : column;
  });
  return tuple(grids);
}

/** Sorted elements and where they stood. */
function topk(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const count = call.args.integer('k');
  if (!input || count === undefined) return giveUp(call, 'How many elements are kept is not known');
  const shape = input.shape.with(axisOf(input, call.args.integer('dim') ?? -1), count);
  const kept = emitOn(call, input, { kind: 'rearrange', operation: 'topk', shape });
  return withPlaces(kept);
}

function unbind(call: TracedCall): PyValue {
  const part = splitting(call);
  if (!part) return giveUp(call, unknownSplit);
  call.machine.hold(part.length, call.span);
  return tuple(Array.from({ length: part.length }, (_, i) => selected(call, part.input, part.axis, int(i))));
}

function unflatten(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const sizes = sizesOf(call, 'sizes');
  if (!input || !sizes) return giveUp(call, 'The shape to unflatten to is not known');
  const axis = axisOf(input, call.args.integer('dim') ?? 0);
  const total = input.shape[axis];
  const known = sizes
    .filter((size) => typeof size === 'number' && size !== -1)
    .reduce<number>((product, size) => product * Number(size), 1);
  const resolved = sizes.map((size) => (size === -1 && typeof total === 'number' ? total / known : size));
  return reshaped(call, [...input.shape.slice(0, axis), ...resolved, ...input.shape.slice(axis + 1)]);
}

/** Diagonal, triangle and window functions. */
function diagonal(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, notATensor);
  const [first] = input.shape;
  const shape = input.shape.length === 1 && first !== undefined ? [first, first] : input.shape.slice(0, -1);
  return emitOn(call, input, { kind: 'rearrange', operation: call.label, shape });
}

function unfold(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const [size, step] = [call.args.integer('size'), call.args.integer('step')];
  const axis = input ? axisOf(input, call.args.integer('dimension') ?? 0) : 0;
  const length = input?.shape[axis];
  if (!input || size === undefined || step === undefined || typeof length !== 'number')
    return giveUp(call, 'The windows are not known');
  const windows = Math.floor((length - size) / step) + 1;
  return emitOn(call, input, {
    kind: 'rearrange',
    operation: 'unfold',
    shape: [...input.shape.with(axis, windows), size],
  });
}

function distinct(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const elements = input && distinctElements(input);
  if (!input || !elements) return giveUp(call, 'How many different elements this tensor has is not known');
  const wantsMore = call.args.flag('return_inverse') || call.args.flag('return_counts');
  if (!wantsMore) return elements;
  const all = elementsOf(input) ?? [];
  const counts = (elementsOf(elements) ?? []).map((value) => all.filter((other) => other === value).length);
  return tuple([elements, constantTensor([counts.length], counts, 'int')]);
}

export const arrangementRows: Readonly<Record<string, TracedFunction>> = {
  flatten: fn('input start_dim=0 end_dim=-1', flatten),
  ravel: fn('input', (call) => reshaped(call, [-1])),
  reshape: fn('input *shape|shape', reshapedAsWritten),
  permute: fn('input *dims|dims', (call) =>
    permuted(
      call,
      call.args.tensor('input'),
      sizesOf(call, 'dims')?.map((size) => (typeof size === 'number' ? size : 0)),
    ),
  ),
  transpose: fn('input dim0=None dim1=None *rest', (call) => {
    const [first, second] = [call.args.integer('dim0'), call.args.integer('dim1')];
    const rest = call.args.value('rest');
    const isSwap = first !== undefined && second !== undefined && !(rest.kind === 'tuple' && rest.items.length > 0);
    if (isSwap) return swapped(call, first, second);
    // Arrays of NumPy are turned around wholly, or into an order that is said.
    const input = call.args.tensor('input');
    const said = ['dim0', 'dim1'].flatMap((name) => call.args.integers(name, 0) ?? []);
    const others = call.args.integers('rest', 0) ?? [];
    const order = call.args.isNone('dim0') ? input?.shape.map((_, axis) => axis).reverse() : [...said, ...others];
    return permuted(call, input, order);
  }),
  swapaxes: fn('input dim0 dim1', (call) =>
    swapped(call, call.args.integer('dim0') ?? 0, call.args.integer('dim1') ?? 1),
  ),
  swapdims: fn('input dim0 dim1', (call) =>
    swapped(call, call.args.integer('dim0') ?? 0, call.args.integer('dim1') ?? 1),
  ),
  t: fn('input', (call) => swapped(call, 0, 1)),
  movedim: fn('input source destination', movedAxes),
  moveaxis: fn('input source destination', movedAxes),
  squeeze: fn('input dim|axis=None', (call) => {
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
  unsqueeze: fn('input dim|axis', (call) => {
    const input = call.args.tensor('input');
    const axis = call.args.integer('dim');
    if (!input || axis === undefined) return giveUp(call, notATensor);
    return reshaped(call, input.shape.toSpliced(axis < 0 ? axis + input.shape.length + 1 : axis, 0, 1));
  }),
  unflatten: fn('input dim sizes|unflattened_size', unflatten),
  chunk: fn('input chunks dim=0', chunk),
  split: fn('input split_size|split_size_or_sections dim=0', split),
  split_with_sizes: fn('input split_size|split_sizes dim=0', split),
  tensor_split: fn('input indices_or_sections|sections|indices dim=0', tensorSplit),
  unbind: fn('input dim=0', unbind),
  narrow: fn('input dim start length', (call) => {
    const input = call.args.tensor('input');
    const [axis, start, size] = ['dim', 'start', 'length'].map((name) => call.args.integer(name));
    if (!input || axis === undefined || start === undefined || size === undefined)
      return giveUp(call, 'The part to take is not known');
    return emitOn(call, input, { kind: 'slice', axis: axisOf(input, axis), start, size, step: 1 });
  }),
  select: fn('input dim index', (call) => {
    const input = call.args.tensor('input');
    if (!input) return giveUp(call, notATensor);
    return selected(call, input, axisOf(input, call.args.integer('dim') ?? 0), call.args.value('index'));
  }),
  index_select: fn('input dim index', indexSelected),
  gather: fn('input dim index *rest **options', gathered),
  take_along_dim: fn('input index|indices dim=None', gathered),
  scatter: rearranged('scatter'),
  scatter_add: rearranged('scatter_add'),
  index_add: rearranged('index_add'),
  roll: rearranged('roll'),
  flip: vectorFunction('flip', (elements) => elements.toReversed()),
  fliplr: rearranged('fliplr'),
  flipud: rearranged('flipud'),
  rot90: rearranged('rot90'),
  tril: rearranged('tril'),
  triu: rearranged('triu'),
  argsort: vectorFunction('argsort', (elements) =>
    elements.map((_, i) => i).sort((a, b) => (elements[a] ?? 0) - (elements[b] ?? 0)),
  ),
  sort: fn('input dim|axis=-1 *rest **options', (call) => {
    const sorted = emitOn(call, call.args.tensor('input'), {
      kind: 'rearrange',
      operation: 'sort',
      shape: call.args.tensor('input')?.shape ?? [],
    });
    return withPlaces(sorted);
  }),
  topk: fn('input k dim=-1 largest=True sorted=True', topk),
  unique: fn('input sorted=True return_inverse=False return_counts=False dim=None', distinct),
  repeat: fn('input *sizes|repeats', repeat),
  tile: fn('input *sizes|dims', repeat),
  repeat_interleave: fn('input repeats dim=None *rest **options', repeatInterleave),
  expand: fn('input *sizes|size', expand),
  expand_as: fn('input other', (call) => {
    const [input, other] = [call.args.tensor('input'), call.args.tensor('other')];
    return input && other ? expandTo(call, input, other.shape) : giveUp(call, notATensor);
  }),
  broadcast_to: fn('input *sizes|size', expand),
  diag: fn('input diagonal=0', diagonal),
  diagonal: fn('input *rest **options', diagonal),
  diag_embed: fn('input *rest **options', (call) => {
    const input = call.args.tensor('input');
    return input
      ? emitOn(call, input, {
          kind: 'rearrange',
          operation: 'diag_embed',
          shape: [...input.shape, ...input.shape.slice(-1)],
        })
      : giveUp(call, notATensor);
  }),
};

/** Functions whose first argument is no tensor. */
export const joiningRows: Readonly<Record<string, TracedFunction>> = {
  cat: join(false),
  concat: join(false),
  concatenate: join(false),
  stack: join(true),
  hstack: fn('tensors', (call) => joinOn(call, (tensor) => (tensor.shape.length <= 1 ? 0 : 1))),
  vstack: fn('tensors', (call) => joinOn(call, () => 0)),
  meshgrid: fn('*tensors indexing=None', meshgrid),
  broadcast_tensors: fn('*tensors', (call) => {
    const given = call.args.value('tensors');
    const tensors = given.kind === 'tuple' ? given.items.filter((value) => value.kind === 'tensor') : [];
    const rank = Math.max(0, ...tensors.map((tensor) => tensor.shape.length));
    const shape = Array.from(
      { length: rank },
      (_, axis) =>
        tensors.map((tensor) => tensor.shape[axis - rank + tensor.shape.length] ?? 1).find((size) => size !== 1) ?? 1,
    );
    return tuple(tensors.map((tensor) => expandTo(call, tensor, shape)));
  }),
};

function joinOn(call: TracedCall, axisFor: (tensor: TensorValue) => number): PyValue {
  const items = call.machine.iterate(call.args.value('tensors'), call.span);
  if ('kind' in items) return giveUp(call, items.reason);
  const inputs = items.filter((item) => item.kind === 'tensor');
  const [first] = inputs;
  if (!first || inputs.length !== items.length) return giveUp(call, 'One of the tensors to join is not known');
  return call.network.emit(call.machine, {
    label: call.label,
    attributes: { kind: 'concat', axis: axisFor(first) },
    inputs,
    span: call.span,
  });
}

/** Rows of tensor methods only. */
export const arrangementMethods: Readonly<Record<string, TracedFunction>> = {
  view: fn('input *shape|shape|size', reshapedAsWritten),
  view_as: fn('input other', (call) => reshaped(call, call.args.tensor('other')?.shape)),
  reshape_as: fn('input other', (call) => reshaped(call, call.args.tensor('other')?.shape)),
  unfold: fn('input dimension size step', unfold),
  numpy: fn('input', (call) => call.args.value('input')),
};

/** Rows whose elements matter where they are constants. */
export const countingRows: Readonly<Record<string, TracedFunction>> = {
  diff: fn('input n=1 dim=-1 *rest **options', (call) => {
    const input = call.args.tensor('input');
    const elements = input?.shape.length === 1 ? elementsOf(input) : undefined;
    if (elements) {
      const steps = elements.slice(1).map((value, i) => value - (elements[i] ?? 0));
      return constantTensor([steps.length], steps, input?.dtype === 'bool' ? 'int' : input?.dtype);
    }
    const axis = input ? axisOf(input, call.args.integer('dim') ?? -1) : 0;
    const size = input?.shape[axis];
    if (!input || typeof size !== 'number') return giveUp(call, notATensor);
    return emitOn(call, input, { kind: 'slice', axis, start: 1, size: size - 1, step: 1 });
  }),
};
