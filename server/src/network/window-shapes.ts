// Output shapes of ops that slide a window or work on spatial axes: convolutions, pools, resize, depth to space.
// Formulas as PyTorch documents them for Conv2d, ConvTranspose2d and MaxPool2d.

import type { Result } from '../common/problem.ts';
import {
  failure,
  formatWithoutBatch,
  mapDimension,
  oneShape,
  resolveAxis,
  spatialAxes,
  withAxes,
} from './dimensions.ts';
import type { OpAttributes, Padding } from './op.ts';
import type { Dimension, Shape } from './shape.ts';

type Attributes<K extends OpAttributes['kind']> = Extract<OpAttributes, { readonly kind: K }>;
type ShapeResult = Result<readonly Shape[]>;

const times = (sizes: readonly number[]): string => sizes.join('×');
const paddingAt = (padding: readonly Padding[], axis: number): Padding => padding[axis] ?? { before: 0, after: 0 };

/** A wrong rank or channel count as a sentence, or undefined when the input fits. */
function misfit(
  input: Shape,
  spatialCount: number,
  channels: number,
  channelAxis: number,
  what: string,
): string | undefined {
  if (input.length !== spatialCount + 2) {
    return `Expected ${what} to get ${String(spatialCount)} spatial axes and channels but the input is ${formatWithoutBatch(input)}`;
  }
  const found = input[resolveAxis(channelAxis, input.length) ?? 1];
  if (typeof found === 'number' && found !== channels) {
    return `Expected ${String(channels)} input channels but the input is ${formatWithoutBatch(input)}`;
  }
  return undefined;
}

function indivisible(channels: number, groups: number, what: string): string | undefined {
  if (groups >= 1 && channels % groups === 0) return undefined;
  return `${String(channels)} ${what} channels cannot be divided into ${String(groups)} groups`;
}

/** The input's shape with new channels and a new size on each spatial axis. */
function reshapedSpace(input: Shape, channelAxis: number, channels: Dimension, sizes: readonly Dimension[]): Shape {
  const changes = new Map<number, Dimension>([[resolveAxis(channelAxis, input.length) ?? 1, channels]]);
  spatialAxes(input.length, channelAxis).forEach((axis, index) => changes.set(axis, sizes[index] ?? 1));
  return withAxes(input, changes);
}

/** The sizes of the input on its spatial axes. */
function spatialSizes(input: Shape, channelAxis: number): readonly Dimension[] {
  return spatialAxes(input.length, channelAxis).map((axis) => input[axis] ?? 1);
}

export function convolutionShapes(op: Attributes<'convolution'>, input: Shape): ShapeResult {
  const wrong =
    indivisible(op.inChannels, op.groups, 'input') ??
    indivisible(op.outChannels, op.groups, 'output') ??
    misfit(input, op.kernel.length, op.inChannels, op.channelAxis, 'a convolution');
  if (wrong !== undefined) return failure(wrong);
  const sizes = spatialSizes(input, op.channelAxis).map((size, axis) =>
    mapDimension(size, (known) => {
      const { before, after } = paddingAt(op.padding, axis);
      const extent = (op.dilation[axis] ?? 1) * ((op.kernel[axis] ?? 1) - 1) + 1;
      return Math.floor((known + before + after - extent) / (op.stride[axis] ?? 1)) + 1;
    }),
  );
  if (sizes.some((size) => typeof size === 'number' && size < 1))
    return failure(tooSmall(op.kernel, op.dilation, input));
  return oneShape(reshapedSpace(input, op.channelAxis, op.outChannels, sizes));
}

function tooSmall(kernel: readonly number[], dilation: readonly number[], input: Shape): string {
  const dilated = dilation.some((step) => step > 1) ? ` with dilation ${times(dilation)}` : '';
  return `The ${times(kernel)} kernel${dilated} is larger than the padded input, which is ${formatWithoutBatch(input)}`;
}

export function transposedConvolutionShapes(op: Attributes<'transposed-convolution'>, input: Shape): ShapeResult {
  const wrong =
    indivisible(op.inChannels, op.groups, 'input') ??
    indivisible(op.outChannels, op.groups, 'output') ??
    misfit(input, op.kernel.length, op.inChannels, op.channelAxis, 'a transposed convolution');
  if (wrong !== undefined) return failure(wrong);
  const sizes = spatialSizes(input, op.channelAxis).map((size, axis) =>
    mapDimension(size, (known) => {
      const { before, after } = paddingAt(op.padding, axis);
      const extent = (op.dilation[axis] ?? 1) * ((op.kernel[axis] ?? 1) - 1) + 1;
      return (known - 1) * (op.stride[axis] ?? 1) - before - after + extent + (op.outputPadding[axis] ?? 0);
    }),
  );
  if (sizes.some((size) => typeof size === 'number' && size < 1)) {
    return failure(`The padding leaves nothing of the output; the input is ${formatWithoutBatch(input)}`);
  }
  return oneShape(reshapedSpace(input, op.channelAxis, op.outChannels, sizes));
}

