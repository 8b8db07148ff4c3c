// Operators that arrange elements: reshape, transpose, slice, concat, pad, resize and their kin, each with what it makes of
// elements that are known beforehand.

import { broadcastShapes } from '../../../network/dimensions.ts';
import type { OpAttributes, Padding } from '../../../network/op.ts';
import { elementCount, isKnownShape, type Dimension, type Shape } from '../../../network/shape.ts';
import { arrayOf, concatenate, expand, gather, reduce, slice, transpose, type ElementArray } from '../elements.ts';
import { elementsOf, knownSize, NotKnown, type NodeCall } from '../node-call.ts';
import type { Known, Tensor } from '../tensor.ts';
import type { Operator } from './operator.ts';

const arrayFrom = (tensor: Known): ElementArray | undefined => arrayOf(tensor.shape, elementsOf(tensor));

/** The elements of an input that is a target shape, one each axis. */
function targetOf(call: NodeCall, index: number): Shape {
  const tensor = call.input(index);
  const elements = elementsOf(tensor);
  if (elements !== undefined) return elements;
  const [length] = tensor.shape;
  const count = knownSize(length, 'the number of axes of the target');
  const open = call.open('the target shape depends on what the network is fed');
  return Array.from({ length: Math.min(count, 16) }, () => open);
}

const isOpen = (size: Dimension): boolean => typeof size !== 'number';

function reshaped(call: NodeCall, shape: Shape): Tensor {
  const input = call.input();
  return call.emit({ attributes: { kind: 'reshape', shape }, inputs: [input], elements: elementsOf(input) });
}

export const shapeOf: Operator = (call) => {
  const { shape } = call.input();
  const [start, end] = [call.integer('start', 0), call.integer('end', shape.length)];
  const part = shape.slice(start, end);
  return call.constant([part.length], part);
};

export const sizeOf: Operator = (call) => {
  const count = elementCount(call.input().shape);
  return call.constant([], [count ?? call.open('a size of the tensor is open')]);
};

export const reshape: Operator = (call) => {
  const input = call.input();
  const written = call.integers('shape') ?? targetOf(call, 1);
  const keepsZero = call.integer('allowzero', 0) !== 0;
  const target = written.map((size, axis) => (size === 0 && !keepsZero ? (input.shape[axis] ?? 0) : size));
  const unknown = target.filter(isOpen);
  const [open] = unknown;
  const total = elementCount(input.shape);
  const others = elementCount(target.filter((size) => !isOpen(size) && size !== -1));
  // One size that is open is what the others leave.
  if (open !== undefined && unknown.length === 1 && !target.includes(-1) && total !== undefined && others)
    return reshaped(
      call,
      target.map((size) => (isOpen(size) ? -1 : size)),
    );
  return reshaped(
    call,
    target.map((size) => (size === -1 && unknown.length > 0 && open !== undefined ? open : size)),
  );
};

export const flatten: Operator = (call) => {
  const { shape } = call.input();
  const axis = call.integer('axis', 1);
  const at = axis < 0 ? axis + shape.length : axis;
  const join = (sizes: Shape): Dimension =>
    elementCount(sizes) ?? sizes.find(isOpen) ?? call.open('a size of the tensor is open');
  return reshaped(call, [join(shape.slice(0, at)), join(shape.slice(at))]);
};

export const squeeze: Operator = (call) => {
  const { shape } = call.input();
  const axes = call.setting('axes', 1, 'which axes are left out');
  const left = axes?.map((axis) => call.axis(axis));
  return reshaped(
    call,
    shape.filter((size, axis) => (left === undefined ? size !== 1 : !left.includes(axis))),
  );
};

export const unsqueeze: Operator = (call) => {
  const { shape } = call.input();
  const axes = call.setting('axes', 1, 'where axes are put in') ?? [];
  const rank = shape.length + axes.length;
  const places = new Set(axes.map((axis) => call.axis(axis, rank)));
  const kept = [...shape];
  return reshaped(
    call,
    Array.from({ length: rank }, (_, axis) => (places.has(axis) ? 1 : (kept.shift() ?? 1))),
  );
};

