// Small constant tensors are computed, element by element: stochastic-depth rates, widths that a formula gives, position
// tables. A tensor of the network itself never has elements.

import type { OpAttributes } from '../../../network/op.ts';
import { elementCount, isKnownShape, type Shape } from '../../../network/shape.ts';
import type { TensorValue } from '../evaluator/machine.ts';

/** Larger constants keep their shape only. */
export const longestConstant = 20_000;

/** A function of one number of each input, at each place after broadcasting. */
export type Fold = (...values: number[]) => number;

/** The elements of a constant in row-major order; undefined for what is part of the network, too large or not known. */
export function elementsOf(tensor: TensorValue): readonly number[] | undefined {
  if (tensor.id !== undefined || tensor.parameter?.trainable === true) return undefined;
  if (tensor.elements !== undefined) return tensor.elements;
  const count = elementCount(tensor.shape);
  if (tensor.fill === undefined || count === undefined || count > longestConstant) return undefined;
  const { fill } = tensor;
  return Array.from({ length: count }, () => fill);
}

/** A constant with these elements. */
export function constantTensor(shape: Shape, elements: readonly number[], dtype?: string): TensorValue {
  const [first] = elements;
  const isUniform = first !== undefined && elements.every((value) => value === first);
  return {
    kind: 'tensor',
    shape,
    ...(elements.length <= longestConstant && { elements }),
    ...(isUniform && { fill: first }),
    ...(dtype !== undefined && { dtype }),
  };
}

/** What an op over constants gives, with its elements where they can be computed. */
export function constantResult(
  attributes: OpAttributes,
  inputs: readonly TensorValue[],
  shape: Shape,
  fold: Fold | undefined,
  dtype: string | undefined,
): TensorValue {
  const plain: TensorValue = { kind: 'tensor', shape, ...(dtype !== undefined && { dtype }) };
  const columns = inputs.map(elementsOf);
  const known = columns.filter((column) => column !== undefined);
  const count = elementCount(shape);
  if (known.length !== inputs.length || count === undefined || count > longestConstant || !isKnownShape(shape))
    return plain;
  const sizes = inputs.map((input) => input.shape.filter((size) => typeof size === 'number'));
  const elements = fold ? broadcast(shape, sizes, known, fold) : rearranged(attributes, shape, sizes, known);
  const kept = dtype ?? inputs.find((input) => input.dtype !== undefined)?.dtype;
  return elements === undefined ? plain : constantTensor(shape, elements, kept);
}

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** How far apart two neighbors on each axis stand. */
function stridesOf(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => product(shape.slice(axis + 1)));
}

/** For every element of a shape in row-major order, a position that grows by these steps on each axis. */
function positions(shape: readonly number[], steps: readonly number[], start = 0): readonly number[] {
  let found = [start];
  for (const [axis, size] of shape.entries()) {
    const step = steps[axis] ?? 0;
    const next: number[] = [];
    for (const position of found) for (let place = 0; place < size; place++) next.push(position + place * step);
    found = next;
  }
  return found;
}

/** The steps with which an input of some sizes is read where it stands for a whole shape: what is one wide stays. */
function broadcastSteps(shape: readonly number[], own: readonly number[]): readonly number[] {
  const strides = stridesOf(own);
  const lead = shape.length - own.length;
  return shape.map((_, axis) => (own[axis - lead] === 1 ? 0 : (strides[axis - lead] ?? 0)));
}

function broadcast(
  shape: readonly number[],
  sizes: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
  fold: Fold,
): readonly number[] {
  const read = sizes.map((own) => positions(shape, broadcastSteps(shape, own)));
  const at = (operand: number, position: number): number => columns[operand]?.[read[operand]?.[position] ?? -1] ?? NaN;
  const result: number[] = [];
  // Tables of positions have thousands of elements, of one or two operands nearly always.
  for (let position = 0, count = product(shape); position < count; position++) {
    if (columns.length === 1) result.push(fold(at(0, position)));
    else if (columns.length === 2) result.push(fold(at(0, position), at(1, position)));
    else result.push(fold(...columns.map((_, operand) => at(operand, position))));
  }
  return result;
}

/** Each output element is an input element, found by its places; or a reduction of several. */
function rearranged(
  attributes: OpAttributes,
  shape: readonly number[],
  sizes: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
): readonly number[] | undefined {
  const [own = []] = sizes;
  const [values = []] = columns;
  const strides = stridesOf(own);
  const gather = (steps: readonly number[], start = 0): readonly number[] =>
    positions(shape, steps, start).map((position) => values[position] ?? NaN);
  switch (attributes.kind) {
    case 'reshape':
    case 'identity':
      return values;
    case 'permute':
      return gather(attributes.order.map((axis) => strides[axis] ?? 0));
    case 'slice': {
      const { axis, start, step } = attributes;
      const stride = strides[axis] ?? 0;
      return gather(
        strides.map((one, at) => (at === axis ? one * step : one)),
        start * stride,
      );
    }
    case 'expand':
      return gather(broadcastSteps(shape, own));
    case 'concat':
      return joined(attributes.axis, shape, sizes, columns);
    case 'reduce':
      return reduced(attributes, shape, own, values);
    default:
      return undefined;
  }
}

function joined(
  axis: number,
  shape: readonly number[],
  sizes: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
): readonly number[] {
  const blocks = sizes.map((own) => product(own.slice(axis)));
  return Array.from({ length: product(shape.slice(0, axis)) }, (_, outer) =>
    columns.flatMap((column, i) => column.slice(outer * (blocks[i] ?? 0), (outer + 1) * (blocks[i] ?? 0))),
  ).flat();
}

function reduced(
  attributes: Extract<OpAttributes, { kind: 'reduce' }>,
  shape: readonly number[],
  own: readonly number[],
  values: readonly number[],
): readonly number[] | undefined {
  const axes = attributes.axes.length === 0 ? own.map((_, axis) => axis) : attributes.axes;
  const kept = stridesOf(own.map((size, axis) => (axes.includes(axis) ? 1 : size)));
  const groups: number[][] = Array.from({ length: product(shape) }, () => []);
  const group = positions(
    own,
    kept.map((stride, axis) => (axes.includes(axis) ? 0 : stride)),
  );
  for (const [position, value] of values.entries()) groups[group[position] ?? -1]?.push(value);
  const sum = (one: readonly number[]): number => one.reduce((total, value) => total + value, 0);
  switch (attributes.reducer) {
    case 'sum':
      return groups.map(sum);
    case 'mean':
      return groups.map((one) => sum(one) / one.length);
    case 'max':
      return groups.map((one) => Math.max(...one));
    case 'min':
      return groups.map((one) => Math.min(...one));
    case 'product':
      return groups.map((one) => one.reduce((total, value) => total * value, 1));
    case 'norm':
      return groups.map((one) => Math.hypot(...one));
    case 'variance':
      return undefined;
  }
}
