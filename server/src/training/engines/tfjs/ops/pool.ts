// Pools: maximum, average, adaptive, and resizing (which is pooling's relative: fixed shares of input positions).

import { adaptiveAverage, adaptiveRange, averageWindow, type AxisMap, interpolation } from '../../axis-maps.ts';
import { sizeOf } from '../../shape-arithmetic.ts';
import {
  affine,
  applyMap,
  type AxisSlice,
  expand,
  padOrCrop,
  reshape,
  slice,
  toFloat,
  unslice,
} from '../arithmetic.ts';
import { type Applied, inputOf, type OpRule, type RuleContext } from '../op-rule.ts';
import { channelView, spatialSizes } from '../placed.ts';
import { runKernel, type Tensor, type TensorFlow } from '../tensorflow.ts';

/** A function of channels-last data and its gradient. */
interface Pooled {
  readonly output: Tensor;
  readonly needs: readonly Tensor[];
  readonly pullback: (dy: Tensor) => Tensor;
}

/** Runs a pool on the input with its channels last. */
function onChannelsLast(
  context: RuleContext<'pool' | 'adaptive-pool' | 'resize'>,
  channelAxis: number,
  pool: (tf: TensorFlow, x: Tensor, outputSizes: readonly number[]) => Pooled,
): Applied {
  const { tf } = context.backend;
  const view = channelView(tf, context.outputShape.length, channelAxis);
  const x = view.load(inputOf(context));
  const { output, needs, pullback } = pool(tf, x, spatialSizes(context.outputShape, channelAxis));
  return {
    output: view.place(output),
    needs,
    pullback: (gradient) => ({ inputs: [view.place(pullback(view.load(gradient)))] }),
  };
}

/** Maps along the spatial axes, from axis 1 on. */
function mapped(tf: TensorFlow, x: Tensor, maps: readonly AxisMap[]): Pooled {
  const apply = (tensor: Tensor, transposed: boolean): Tensor =>
    maps.reduce((current, map, index) => applyMap(tf, current, index + 1, map, transposed), tensor);
  return { output: apply(x, false), needs: [], pullback: (dy) => apply(dy, true) };
}

interface MaximumWindow {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
}

/** The maximum of each window; the gradient goes to the first position that has it. */
function maximum(tf: TensorFlow, x: Tensor, window: MaximumWindow, outputSizes: readonly number[]): Pooled {
  // The padding behind is worked out from the output's size: it says what ceiling mode came to.
  const amounts = window.kernel.map((size, axis): [number, number] => {
    const reach = (window.dilation[axis] ?? 1) * (size - 1) + 1;
    const last = ((outputSizes[axis] ?? 1) - 1) * (window.stride[axis] ?? 1);
    const before = window.before[axis] ?? 0;
    return [before, last + reach - (x.shape[axis + 1] ?? 1) - before];
  });
  const around: [number, number][] = [[0, 0], ...amounts, [0, 0]];
  const padded = padOrCrop(tf, x, around, -Infinity);
  const isPlain = window.dilation.every((step) => step === 1) && window.kernel.length <= 2;
  const inner = isPlain ? maximumByKernel(tf, padded, window) : maximumBySlices(tf, padded, window, outputSizes);
  const back = around.map(([before, after]): [number, number] => [-before, -after]);
  return { ...inner, pullback: (dy) => padOrCrop(tf, inner.pullback(dy), back) };
}

/** By the backend's own kernel, which pools images; a row is an image one position high. */
function maximumByKernel(tf: TensorFlow, x: Tensor, { kernel, stride }: MaximumWindow): Pooled {
  const { shape } = x;
  const isRow = kernel.length === 1;
  const [batch = 1, length = 1, channels = 1] = shape;
  const image = isRow ? reshape(tf, x, [batch, 1, length, channels]) : x;
  const attributes = {
    filterSize: isRow ? [1, ...kernel] : [...kernel],
    strides: isRow ? [1, ...stride] : [...stride],
    pad: 'valid',
  };
  const best = runKernel(tf, 'MaxPool', { x: image }, attributes);
  const output = isRow ? tf.squeeze(best, [1]) : best;
  return {
    output,
    needs: [image, best],
    pullback: (dy) => {
      const inputs = { dy: reshape(tf, dy, best.shape), input: image, output: best };
      return reshape(tf, runKernel(tf, 'MaxPoolGrad', inputs, attributes), shape);
    },
  };
}