export const transposition: Operator = (call) => {
  const input = call.input();
  const order = call.integers('perm') ?? input.shape.map((_, axis) => input.shape.length - 1 - axis);
  const array = arrayFrom(input);
  return call.emit({
    attributes: { kind: 'permute', order },
    inputs: [input],
    elements: array && transpose(array, order),
  });
};

export const concatenation: Operator = (call) => {
  const inputs = call.all();
  const axis = call.axis(call.integer('axis', 1));
  if (inputs.length === 1) return inputs[0];
  return call.emit({
    attributes: { kind: 'concat', axis },
    inputs,
    elements: concatenate(inputs.map(arrayFrom), axis),
  });
};

export const gathered: Operator = (call) => {
  const [data, indices] = [call.input(), call.input(1)];
  const axis = call.axis(call.integer('axis', 0));
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  const [all, places] = [arrayFrom(data), arrayFrom(indices)];
  return call.rearranged('gather', [data, indices], shape, all && places && gather(all, places, axis));
};

/** Elements by index, of which only the shape of the result is followed: that of an input. */
export const shapedLike =
  (operation: string, index: number): Operator =>
  (call) =>
    call.rearranged(operation, call.all(), call.input(index).shape);

export const gatherByPosition: Operator = (call) => {
  const [data, indices] = [call.input(), call.input(1)];
  const batch = call.integer('batch_dims', 0);
  const last = knownSize(indices.shape.at(-1), 'the number of indices');
  return call.rearranged('gather', [data, indices], [...indices.shape.slice(0, -1), ...data.shape.slice(batch + last)]);
};

export const split: Operator = (call) => {
  const input = call.input();
  const axis = call.axis(call.integer('axis', 0));
  const count = call.node.outputs.length;
  const size = knownSize(input.shape[axis], 'the size of what is split');
  const even = Math.ceil(size / count);
  const sizes =
    call.setting('split', 1, 'how the tensor is split') ??
    Array.from({ length: count }, (_, i) => Math.max(0, Math.min(even, size - i * even)));
  const array = arrayFrom(input);
  let start = 0;
  return sizes.map((length) => {
    const from = start;
    start += length;
    return call.emit({
      attributes: { kind: 'slice', axis, start: from, size: length, step: 1 },
      inputs: [input],
      elements: array && slice(array, axis, from, length, 1),
    });
  });
};

export const slicing: Operator = (call) => {
  const given = call.input();
  const starts = call.setting('starts', 1, 'where a slice begins') ?? [];
  const ends = call.setting('ends', 2, 'where a slice ends') ?? [];
  const axes = call.setting('axes', 3, 'the axes of a slice') ?? starts.map((_, axis) => axis);
  const steps = call.numbers(4, 'the steps of a slice') ?? starts.map(() => 1);
  let input = given;
  for (const [i, written] of axes.entries()) {
    const axis = call.axis(written);
    const [from = 0, to = 0, step = 1] = [starts[i], ends[i], steps[i]];
    const whole = input.shape[axis];
    if (typeof whole !== 'number') {
      if (from === 0 && to >= 2 ** 31 - 1 && step === 1) continue;
      const shape = input.shape.map((size, at) => (at === axis ? call.open('the size of a slice is open') : size));
      input = call.made({ attributes: { kind: 'rearrange', operation: 'slice', shape }, inputs: [input] });
      continue;
    }
    const { start, size } = rangeOf(from, to, step, whole);
    if (start === 0 && size === whole && step === 1) continue;
    const array = arrayFrom(input);
    const elements = array && slice(array, axis, start, size, step);
    const attributes: OpAttributes =
      step > 0
        ? { kind: 'slice', axis, start, size, step }
        : { kind: 'rearrange', operation: 'slice', shape: input.shape.map((old, at) => (at === axis ? size : old)) };
    input = call.made({ attributes, inputs: [input], elements });
  }
  return input;
};

