// NumPy arrays as what is to be learned: classes of images or pixels, vectors, images. The array's type and shape say which.

import type { Result } from '../../common/problem.ts';
import type { ImageShape, Target, TargetArray } from './data-set.ts';
import { settleClasses } from './masks.ts';
import { formatArrayShape, type NpyArray } from './npy.ts';
import { pixelsOf } from './numpy-images.ts';

export interface ReadTarget {
  readonly target: Target;
  readonly values: TargetArray;
}

export const targetRemedy =
  'Save one class number, from 0, for each image: (count,); or a class a pixel as integers: (count, height, width); or numbers: (count, n); or images of the size that the network makes: (count, channels, height, width)';

/** `outputs` are the images that the network makes. The error is a sentence without a subject. */
export function targetOf(array: NpyArray, name: string, outputs: readonly ImageShape[]): Result<ReadTarget> {
  const { shape, type } = array;
  const [, ...sizes] = shape;
  const isInteger = /^[uib]/.test(type);
  if (shape.length === 0) return { ok: false, error: `has the shape ${formatArrayShape(shape)}` };
  if (sizes.every((size) => size === 1) && (isInteger || sizes.length < 2)) {
    const classes = classesOf(array);
    if (classes.ok || isInteger) return classes.ok ? asClasses(name, classes.value) : classes;
    return asNumbers(array, name, [1]);
  }
  if (sizes.length === 1) {
    if (isOneHot(array)) return { ok: false, error: 'is one-hot' };
    return asNumbers(array, name, sizes);
  }
  const [rows = 1, columns = 1] = planeOf(sizes) ?? [];
  if (planeOf(sizes) !== undefined && isInteger && isMask(array, outputs)) return asMask(array, name, [rows, columns]);
  if (sizes.length > 3) return { ok: false, error: `has the shape ${formatArrayShape(shape)}` };
  const grey: readonly ImageShape[] = sizes.length === 2 ? [[1, rows, columns]] : [];
  for (const image of [...outputs, ...grey]) {
    const pixels = pixelsOf(array, image);
    if (pixels.ok)
      return { ok: true, value: { target: { name, kind: 'numbers', shape: image, classes: 0 }, values: pixels.value } };
  }
  const made = outputs.map((image) => image.join('×'));
  const expected = made.length === 0 ? 'the network makes no images' : `the network makes ${made.join(' and ')}`;
  return { ok: false, error: `has the shape ${formatArrayShape(shape)}, but ${expected}` };
}

/** Height and width of what has one number a pixel. */
function planeOf(sizes: readonly number[]): readonly [number, number] | undefined {
  const [a = 1, b = 1, c = 1] = sizes;
  if (sizes.length === 2) return [a, b];
  if (sizes.length !== 3) return undefined;
  return a === 1 ? [b, c] : c === 1 ? [a, b] : undefined;
}

/** Integers a pixel are classes, unless they are many and the network makes grey images alone. */
function isMask({ elements, type }: NpyArray, outputs: readonly ImageShape[]): boolean {
  if (type === 'b1' || outputs.length === 0 || outputs.some(([channels]) => channels !== 1)) return true;
  const few = new Set<number>();
  for (let index = 0; index < elements.length && few.size <= 3; index++) few.add(Number(elements[index] ?? 0));
  return [...few].every((value) => value === 0 || value === 1 || value === 255);
}

function asClasses(name: string, values: Int32Array): Result<ReadTarget> {
  const classes = values.reduce((most, value) => Math.max(most, value), 0) + 1;
  return { ok: true, value: { target: { name, kind: 'classes', shape: [], classes }, values } };
}

function asMask(array: NpyArray, name: string, shape: readonly [number, number]): Result<ReadTarget> {
  const found = inOrder(array);
  if (!found.ok) return found;
  const wrong = found.value.find((value) => value < -1 || value > 255);
  if (wrong !== undefined) return { ok: false, error: `has the class ${String(wrong)} at a pixel; 0 to 254 are known` };
  // 255, or -1: does not count.
  const values = Uint8Array.from(found.value, (value) => (value < 0 ? 255 : value));
  const classes = settleClasses([values]);
  return { ok: true, value: { target: { name, kind: 'classes', shape, classes }, values } };
}

function asNumbers(array: NpyArray, name: string, shape: readonly number[]): Result<ReadTarget> {
  const values = inOrder(array);
  if (!values.ok) return values;
  return { ok: true, value: { target: { name, kind: 'numbers', shape, classes: 0 }, values: values.value } };
}

/** The elements in C order, whichever way they are stored. */
function inOrder({ shape, strides, elements }: NpyArray): Result<Float32Array> {
  const count = shape.reduce((product, size) => product * size, 1);
  const found = new Float32Array(count);
  const position = shape.map(() => 0);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const value = Number(elements[at] ?? 0);
    if (!Number.isFinite(value))
      return { ok: false, error: `has a number that is not finite, at index ${String(index)}` };
    found[index] = value;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      position[axis] = (position[axis] ?? 0) + 1;
      at += stride;
      if ((position[axis] ?? 0) < (shape[axis] ?? 0)) break;
      at -= stride * (shape[axis] ?? 0);
      position[axis] = 0;
    }
  }
  return { ok: true, value: found };
}

function isOneHot(array: NpyArray): boolean {
  const [count = 0, size = 0] = array.shape;
  const [row = 0, column = 0] = array.strides;
  if (size < 3 || count < 2) return false;
  for (let index = 0; index < count; index++) {
    let sum = 0;
    for (let place = 0; place < size; place++) {
      const value = Number(array.elements[index * row + place * column] ?? 0);
      if (value !== 0 && value !== 1) return false;
      sum += value;
    }
    if (sum !== 1) return false;
  }
  return true;
}

function classesOf({ shape, elements }: NpyArray): Result<Int32Array> {
  const [count = 0] = shape;
  const labels = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const label = Number(elements[index] ?? 0);
    if (!Number.isInteger(label) || label < 0 || label >= 2 ** 31)
      return { ok: false, error: `has the label ${String(label)} at index ${String(index)}` };
    labels[index] = label;
  }
  return { ok: true, value: labels };
}