/** Position by position of the window, for windows that kernels do not know. */
function maximumBySlices(tf: TensorFlow, x: Tensor, window: MaximumWindow, outputSizes: readonly number[]): Pooled {
  const { shape } = x;
  const positions = offsetsOf(window.kernel).map((offset): readonly AxisSlice[] =>
    offset.map((at, axis) => ({
      axis: axis + 1,
      start: at * (window.dilation[axis] ?? 1),
      size: outputSizes[axis] ?? 1,
      step: window.stride[axis] ?? 1,
    })),
  );
  const output = positions
    .map((position) => slice(tf, x, position))
    .reduce((best, candidate) => tf.maximum(best, candidate));
  return {
    output,
    needs: [x, output],
    pullback: (dy) => {
      let free: Tensor = tf.onesLike(output);
      let sum: Tensor = tf.zeros(shape);
      for (const position of positions) {
        const hit = tf.mul(free, toFloat(tf, tf.equal(slice(tf, x, position), output)));
        free = tf.sub(free, hit);
        sum = tf.add(sum, unslice(tf, tf.mul(dy, hit), shape, position));
      }
      return sum;
    },
  };
}

/** All positions of a window, row by row. */
function offsetsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, at) => [...offset, at])),
    [[]],
  );
}

export const poolRule: OpRule<'pool'> = (context) => {
  const { mode, kernel, stride, dilation, padding, countIncludePad, channelAxis } = context.attributes;
  return onChannelsLast(context, channelAxis, (tf, x, outputSizes) => {
    if (mode === 'max') {
      return maximum(tf, x, { kernel, stride, dilation, before: padding.map((side) => side.before) }, outputSizes);
    }
    const maps = kernel.map((size, axis) =>
      averageWindow(x.shape[axis + 1] ?? 1, outputSizes[axis] ?? 1, {
        kernel: size,
        stride: stride[axis] ?? size,
        before: padding[axis]?.before ?? 0,
        after: padding[axis]?.after ?? 0,
        countIncludePad,
      }),
    );
    return mapped(tf, x, maps);
  });
};

/** The mean over all positions, kept as size 1. */
function globalAverage(tf: TensorFlow, x: Tensor): Pooled {
  const { shape } = x;
  const axes = shape.map((_, axis) => axis).slice(1, -1);
  const count = sizeOf(shape.slice(1, -1));
  return {
    output: tf.mean(x, axes, true),
    needs: [],
    pullback: (dy) => expand(tf, affine(tf, dy, 1 / count, 0), shape),
  };
}

/** The maximum over nearly equal parts. Where the parts are equal it is a plain pool; else each part is pooled alone. */
function adaptiveMaximum(tf: TensorFlow, x: Tensor, outputSizes: readonly number[]): Pooled {
  const { shape } = x;
  const uneven = outputSizes.findIndex((size, index) => (shape[index + 1] ?? 1) % size !== 0);
  if (uneven === -1) {
    const kernel = outputSizes.map((size, index) => (shape[index + 1] ?? 1) / size);
    const window = { kernel, stride: kernel, dilation: kernel.map(() => 1), before: kernel.map(() => 0) };
    return maximum(tf, x, window, outputSizes);
  }
  const axis = uneven + 1;
  const rows = outputSizes[uneven] ?? 1;
  const parts = Array.from({ length: rows }, (_, row) => {
    const columns = adaptiveRange(shape[axis] ?? 1, rows, row);
    const place: AxisSlice = { axis, start: columns[0] ?? 0, size: columns.length, step: 1 };
    const own = outputSizes.map((size, index) => (index === uneven ? 1 : size));
    return { place, pooled: adaptiveMaximum(tf, slice(tf, x, [place]), own) };
  });
  return {
    output: tf.concat(
      parts.map(({ pooled }) => pooled.output),
      axis,
    ),
    needs: parts.flatMap(({ pooled }) => pooled.needs),
    pullback: (dy) =>
      parts
        .map(({ place, pooled }, row) => {
          const own = pooled.pullback(slice(tf, dy, [{ axis, start: row, size: 1, step: 1 }]));
          return unslice(tf, own, shape, [place]);
        })
        .reduce((sum, part) => tf.add(sum, part)),
  };
}

export const adaptivePoolRule: OpRule<'adaptive-pool'> = (context) => {
  const { mode, channelAxis } = context.attributes;
  return onChannelsLast(context, channelAxis, (tf, x, outputSizes) => {
    if (mode === 'max') return adaptiveMaximum(tf, x, outputSizes);
    if (outputSizes.every((size) => size === 1)) return globalAverage(tf, x);
    const maps = outputSizes.map((size, axis) => adaptiveAverage(x.shape[axis + 1] ?? 1, size));
    return mapped(tf, x, maps);
  });
};

export const resizeRule: OpRule<'resize'> = (context) => {
  const { mode, alignCorners, channelAxis } = context.attributes;
  return onChannelsLast(context, channelAxis, (tf, x, outputSizes) => {
    const maps = outputSizes.map((size, axis) => interpolation(x.shape[axis + 1] ?? 1, size, mode, alignCorners));
    return mapped(tf, x, maps);
  });
};