/** Where a slice begins and how many elements it has, as NumPy takes ends beyond the tensor. */
function rangeOf(
  from: number,
  to: number,
  step: number,
  whole: number,
): { readonly start: number; readonly size: number } {
  if (step === 0) throw new NotKnown('a slice has a step of 0');
  const clamp = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + whole : at, low), high);
  const start = step > 0 ? clamp(from, 0, whole) : clamp(from, 0, whole - 1);
  const end = step > 0 ? clamp(to, 0, whole) : clamp(to, -1, whole - 1);
  return { start, size: Math.max(0, Math.ceil((end - start) / step)) };
}

export const expansion: Operator = (call) => {
  const input = call.input();
  const shape = broadcastShapes(input.shape, targetOf(call, 1));
  if (shape === undefined) throw new NotKnown('the tensor can not be stretched to the target shape');
  const array = arrayFrom(input);
  return call.emit({
    attributes: { kind: 'expand', shape },
    inputs: [input],
    elements: array && isKnownShape(shape) ? expand(array, shape) : undefined,
  });
};

export const tile: Operator = (call) => {
  const input = call.input();
  const repeats = targetOf(call, 1);
  const shape = input.shape.map((size, axis) => {
    const repeat = repeats[axis] ?? 1;
    return typeof size === 'number' && typeof repeat === 'number' ? size * repeat : isOpen(size) ? size : repeat;
  });
  return call.rearranged('tile', [input], shape);
};

export const pad: Operator = (call) => {
  const input = call.input();
  const rank = input.shape.length;
  const amounts = call.integers('pads') ?? call.integers('paddings') ?? call.numbers(1, 'the padding') ?? [];
  const axes =
    call.numbers(3, 'the axes of the padding')?.map((axis) => call.axis(axis)) ?? input.shape.map((_, axis) => axis);
  const half = amounts.length / 2;
  const padding: Padding[] = Array.from({ length: rank }, () => ({ before: 0, after: 0 }));
  for (const [i, axis] of axes.entries()) padding[axis] = { before: amounts[i] ?? 0, after: amounts[i + half] ?? 0 };
  if (padding.every(({ before, after }) => before === 0 && after === 0)) return input;
  const mode = call.text('mode', 'constant');
  return call.emit({
    attributes: {
      kind: 'pad',
      padding,
      mode: mode === 'reflect' ? 'reflect' : mode === 'edge' ? 'replicate' : mode === 'wrap' ? 'circular' : 'constant',
      value: call.integer('value', 0),
    },
    inputs: [input],
  });
};

