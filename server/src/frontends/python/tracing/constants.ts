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

/** The place in each dimension of the element at a flat position. */
function placesOf(position: number, shape: readonly number[]): number[] {
  const places: number[] = [];
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    places[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return places;
}

function positionOf(places: readonly number[], shape: readonly number[]): number {
  let position = 0;
  for (const [axis, size] of shape.entries()) position = position * size + (places[axis] ?? 0);
  return position;
}

function broadcast(
  shape: readonly number[],
  sizes: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
  fold: Fold,
): readonly number[] {
  return Array.from({ length: product(shape) }, (_, position) => {
    const places = placesOf(position, shape);
    const values = columns.map((column, i) => {
      const own = sizes[i] ?? [];
      const lead = shape.length - own.length;
      return (
        column[
          positionOf(
            own.map((size, axis) => (size === 1 ? 0 : (places[axis + lead] ?? 0))),
            own,
          )
        ] ?? NaN
      );
    });
    return fold(...values);
  });
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
  const gather = (source: (places: readonly number[]) => readonly number[]): readonly number[] =>
    Array.from(
      { length: product(shape) },
      (_, position) => values[positionOf(source(placesOf(position, shape)), own)] ?? NaN,
    );
  switch (attributes.kind) {
    case 'reshape':
    case 'identity':
      return values;
    case 'permute':
      return gather((places) => own.map((_, axis) => places[attributes.order.indexOf(axis)] ?? 0));
    case 'slice':
      return gather((places) =>
        places.map((place, axis) => (axis === attributes.axis ? attributes.start + place * attributes.step : place)),
      );
    case 'expand':
      return gather((places) =>
        own.map((size, axis) => (size === 1 ? 0 : (places[axis + shape.length - own.length] ?? 0))),
      );
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
  return Array.from({ length: product(shape) }, (_, position) => {
    const places = placesOf(position, shape);
    for (const [i, own] of sizes.entries()) {
      const place = places[axis] ?? 0;
      if (place < (own[axis] ?? 0)) return columns[i]?.[positionOf(places, own)] ?? NaN;
      places[axis] = place - (own[axis] ?? 0);
    }
    return NaN;
  });
}

function reduced(
  attributes: Extract<OpAttributes, { kind: 'reduce' }>,
  shape: readonly number[],
  own: readonly number[],
  values: readonly number[],
): readonly number[] | undefined {
  const axes = attributes.axes.length === 0 ? own.map((_, axis) => axis) : attributes.axes;
  const kept = own.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const groups: number[][] = Array.from({ length: product(shape) }, () => []);
  for (const [position, value] of values.entries()) {
    const places = placesOf(position, own).map((place, axis) => (axes.includes(axis) ? 0 : place));
    groups[positionOf(places, kept)]?.push(value);
  }
  const sum = (group: readonly number[]): number => group.reduce((total, value) => total + value, 0);
  switch (attributes.reducer) {
    case 'sum':
      return groups.map(sum);
    case 'mean':
      return groups.map((group) => sum(group) / group.length);
    case 'max':
      return groups.map((group) => Math.max(...group));
    case 'min':
      return groups.map((group) => Math.min(...group));
    case 'product':
      return groups.map((group) => group.reduce((total, value) => total * value, 1));
    case 'norm':
      return groups.map((group) => Math.hypot(...group));
    case 'variance':
      return undefined;
  }
}
