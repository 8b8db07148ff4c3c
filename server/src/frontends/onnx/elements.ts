// Elements worked out beforehand: chains of Shape, Gather, Concat and arithmetic by which exporters write target shapes.
// Arrays are few and small (model-file.ts bounds them), row-major, and may have elements that are not known.

import type { Dimension, Shape, UnknownDimension } from '../../network/shape.ts';
import type { Elements } from './tensor.ts';

/** Results with more elements tell no shape. */
const mostElements = 4_096;

/** An array of which the shape is known. */
export interface ElementArray {
  readonly shape: readonly number[];
  readonly elements: Elements;
}

/** The array of a tensor; undefined where its shape or all of its elements are open. */
export function arrayOf(shape: Shape, elements: Elements | undefined): ElementArray | undefined {
  const sizes = shape.filter((size) => typeof size === 'number');
  if (elements === undefined || sizes.length < shape.length || countOf(sizes) !== elements.length) return undefined;
  return { shape: sizes, elements };
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** The place in row-major order that steps of these strides lead to. */
function stridesOf(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => countOf(shape.slice(axis + 1)));
}

/** An array of a shape whose element at each place is looked up in others. */
function gathered(
  shape: readonly number[],
  at: (place: readonly number[]) => Dimension | undefined,
): Elements | undefined {
  const count = countOf(shape);
  if (count > mostElements) return undefined;
  const strides = stridesOf(shape);
  const found: Dimension[] = [];
  for (let index = 0; index < count; index++) {
    const element = at(shape.map((size, axis) => Math.floor(index / (strides[axis] ?? 1)) % size));
    if (element === undefined) return undefined;
    found.push(element);
  }
  return found;
}

const indexOf = (shape: readonly number[], place: readonly number[]): number => {
  const strides = stridesOf(shape);
  return place.reduce((index, at, axis) => index + at * (strides[axis] ?? 1), 0);
};

/** Element by element under NumPy's rule of broadcasting; `shape` is the result's. */
export function combine(
  arrays: readonly (ElementArray | undefined)[],
  shape: readonly number[],
  compute: (...numbers: readonly number[]) => number,
): Elements | undefined {
  const known = arrays.filter((array) => array !== undefined);
  if (known.length < arrays.length) return undefined;
  return gathered(shape, (place) => {
    const operands = known.map((array) => {
      const inner = array.shape.map((size, axis) =>
        size === 1 ? 0 : (place[axis + place.length - array.shape.length] ?? 0),
      );
      return array.elements[indexOf(array.shape, inner)];
    });
    const unknown = operands.find((operand): operand is UnknownDimension => typeof operand === 'object');
    if (unknown !== undefined) return unknown;
    const numbers = operands.filter((operand) => typeof operand === 'number');
    return numbers.length < operands.length ? undefined : compute(...numbers);
  });
}

/** Elements along an axis by index, negative ones from the end. */
export function gather(data: ElementArray, indices: ElementArray, axis: number): Elements | undefined {
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  return gathered(shape, (place) => {
    const index = indices.elements[indexOf(indices.shape, place.slice(axis, axis + indices.shape.length))];
    const size = data.shape[axis] ?? 0;
    if (typeof index !== 'number' || index >= size || index < -size) return undefined;
    const from = [
      ...place.slice(0, axis),
      index < 0 ? index + size : index,
      ...place.slice(axis + indices.shape.length),
    ];
    return data.elements[indexOf(data.shape, from)];
  });
}

export function concatenate(arrays: readonly (ElementArray | undefined)[], axis: number): Elements | undefined {
  const known = arrays.filter((array) => array !== undefined);
  const [first] = known;
  if (first === undefined || known.length < arrays.length) return undefined;
  const total = known.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  return gathered(
    first.shape.map((size, at) => (at === axis ? total : size)),
    (place) => {
      let offset = place[axis] ?? 0;
      for (const { shape, elements } of known) {
        const size = shape[axis] ?? 0;
        if (offset < size)
          return elements[
            indexOf(
              shape,
              place.map((at, i) => (i === axis ? offset : at)),
            )
          ];
        offset -= size;
      }
      return undefined;
    },
  );
}

/** `size` elements from `start` with `step` along an axis. */
export function slice(
  data: ElementArray,
  axis: number,
  start: number,
  size: number,
  step: number,
): Elements | undefined {
  return gathered(
    data.shape.map((whole, at) => (at === axis ? size : whole)),
    (place) =>
      data.elements[
        indexOf(
          data.shape,
          place.map((at, i) => (i === axis ? start + at * step : at)),
        )
      ],
  );
}

export function transpose(data: ElementArray, order: readonly number[]): Elements | undefined {
  return gathered(
    order.map((axis) => data.shape[axis] ?? 1),
    (place) =>
      data.elements[
        indexOf(
          data.shape,
          data.shape.map((_, axis) => place[order.indexOf(axis)] ?? 0),
        )
      ],
  );
}

/** Over the given axes, which stay as 1 where `keep` says so. */
export function reduce(
  data: ElementArray,
  axes: readonly number[],
  compute: (left: number, right: number) => number,
): Elements | undefined {
  const kept = data.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const results: (Dimension | undefined)[] = Array.from({ length: countOf(kept) }, () => undefined);
  const strides = stridesOf(data.shape);
  for (const [index, element] of data.elements.entries()) {
    const place = data.shape.map((size, axis) =>
      axes.includes(axis) ? 0 : Math.floor(index / (strides[axis] ?? 1)) % size,
    );
    const at = indexOf(kept, place);
    const before = results[at];
    results[at] =
      before === undefined || typeof before === 'object'
        ? (before ?? element)
        : typeof element === 'object'
          ? element
          : compute(before, element);
  }
  const known = results.filter((result) => result !== undefined);
  return known.length < results.length ? undefined : known;
}

/** The same array under the shape that it is stretched to. */
export function expand(data: ElementArray, shape: readonly number[]): Elements | undefined {
  return combine([data], shape, (number) => number);
}