/** Scales or sizes, in attributes or inputs, for all axes or some. */
export const resize: Operator = (call) => {
  const input = call.input();
  const { shape } = input;
  const isOld = call.node.operator === 'Upsample' || call.version < 11;
  const filled = (index: number, what: string): readonly Dimension[] | undefined => {
    const tensor = call.optional(index);
    if (tensor === undefined || tensor.shape[0] === 0) return undefined;
    return elementsOf(tensor) ?? shape.map(() => call.open(`${what} depends on what the network is fed`));
  };
  const scales = call.integers('scales') ?? filled(isOld ? 1 : 2, 'the scale');
  const sizes = isOld ? undefined : filled(3, 'the size');
  const axes = call.integers('axes')?.map((axis) => call.axis(axis)) ?? shape.map((_, axis) => axis);
  const output = shape.map((size, axis): Dimension => {
    const at = axes.indexOf(axis);
    if (at === -1) return size;
    const wanted = sizes?.[at];
    if (wanted !== undefined) return wanted;
    const scale = scales?.[at] ?? 1;
    if (typeof size !== 'number' || typeof scale !== 'number') return typeof size === 'number' ? scale : size;
    return Math.floor(size * scale);
  });
  if (call.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    throw new NotKnown('a resize that keeps the ratio of its sides is not modelled');
  const isImage = output[0] === shape[0] && output[1] === shape[1];
  const outputSize = output.slice(2);
  if (!isImage || !isKnownShape(outputSize)) return call.rearranged('resize', [input], output);
  const mode = call.text('mode', 'nearest');
  return call.emit({
    attributes: {
      kind: 'resize',
      mode: mode === 'linear' ? 'linear' : mode === 'cubic' ? 'cubic' : 'nearest',
      outputSize,
      alignCorners: call.text('coordinate_transformation_mode', 'half_pixel') === 'align_corners',
      channelAxis: 1,
    },
    inputs: [input],
  });
};

export const blocks =
  (kind: 'depth-to-space' | 'space-to-depth'): Operator =>
  (call) =>
    call.emit({
      attributes: {
        kind,
        block: call.integer('blocksize', 1),
        order: call.text('mode', 'DCR') === 'CRD' ? 'crd' : 'dcr',
        channelAxis: 1,
      },
      inputs: [call.input()],
    });

type Reducer = Extract<OpAttributes, { readonly kind: 'reduce' }>['reducer'];

export function reduction(reducer: Reducer, compute?: (left: number, right: number) => number): Operator {
  return (call) => {
    const input = call.input();
    const written = call.setting('axes', 1, 'the axes that are reduced')?.map((axis) => call.axis(axis));
    if ((written?.length ?? 0) === 0 && call.integer('noop_with_empty_axes', 0) !== 0) return input;
    const axes = written !== undefined && written.length > 0 ? written : input.shape.map((_, axis) => axis);
    const array = arrayFrom(input);
    return call.emit({
      attributes: { kind: 'reduce', reducer, axes, keepDimensions: call.integer('keepdims', 1) !== 0 },
      inputs: [input],
      elements: array && compute && reduce(array, axes, compute),
    });
  };
}

/** The place of the largest or smallest element along an axis. */
export const placeOfExtreme: Operator = (call) => {
  const input = call.input();
  const axis = call.axis(call.integer('axis', 0));
  const keeps = call.integer('keepdims', 1) !== 0;
  const shape = keeps
    ? input.shape.map((size, at) => (at === axis ? 1 : size))
    : input.shape.filter((_, at) => at !== axis);
  return call.rearranged('argmax', [input], shape);
};

export const largest: Operator = (call) => {
  const input = call.input();
  const axis = call.axis(call.integer('axis', -1));
  const tensor = call.optional(1);
  const [count = call.integer('k', 1)] = tensor === undefined ? [] : (elementsOf(tensor) ?? []);
  const size =
    tensor !== undefined && elementsOf(tensor) === undefined ? call.open('how many are kept is open') : count;
  const made = call.rearranged(
    'topk',
    [input],
    input.shape.map((old, at) => (at === axis ? size : old)),
  );
  return [made, made];
};

/** Results whose length what the network is fed decides. */
export const selection =
  (operation: string, shape: (call: NodeCall, open: Dimension) => Shape): Operator =>
  (call) => {
    const reason = `how many results ${call.node.operator} gives depends on what the network is fed`;
    return call.rearranged(operation, call.all(), shape(call, call.open(reason)));
  };

export const filled: Operator = (call) => {
  const shape = targetOf(call, 0);
  const attribute = call.node.attributes.get('value');
  const [value = 0] = attribute?.kind === 'tensor' ? (attribute.value.values ?? []) : [];
  const count = elementCount(shape);
  const elements = count !== undefined && count <= 4096 ? Array.from({ length: count }, () => value) : undefined;
  return call.constant(shape, elements);
};

export const range: Operator = (call) => {
  const [start, limit, delta] = [0, 1, 2].map((index) => {
    const [element] = elementsOf(call.input(index)) ?? [];
    return typeof element === 'number' ? element : undefined;
  });
  if (start === undefined || limit === undefined || delta === undefined || delta === 0)
    return call.constant([call.open('the length of a range is open')], undefined);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const elements = count <= 4096 ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined;
  return call.constant([count], elements);
};

/** Whole numbers marked along a new axis. */
export const oneHot: Operator = (call) => {
  const indices = call.input();
  const [depth = call.open('the number of classes is open')] = elementsOf(call.input(1)) ?? [];
  const rank = indices.shape.length + 1;
  const axis = call.axis(call.integer('axis', -1), rank);
  return call.rearranged('one-hot', [indices], [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)]);
};

/** Tensors that are drawn, or filled, at a shape that an attribute gives. */
export const drawn: Operator = (call) => call.constant(call.integers('shape') ?? [], undefined);