export function poolShapes(op: Attributes<'pool'>, input: Shape): ShapeResult {
  if (input.length !== op.kernel.length + 2) {
    return failure(
      `Expected a pool to get ${String(op.kernel.length)} spatial axes and channels but the input is ${formatWithoutBatch(input)}`,
    );
  }
  const sizes = spatialSizes(input, op.channelAxis).map((size, axis) =>
    mapDimension(size, (known) => pooledSize(op, known, axis)),
  );
  if (sizes.some((size) => typeof size === 'number' && size < 1))
    return failure(tooSmall(op.kernel, op.dilation, input));
  return oneShape(
    reshapedSpace(input, op.channelAxis, input[resolveAxis(op.channelAxis, input.length) ?? 1] ?? 1, sizes),
  );
}

function pooledSize(op: Attributes<'pool'>, size: number, axis: number): number {
  const { before, after } = paddingAt(op.padding, axis);
  const stride = op.stride[axis] ?? 1;
  const extent = (op.dilation[axis] ?? 1) * ((op.kernel[axis] ?? 1) - 1) + 1;
  const steps = (size + before + after - extent) / stride;
  if (!op.ceilMode) return Math.floor(steps) + 1;
  const rounded = Math.ceil(steps) + 1;
  // With ceil_mode a last window that would start in the padding after the input is left out.
  return (rounded - 1) * stride >= size + before ? rounded - 1 : rounded;
}

export function adaptivePoolShapes(op: Attributes<'adaptive-pool'>, input: Shape): ShapeResult {
  const count = op.outputSize.length;
  if (input.length !== count + 2) {
    return failure(
      `Expected an adaptive pool to get ${String(count)} spatial axes and channels but the input is ${formatWithoutBatch(input)}`,
    );
  }
  const sizes = spatialSizes(input, op.channelAxis).map((size, axis) => op.outputSize[axis] ?? size);
  return oneShape(
    reshapedSpace(input, op.channelAxis, input[resolveAxis(op.channelAxis, input.length) ?? 1] ?? 1, sizes),
  );
}

export function resizeShapes(op: Attributes<'resize'>, input: Shape): ShapeResult {
  if (input.length !== op.outputSize.length + 2) {
    return failure(
      `Expected a resize to ${times(op.outputSize)} to get ${String(op.outputSize.length)} spatial axes and channels but the input is ${formatWithoutBatch(input)}`,
    );
  }
  return oneShape(
    reshapedSpace(input, op.channelAxis, input[resolveAxis(op.channelAxis, input.length) ?? 1] ?? 1, op.outputSize),
  );
}

export function channelShuffleShapes(op: Attributes<'channel-shuffle'>, input: Shape): ShapeResult {
  const channels = input[resolveAxis(op.channelAxis, input.length) ?? 0];
  const wrong = typeof channels === 'number' ? indivisible(channels, op.groups, 'input') : undefined;
  return wrong === undefined ? oneShape(input) : failure(wrong);
}

export function depthToSpaceShapes(op: Attributes<'depth-to-space'>, input: Shape): ShapeResult {
  const sizes = spatialSizes(input, op.channelAxis);
  const channels = input[resolveAxis(op.channelAxis, input.length) ?? 0];
  const share = op.block ** 2;
  if (input.length !== 4 || channels === undefined) {
    return failure(`Expected channels and two spatial axes but the input is ${formatWithoutBatch(input)}`);
  }
  if (typeof channels === 'number' && channels % share !== 0) {
    return failure(`Expected channels divisible by ${String(share)} but the input is ${formatWithoutBatch(input)}`);
  }
  return oneShape(
    reshapedSpace(
      input,
      op.channelAxis,
      mapDimension(channels, (count) => count / share),
      sizes.map((size) => mapDimension(size, (known) => known * op.block)),
    ),
  );
}

export function spaceToDepthShapes(op: Attributes<'space-to-depth'>, input: Shape): ShapeResult {
  const sizes = spatialSizes(input, op.channelAxis);
  const channels = input[resolveAxis(op.channelAxis, input.length) ?? 0];
  if (input.length !== 4 || channels === undefined) {
    return failure(`Expected channels and two spatial axes but the input is ${formatWithoutBatch(input)}`);
  }
  if (sizes.some((size) => typeof size === 'number' && size % op.block !== 0)) {
    return failure(
      `Expected height and width divisible by ${String(op.block)} but the input is ${formatWithoutBatch(input)}`,
    );
  }
  return oneShape(
    reshapedSpace(
      input,
      op.channelAxis,
      mapDimension(channels, (count) => count * op.block ** 2),
      sizes.map((size) => mapDimension(size, (known) => known / op.block)),
    ),
  );
}
