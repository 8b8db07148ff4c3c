// Layers with parameters as ops: the attributes come from tensors and numbers, whoever calls (a module or a function).

import type { Padding } from '../../../../network/op.ts';
import type { WidthOrigin } from '../../../../network/width-origin.ts';
import { giveUp, type TracedCall } from '../../tracing/traced-call.ts';
import type { PyValue, TensorValue } from '../../evaluator/machine.ts';

export interface ConvolutionArguments {
  readonly input: TensorValue;
  readonly weight: TensorValue;
  readonly bias: TensorValue | undefined;
  readonly stride: readonly number[];
  /** Numbers an axis, or PyTorch's words. */
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly groupsWidth?: WidthOrigin | undefined;
  readonly outWidth?: WidthOrigin | undefined;
  readonly inWidth?: WidthOrigin | undefined;
}

/** Known sizes of a weight; layers of the library always have them. */
function sizesOf(tensor: TensorValue): readonly number[] {
  return tensor.shape.map((size) => (typeof size === 'number' ? size : 0));
}

function spatialPadding(
  padding: ConvolutionArguments['padding'],
  kernel: readonly number[],
  dilation: readonly number[],
): readonly Padding[] {
  return kernel.map((size, i) => {
    if (padding === 'valid') return { before: 0, after: 0 };
    if (padding === 'same') {
      const total = (dilation[i] ?? 1) * (size - 1);
      return { before: Math.floor(total / 2), after: total - Math.floor(total / 2) };
    }
    return { before: padding[i] ?? 0, after: padding[i] ?? 0 };
  });
}

export function emitConvolution(call: TracedCall, layer: ConvolutionArguments): PyValue {
  const [outChannels = 0, perGroup = 0, ...kernel] = sizesOf(layer.weight);
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [layer.input],
    parameters: [layer.weight, layer.bias],
    outWidth: layer.outWidth,
    groupsWidth: layer.groupsWidth,
    inWidth: layer.inWidth,
    attributes: {
      kind: 'convolution',
      inChannels: perGroup * layer.groups,
      outChannels,
      kernel,
      stride: layer.stride,
      padding: spatialPadding(layer.padding, kernel, layer.dilation),
      ...(typeof layer.padding === 'string' && { paddingRule: layer.padding }),
      paddingMode: layer.paddingMode,
      dilation: layer.dilation,
      groups: layer.groups,
      channelAxis: 1,
    },
  });
}

export interface TransposedConvolutionArguments {
  readonly input: TensorValue;
  readonly weight: TensorValue;
  readonly bias: TensorValue | undefined;
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly outWidth?: WidthOrigin | undefined;
  readonly inWidth?: WidthOrigin | undefined;
}

export function emitTransposedConvolution(call: TracedCall, layer: TransposedConvolutionArguments): PyValue {
  const [inChannels = 0, perGroup = 0, ...kernel] = sizesOf(layer.weight);
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [layer.input],
    parameters: [layer.weight, layer.bias],
    outWidth: layer.outWidth,
    inWidth: layer.inWidth,
    attributes: {
      kind: 'transposed-convolution',
      inChannels,
      outChannels: perGroup * layer.groups,
      kernel,
      stride: layer.stride,
      padding: layer.padding.map((size) => ({ before: size, after: size })),
      outputPadding: layer.outputPadding,
      dilation: layer.dilation,
      groups: layer.groups,
      channelAxis: 1,
    },
  });
}

export function emitDense(
  call: TracedCall,
  input: TensorValue,
  weight: TensorValue,
  bias: TensorValue | undefined,
  outWidth?: WidthOrigin,
  inWidth?: WidthOrigin,
): PyValue {
  const [outFeatures = 0, inFeatures = 0] = sizesOf(weight);
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [input],
    parameters: [weight, bias],
    outWidth,
    inWidth,
    attributes: { kind: 'dense', inFeatures, outFeatures },
  });
}

export interface BatchNormArguments {
  readonly input: TensorValue;
  readonly channels: number;
  readonly scale: TensorValue | undefined;
  readonly shift: TensorValue | undefined;
  readonly mean: TensorValue | undefined;
  readonly variance: TensorValue | undefined;
  readonly epsilon: number;
  readonly momentum: number | undefined;
  readonly outWidth?: WidthOrigin | undefined;
}

export function emitBatchNorm(call: TracedCall, layer: BatchNormArguments): PyValue {
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [layer.input],
    parameters: [layer.scale, layer.shift, layer.mean, layer.variance],
    outWidth: layer.outWidth,
    attributes: {
      kind: 'batch-norm',
      channels: layer.channels,
      epsilon: layer.epsilon,
      momentum: layer.momentum,
      hasScale: layer.scale !== undefined,
      hasShift: layer.shift !== undefined,
      channelAxis: 1,
    },
  });
}

export interface PoolArguments {
  readonly input: TensorValue;
  readonly mode: 'max' | 'average';
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
}

export function emitPool(call: TracedCall, pool: PoolArguments): PyValue {
  const { input, padding, ...attributes } = pool;
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [input],
    attributes: {
      kind: 'pool',
      ...attributes,
      padding: padding.map((size) => ({ before: size, after: size })),
      channelAxis: 1,
    },
  });
}

/** Resizes to a size or by a factor, as `F.interpolate` does. */
export function emitResize(
  call: TracedCall,
  input: TensorValue,
  size: readonly number[] | undefined,
  scale: readonly number[] | undefined,
  mode: string,
  alignCorners: boolean,
): PyValue {
  const spatial = input.shape.slice(2);
  const target = spatial.map((dimension, i) => {
    if (size !== undefined) return size[i] ?? size[0];
    const factor = scale?.[i] ?? scale?.[0];
    return typeof dimension === 'number' && factor !== undefined ? Math.floor(dimension * factor) : undefined;
  });
  const known = target.filter((dimension) => dimension !== undefined);
  if (known.length !== spatial.length) return giveUp(call, 'The size to resize to is not known');
  const kinds: Readonly<Record<string, 'nearest' | 'linear' | 'cubic' | 'area'>> = {
    bicubic: 'cubic',
    area: 'area',
    linear: 'linear',
    bilinear: 'linear',
    trilinear: 'linear',
  };
  const numbers = size ?? scale ?? [];
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [input],
    attributes: {
      kind: 'resize',
      mode: kinds[mode] ?? 'nearest',
      outputSize: known,
      written: { as: size === undefined ? 'factors' : 'sizes', numbers },
      alignCorners,
      channelAxis: 1,
    },
  });
}
