// A convolution as a linear map with its two transposes, made of the kernels that TensorFlow.js has: images and volumes
// with channels last, undilated, padded either not at all or evenly, and in groups only when each channel is one.

import type { Padding } from '../../../network/op.ts';
import { sizeOf } from '../shape-arithmetic.ts';
import { type AxisSlice, padOrCrop, reshape, slice, unslice } from './arithmetic.ts';
import { transpose } from './placed.ts';
import { runKernel, type Tensor, type TensorFlow } from './tensorflow.ts';

/** The window of a convolution, one entry per spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly Padding[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/**
 * y = x ∗ w and its transposes. x and y are [N, …, channels]; weights are the network's, [out, in/groups, …kernel].
 * A transposed convolution is the same map read backwards.
 */
export interface ConvolutionMap {
  forwards(x: Tensor, weight: Tensor): Tensor;
  toInput(dy: Tensor, weight: Tensor): Tensor;
  toWeight(x: Tensor, dy: Tensor): Tensor;
}

interface MapShapes {
  readonly window: Window;
  /** [N, …, channels]. */
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** The map of a window between two shapes, whose sizes say what padding behind was meant. */
export function convolutionMap(tf: TensorFlow, shapes: MapShapes): ConvolutionMap {
  const { window, input, output } = shapes;
  if (window.kernel.length === 1) return rowMap(tf, shapes);
  const isImage = window.kernel.length === 2;
  if (window.dilation.some((step) => step > 1)) {
    return isImage && window.stride.every((step) => step === 1) ? phasedMap(tf, shapes) : dilatedMap(tf, shapes);
  }
  const { groups } = window;
  if (isImage && window.stride[0] !== window.stride[1]) return unevenMap(tf, shapes);
  const isDepthwise = groups > 1 && groups === input.at(-1) && isImage;
  if (groups === 1 || isDepthwise) {
    const kernels = groups === 1 ? fullKernels(tf, window.kernel.length) : depthwiseKernels(tf, groups);
    return paddedMap(tf, kernels, window, input, output);
  }
  return groupedMap(tf, shapes);
}

/** A row is an image one position high. */
function rowMap(tf: TensorFlow, { window, input, output }: MapShapes): ConvolutionMap {
  const lifted = (shape: readonly number[]): readonly number[] => [shape[0] ?? 1, 1, ...shape.slice(1)];
  const none = { before: 0, after: 0 };
  const map = convolutionMap(tf, {
    window: {
      kernel: [1, ...window.kernel],
      stride: [window.stride[0] ?? 1, ...window.stride],
      padding: [none, ...window.padding],
      dilation: [1, ...window.dilation],
      groups: window.groups,
    },
    input: lifted(input),
    output: lifted(output),
  });
  const lift = (tensor: Tensor): Tensor => reshape(tf, tensor, lifted(tensor.shape));
  const liftWeight = (tensor: Tensor): Tensor => {
    const [out = 1, own = 1, length = 1] = tensor.shape;
    return reshape(tf, tensor, [out, own, 1, length]);
  };
  const drop = (tensor: Tensor, axis: number): Tensor =>
    reshape(
      tf,
      tensor,
      tensor.shape.filter((_, index) => index !== axis),
    );
  return {
    forwards: (x, weight) => drop(map.forwards(lift(x), liftWeight(weight)), 1),
    toInput: (dy, weight) => drop(map.toInput(lift(dy), liftWeight(weight)), 1),
    toWeight: (x, dy) => drop(map.toWeight(lift(x), lift(dy)), 2),
  };
}

/**
 * A dilated window of stride 1 on an image: it never mixes positions of different phase (their remainder by the
 * dilation), so each phase is an image of its own for an undilated window.
 */
function phasedMap(tf: TensorFlow, { window, input, output }: MapShapes): ConvolutionMap {
  const [batch = 1, , , inChannels = 1] = input;
  const [down = 1, across = 1] = window.dilation;
  const phases = down * across;
  /** By axis: the padding that makes the output come out, rounded up to whole phases. */
  const axes = window.kernel.map((size, index) => {
    const step = window.dilation[index] ?? 1;
    const outputSize = output[index + 1] ?? 1;
    const before = window.padding[index]?.before ?? 0;
    const whole = Math.ceil((outputSize + step * (size - 1)) / step) * step;
    const inner = whole / step - size + 1;
    return {
      around: [before, whole - (input[index + 1] ?? 1) - before] as const,
      behind: [0, inner * step - outputSize] as const,
      inputSize: whole / step,
      outputSize: inner,
    };
  });
  const none = [0, 0] as const;
  const around = [none, ...axes.map((axis) => axis.around), none];
  const behind = [none, ...axes.map((axis) => axis.behind), none];
  const negative = (amounts: readonly (readonly [number, number])[]): [number, number][] =>
    amounts.map(([before, after]) => [-before, -after]);
  const split = (x: Tensor): Tensor => {
    const [count = 1, height = 1, width = 1, channels = 1] = x.shape;
    const view = reshape(tf, x, [count, height / down, down, width / across, across, channels]);
    const turned = transpose(tf, view, [2, 4, 0, 1, 3, 5]);
    return reshape(tf, turned, [phases * count, height / down, width / across, channels]);
  };
  const join = (x: Tensor): Tensor => {
    const [count = 1, height = 1, width = 1, channels = 1] = x.shape;
    const view = reshape(tf, x, [down, across, count / phases, height, width, channels]);
    const turned = transpose(tf, view, [2, 3, 0, 4, 1, 5]);
    return reshape(tf, turned, [count / phases, height * down, width * across, channels]);
  };
  const map = convolutionMap(tf, {
    window: {
      ...window,
      dilation: window.dilation.map(() => 1),
      padding: window.padding.map(() => ({ before: 0, after: 0 })),
    },
    input: [phases * batch, ...axes.map((axis) => axis.inputSize), inChannels],
    output: [phases * batch, ...axes.map((axis) => axis.outputSize), output.at(-1) ?? 1],
  });
  const splitInput = (x: Tensor): Tensor => split(padOrCrop(tf, x, around));
  const splitOutput = (dy: Tensor): Tensor => split(padOrCrop(tf, dy, behind));
  return {
    forwards: (x, weight) => padOrCrop(tf, join(map.forwards(splitInput(x), weight)), negative(behind)),
    toInput: (dy, weight) => padOrCrop(tf, join(map.toInput(splitOutput(dy), weight)), negative(around)),
    toWeight: (x, dy) => map.toWeight(splitInput(x), splitOutput(dy)),
  };
}

/** Where phases do not help: a dilated kernel is a larger one with zeros between its elements. */
function dilatedMap(tf: TensorFlow, { window, input, output }: MapShapes): ConvolutionMap {
  const kernel = window.kernel.map((size, axis) => (window.dilation[axis] ?? 1) * (size - 1) + 1);
  const map = convolutionMap(tf, {
    window: { ...window, kernel, dilation: kernel.map(() => 1) },
    input,
    output,
  });
  const places = window.kernel.map((size, axis): AxisSlice => ({
    axis: axis + 2,
    start: 0,
    size,
    step: window.dilation[axis] ?? 1,
  }));
  const spread = (weight: Tensor): Tensor => unslice(tf, weight, [...weight.shape.slice(0, 2), ...kernel], places);
  return {
    forwards: (x, weight) => map.forwards(x, spread(weight)),
    toInput: (dy, weight) => map.toInput(dy, spread(weight)),
    toWeight: (x, dy) => slice(tf, map.toWeight(x, dy), places),
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * Images with another stride down than across: at the stride that both have in common, of which only some positions are
 * kept. TensorFlow's depthwise kernels refuse such strides, and its others compute them wrongly on the CPU.
 */
function unevenMap(tf: TensorFlow, { window, input, output }: MapShapes): ConvolutionMap {
  const common = window.stride.reduce(greatestCommonDivisor);
  const places = window.stride.map((stride, index): AxisSlice => ({
    axis: index + 1,
    start: 0,
    size: output[index + 1] ?? 1,
    step: stride / common,
  }));
  const whole = output.map((size, axis) => {
    const place = places.find((each) => each.axis === axis);
    return place === undefined ? size : (size - 1) * place.step + 1;
  });
  const map = convolutionMap(tf, {
    window: { ...window, stride: window.stride.map(() => common) },
    input,
    output: whole,
  });
  return {
    forwards: (x, weight) => slice(tf, map.forwards(x, weight), places),
    toInput: (dy, weight) => map.toInput(unslice(tf, dy, whole, places), weight),
    toWeight: (x, dy) => map.toWeight(x, unslice(tf, dy, whole, places)),
  };
}

/** Group by group. */
function groupedMap(tf: TensorFlow, { window, input, output }: MapShapes): ConvolutionMap {
  const { groups } = window;
  const part = (shape: readonly number[]): readonly number[] => [...shape.slice(0, -1), (shape.at(-1) ?? 1) / groups];
  const map = convolutionMap(tf, { window: { ...window, groups: 1 }, input: part(input), output: part(output) });
  const each = (
    left: readonly Tensor[],
    right: readonly Tensor[],
    compute: (a: Tensor, b: Tensor) => Tensor,
  ): Tensor[] =>
    left.map((tensor, index) => {
      const other = right[index];
      if (other === undefined) throw new Error('Groups of different number');
      return compute(tensor, other);
    });
  const channels = (tensor: Tensor): Tensor[] => tf.split(tensor, groups, -1);
  const filters = (weight: Tensor): Tensor[] => tf.split(weight, groups, 0);
  return {
    forwards: (x, weight) =>
      tf.concat(
        each(channels(x), filters(weight), (a, b) => map.forwards(a, b)),
        -1,
      ),
    toInput: (dy, weight) =>
      tf.concat(
        each(channels(dy), filters(weight), (a, b) => map.toInput(a, b)),
        -1,
      ),
    toWeight: (x, dy) =>
      tf.concat(
        each(channels(x), channels(dy), (a, b) => map.toWeight(a, b)),
        0,
      ),
  };
}

/** Kernels of one sort of convolution, by TensorFlow's layout of the filter. */
interface Kernels {
  readonly names: { readonly forwards: string; readonly toInput: string; readonly toFilter: string };
  readonly attributes: Readonly<Record<string, string | number[]>>;
  toFilter(weight: Tensor): Tensor;
  toWeight(filter: Tensor): Tensor;
  filterShape(kernel: readonly number[], input: readonly number[], output: readonly number[]): number[];
}

function fullKernels(tf: TensorFlow, rank: number): Kernels {
  const spatial = Array.from({ length: rank }, (_, axis) => axis);
  const isImage = rank === 2;
  return {
    names: isImage
      ? { forwards: 'Conv2D', toInput: 'Conv2DBackpropInput', toFilter: 'Conv2DBackpropFilter' }
      : { forwards: 'Conv3D', toInput: 'Conv3DBackpropInputV2', toFilter: 'Conv3DBackpropFilterV2' },
    attributes: { dataFormat: isImage ? 'NHWC' : 'NDHWC', dilations: spatial.map(() => 1) },
    toFilter: (weight) => transpose(tf, weight, [...spatial.map((axis) => axis + 2), 1, 0]),
    toWeight: (filter) => transpose(tf, filter, [rank + 1, rank, ...spatial]),
    filterShape: (kernel, input, output) => [...kernel, input.at(-1) ?? 1, output.at(-1) ?? 1],
  };
}

/** Out channel c·multiplier + m reads in channel c, here as in the network. */
function depthwiseKernels(tf: TensorFlow, channels: number): Kernels {
  return {
    names: {
      forwards: 'DepthwiseConv2dNative',
      toInput: 'DepthwiseConv2dNativeBackpropInput',
      toFilter: 'DepthwiseConv2dNativeBackpropFilter',
    },
    attributes: { dataFormat: 'NHWC', dilations: [1, 1] },
    toFilter: (weight) => {
      const [out = 1, , ...kernel] = weight.shape;
      return transpose(tf, reshape(tf, weight, [channels, out / channels, ...kernel]), [2, 3, 0, 1]);
    },
    toWeight: (filter) => {
      const [height = 1, width = 1, , multiplier = 1] = filter.shape;
      return reshape(tf, transpose(tf, filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
    },
    filterShape: (kernel, input, output) => [...kernel, channels, (output.at(-1) ?? 1) / channels],
  };
}

function paddedMap(
  tf: TensorFlow,
  kernels: Kernels,
  window: Window,
  input: readonly number[],
  output: readonly number[],
): ConvolutionMap {
  const amounts = window.kernel.map((size, axis): [number, number] => {
    const before = window.padding[axis]?.before ?? 0;
    const last = ((output[axis + 1] ?? 1) - 1) * (window.stride[axis] ?? 1);
    return [before, last + size - (input[axis + 1] ?? 1) - before];
  });
  // Kernels pad faster than a pad of its own does, where they would pad alike.
  const isSame = amounts.every(([before, after], axis) => {
    const size = input[axis + 1] ?? 1;
    const stride = window.stride[axis] ?? 1;
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + (window.kernel[axis] ?? 1) - size);
    return (
      output[axis + 1] === Math.ceil(size / stride) && before === Math.floor(total / 2) && before + after === total
    );
  });
  const around: [number, number][] = isSame ? input.map(() => [0, 0]) : [[0, 0], ...amounts, [0, 0]];
  const back = around.map(([before, after]): [number, number] => [-before, -after]);
  const paddedShape = input.map((size, axis) => size + (around[axis]?.[0] ?? 0) + (around[axis]?.[1] ?? 0));
  const attributes = { ...kernels.attributes, strides: [...window.stride], pad: isSame ? 'same' : 'valid' };
  const filterShape = kernels.filterShape(window.kernel, input, output);
  return {
    forwards: (x, weight) =>
      runKernel(
        tf,
        kernels.names.forwards,
        { x: padOrCrop(tf, x, around), filter: kernels.toFilter(weight) },
        attributes,
      ),
    toInput: (dy, weight) => {
      const inputs = { dy, filter: kernels.toFilter(weight) };
      const padded = runKernel(tf, kernels.names.toInput, inputs, { ...attributes, inputShape: paddedShape });
      return padOrCrop(tf, padded, back);
    },
    toWeight: (x, dy) => {
      const inputs = { x: padOrCrop(tf, x, around), dy };
      return kernels.toWeight(runKernel(tf, kernels.names.toFilter, inputs, { ...attributes, filterShape }));
    },
  };
}

/** The sum of a gradient over everything but the channels, which are last. */
export function channelSum(tf: TensorFlow, dy: Tensor): Tensor {
  const channels = dy.shape.at(-1) ?? 1;
  return tf.sum(reshape(tf, dy, [sizeOf(dy.shape) / channels, channels]), 0);
}
