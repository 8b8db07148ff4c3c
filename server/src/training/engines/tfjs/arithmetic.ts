// Small compositions of TensorFlow.js ops that several rules need.

import type { AxisMap } from '../axis-maps.ts';
import { sameShape, sizeOf } from '../shape-arithmetic.ts';
import { transpose } from './placed.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** x·factor + offset with plain numbers. */
export function affine(tf: TensorFlow, x: Tensor, factor: number, offset: number): Tensor {
  const scaled = factor === 1 ? x : tf.mul(x, factor);
  return offset === 0 ? scaled : tf.add(scaled, offset);
}

/** 1 and 0 for true and false. */
export function toFloat(tf: TensorFlow, condition: Tensor): Tensor {
  return tf.cast(condition, 'float32');
}

/** Same elements in the same order under another shape. */
export function reshape(tf: TensorFlow, x: Tensor, shape: readonly number[]): Tensor {
  return sameShape(x.shape, shape) ? x : tf.reshape(x, [...shape]);
}

/** The inverse of broadcasting: sums a gradient back to the shape that was broadcast. */
export function sumTo(tf: TensorFlow, x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < missing || (shape[axis - missing] === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(tf, axes.length === 0 ? x : tf.sum(x, axes, true), shape);
}

/** Broadcasts to a shape. */
export function expand(tf: TensorFlow, x: Tensor, shape: readonly number[]): Tensor {
  return sameShape(x.shape, shape) ? x : tf.broadcastTo(x, [...shape]);
}

/** Adds `value` before and after on each axis, or, where amounts are negative, cuts elements off. */
export function padOrCrop(
  tf: TensorFlow,
  x: Tensor,
  amounts: readonly (readonly [before: number, after: number])[],
  value = 0,
): Tensor {
  const isPadded = amounts.some(([before, after]) => before > 0 || after > 0);
  const isCropped = amounts.some(([before, after]) => before < 0 || after < 0);
  // Padded first: more may be cut off on one side than there was, when the other side grows.
  const padded = isPadded
    ? tf.pad(
        x,
        amounts.map(([before, after]) => [Math.max(0, before), Math.max(0, after)]),
        value,
      )
    : x;
  if (!isCropped) return padded;
  return tf.slice(
    padded,
    amounts.map(([before]) => Math.max(0, -before)),
    x.shape.map((size, axis) => size + (amounts[axis]?.[0] ?? 0) + (amounts[axis]?.[1] ?? 0)),
  );
}

/** One axis's part of a slice: elements start, start + step, …; a negative step goes down. */
export interface AxisSlice {
  readonly axis: number;
  readonly start: number;
  readonly size: number;
  readonly step: number;
}

/** Takes a part of each named axis. */
export function slice(tf: TensorFlow, x: Tensor, slices: readonly AxisSlice[]): Tensor {
  const begin = x.shape.map(() => 0);
  const end = [...x.shape];
  const strides = x.shape.map(() => 1);
  for (const { axis, start, size, step } of slices) {
    const last = start + (size - 1) * step;
    begin[axis] = Math.min(start, last);
    end[axis] = Math.max(start, last) + 1;
    strides[axis] = Math.abs(step);
  }
  const taken = strides.every((stride) => stride === 1)
    ? tf.slice(
        x,
        begin,
        end.map((value, axis) => value - (begin[axis] ?? 0)),
      )
    : tf.stridedSlice(x, begin, end, strides);
  const turned = slices.filter(({ step, size }) => step < 0 && size > 1).map(({ axis }) => axis);
  return turned.length === 0 ? taken : tf.reverse(taken, turned);
}

/** The inverse: zeros of a shape with `part` laid in where `slice` took it from. */
export function unslice(tf: TensorFlow, part: Tensor, shape: readonly number[], slices: readonly AxisSlice[]): Tensor {
  const turned = slices.filter(({ step, size }) => step < 0 && size > 1).map(({ axis }) => axis);
  let current = turned.length === 0 ? part : tf.reverse(part, turned);
  for (const { axis, size, step } of slices) current = spreadAxis(tf, current, axis, size, Math.abs(step));
  return padOrCrop(
    tf,
    current,
    shape.map((size, axis) => {
      const own = slices.find((each) => each.axis === axis);
      if (own === undefined) return [0, 0];
      const first = Math.min(own.start, own.start + (own.size - 1) * own.step);
      return [first, size - first - (current.shape[axis] ?? 1)];
    }),
  );
}

/** Puts step - 1 zeros between neighbours on an axis, by padding an axis of size 1 behind it. */
function spreadAxis(tf: TensorFlow, x: Tensor, axis: number, size: number, step: number): Tensor {
  if (step === 1 || size === 1) return x;
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const inner = sizeOf(after);
  const apart = tf.reshape(x, [sizeOf(before), size, 1, inner]);
  const gaps = tf.pad(apart, [
    [0, 0],
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const joined = tf.reshape(gaps, [sizeOf(before), size * step, inner]);
  const length = (size - 1) * step + 1;
  return tf.reshape(tf.slice(joined, [0, 0, 0], [sizeOf(before), length, inner]), [...before, length, ...after]);
}

/** Applies a map along one axis, or its transpose. */
export function applyMap(tf: TensorFlow, x: Tensor, axis: number, map: AxisMap, transposed: boolean): Tensor {
  const matrix = tf.tensor2d(map.weights, [map.rows, map.columns]);
  const size = x.shape[axis] ?? 1;
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const outputSize = transposed ? map.columns : map.rows;
  // The axis is moved to the front, so that one matrix product does it all.
  const columns = transpose(tf, reshape(tf, x, [sizeOf(before), size, sizeOf(after)]), [1, 0, 2]);
  const product = tf.matMul(matrix, reshape(tf, columns, [size, sizeOf(x.shape) / size]), transposed, false);
  const moved = transpose(tf, reshape(tf, product, [outputSize, sizeOf(before), sizeOf(after)]), [1, 0, 2]);
  return reshape(tf, moved, [...before, outputSize, ...after]);
}
