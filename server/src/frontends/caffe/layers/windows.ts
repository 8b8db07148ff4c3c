// Layers that slide a window over an image, or change its size: convolutions, pools, crop, upsampling.

import type { OpAttributes, Padding, Parameter, ValueId } from '../../../network/op.ts';
import type { Dimension } from '../../../network/shape.ts';
import type { LayerContext } from '../layer-context.ts';

const bothSides = (amount: number): Padding => ({ before: amount, after: amount });

/** A size per axis: `kernel_size` once for all or once for each, or `kernel_h` and `kernel_w`. */
function perAxis(
  { settings }: LayerContext,
  group: string,
  key: string,
  short: string,
  count: number,
  minimum: number,
): readonly number[] | undefined {
  if (count === 2 && (settings.has(group, `${short}_h`) || settings.has(group, `${short}_w`)))
    return ['h', 'w'].map((axis) => settings.integer(group, `${short}_${axis}`, minimum, minimum));
  const sizes = settings.integers(group, key, minimum);
  const [first] = sizes;
  if (first === undefined) return undefined;
  return sizes.length === count ? sizes : Array.from({ length: count }, () => first);
}

const ones = (count: number): readonly number[] => Array.from({ length: count }, () => 1);

/** Axes of an image; undefined after a report where the input has none. */
function spatialCount(context: LayerContext): number | undefined {
  const count = context.spaceOf(context.input).length;
  if (count > 0) return count;
  context.misfit('it wants an image, but the input has no height and width');
  return undefined;
}

function convolve(
  context: LayerContext,
  kind: 'convolution' | 'transposed-convolution',
  isDepthwise: boolean,
): ValueId {
  const { settings, input } = context;
  const group = 'convolution_param';
  const count = spatialCount(context);
  if (count === undefined) return context.opaque('the input is no image');
  const inChannels = context.channelsOf(input);
  const width = settings.width(group);
  const kernel = perAxis(context, group, 'kernel_size', 'kernel', count, 1);
  if (kernel === undefined)
    return context.misfit('it does not say how large its kernel is; add for example kernel_size: 3');
  if (width === undefined) return context.opaque(settings.malformed ?? 'the width is not known');
  const behind: readonly Dimension[] = [1, width.value];
  if (typeof inChannels !== 'number') {
    const unknown = kernel.map((): Dimension => inChannels);
    return context.opaque(inChannels.reason, context.inputs, [...behind, ...unknown]);
  }
  const stride = perAxis(context, group, 'stride', 'stride', count, 1) ?? ones(count);
  const padding = (perAxis(context, group, 'pad', 'pad', count, 0) ?? ones(count).map(() => 0)).map(bothSides);
  const dilation = perAxis(context, group, 'dilation', 'dilation', count, 1) ?? ones(count);
  const groups = settings.integer(group, 'group', isDepthwise ? inChannels : 1, 1);
  const shape = kind === 'convolution' ? [width.value, inChannels / groups] : [inChannels, width.value / groups];
  const tensors: Parameter[] = [
    context.parameter('weight', [...shape, ...kernel], settings.filler(group, 'weight_filler')),
  ];
  if (settings.flag(group, 'bias_term', true))
    tensors.push(context.parameter('bias', [width.value], settings.filler(group, 'bias_filler')));
  const common = {
    inChannels,
    outChannels: width.value,
    kernel,
    stride,
    padding,
    dilation,
    groups,
    channelAxis: 1,
  };
  const attributes: OpAttributes =
    kind === 'convolution'
      ? { kind, ...common, paddingMode: 'zeros' }
      : { kind, ...common, outputPadding: ones(count).map(() => 0) };
  const written = settings.value(group, 'group');
  return context.add({
    attributes,
    inputs: [input],
    parameters: tensors,
    outWidth: width.origin,
    // A depthwise layer writes its input width down a second time.
    ...(groups > 1 &&
      groups === inChannels &&
      written !== undefined && {
        groupsWidth: { kind: 'config', value: groups, span: written.span, key: 'group' } as const,
      }),
  });
}

export const convolution = (context: LayerContext): ValueId => convolve(context, 'convolution', false);
/** Forks of Caffe have a layer type for it; there `group` may be left out. */
export const depthwiseConvolution = (context: LayerContext): ValueId => convolve(context, 'convolution', true);
export const deconvolution = (context: LayerContext): ValueId => convolve(context, 'transposed-convolution', false);

/** Rounded up, unlike convolutions: `PoolingLayer::Reshape`. */
export function pooling(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'pooling_param';
  const count = spatialCount(context);
  if (count === undefined) return context.opaque('the input is no image');
  const method = settings.word(group, 'pool', ['MAX', 'AVE', 'STOCHASTIC']);
  const mode = method === 'MAX' ? 'max' : 'average';
  if (settings.flag(group, 'global_pooling', false)) {
    const outputSize = ones(count);
    return context.add({ attributes: { kind: 'adaptive-pool', mode, outputSize, channelAxis: 1 }, inputs: [input] });
  }
  const kernel = perAxis(context, group, 'kernel_size', 'kernel', count, 1);
  if (kernel === undefined)
    return context.misfit(
      'it does not say how large its kernel is; add for example kernel_size: 2, or global_pooling: true',
    );
  const stride = perAxis(context, group, 'stride', 'stride', count, 1) ?? ones(count);
  const pads = perAxis(context, group, 'pad', 'pad', count, 0) ?? ones(count).map(() => 0);
  const roundsUp =
    settings.word(group, 'round_mode', ['CEIL', 'FLOOR']) === 'CEIL' && settings.flag(group, 'ceil_mode', true);
  const sizes = context.spaceOf(input).map((size, axis) =>
    pooledSize(
      size,
      kernel[axis] ?? 1,
      stride[axis] ?? 1,
      pads[axis] ?? 0,
      roundsUp,
      pads.some((pad) => pad > 0),
    ),
  );
  if (method === 'STOCHASTIC')
    return context.add({
      attributes: { kind: 'rearrange', operation: 'stochastic pool', shape: [1, context.channelsOf(input), ...sizes] },
      inputs: [input],
    });
  // Where a last window would begin behind the image, one is left out by the rule of others but not by Caffe: it reads zeros.
  const wanted = context.spaceOf(input);
  const starts = (axis: number): number => (Number(sizes[axis]) - 1) * (stride[axis] ?? 1) - (pads[axis] ?? 0);
  const isWider = wanted.some((size, axis) => typeof size === 'number' && starts(axis) >= size);
  const padding = pads.map((before, axis): Padding => {
    const size = wanted[axis];
    if (!isWider || typeof size !== 'number') return bothSides(before);
    return { before, after: Math.max(0, starts(axis) + (kernel[axis] ?? 1) - size) };
  });
  return context.add({
    attributes: {
      kind: 'pool',
      mode,
      kernel,
      stride,
      padding,
      dilation: ones(count),
      ceilMode: roundsUp && !isWider,
      countIncludePad: true,
      channelAxis: 1,
    },
    inputs: [input],
  });
}

function pooledSize(
  size: Dimension,
  kernel: number,
  stride: number,
  pad: number,
  roundsUp: boolean,
  isPadded: boolean,
): Dimension {
  if (typeof size !== 'number') return size;
  const steps = (size + 2 * pad - kernel) / stride;
  const count = (roundsUp ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return isPadded && (count - 1) * stride >= size + pad ? count - 1 : count;
}

/** Pools into 1, 2, 4, … parts a side, one behind the other as a row. */
export function pyramidPooling(context: LayerContext): ValueId {
  const channels = context.channelsOf(context.input);
  const levels = context.settings.integer('spp_param', 'pyramid_height', 1, 1);
  const parts = (4 ** Math.min(levels, 20) - 1) / 3;
  const width: Dimension = typeof channels === 'number' ? channels * parts : channels;
  return context.add({
    attributes: { kind: 'rearrange', operation: 'pyramid', shape: [1, width] },
    inputs: [context.input],
  });
}

/** Regions of an image, each brought to one size. Further layers are applied to every region: costs are those of one. */
export function regionPooling(context: LayerContext): ValueId {
  const { settings, layer } = context;
  const reason = 'how many regions are cut out of an image is not known, so the layers behind are counted for one';
  context.problem('caffe-unsupported', 'information', `${context.name}: ${reason}`);
  if (layer.type === 'PSROIPooling') {
    const size = settings.integer('psroi_pooling_param', 'group_size', 1, 1);
    return context.opaque(reason, context.inputs, [
      1,
      settings.integer('psroi_pooling_param', 'output_dim', 1, 1),
      size,
      size,
    ]);
  }
  const group = layer.type === 'ROIAlign' ? 'roi_align_param' : 'roi_pooling_param';
  const sizes = ['pooled_h', 'pooled_w'].map((key) => settings.integer(group, key, 1, 1));
  return context.opaque(reason, context.inputs, [1, context.channelsOf(context.input), ...sizes]);
}

/** Windows as channels. */
export function imageToColumns(context: LayerContext): ValueId {
  const { input } = context;
  const group = 'convolution_param';
  const kernel = perAxis(context, group, 'kernel_size', 'kernel', 2, 1);
  if (kernel === undefined)
    return context.misfit('it does not say how large its kernel is; add for example kernel_size: 3');
  const [stride, pads, dilation] = (
    [
      ['stride', 1],
      ['pad', 0],
      ['dilation', 1],
    ] as const
  ).map(([key, least]) => perAxis(context, group, key, key, 2, least) ?? [least, least]);
  const channels = context.channelsOf(input);
  const sizes = context.spaceOf(input).map((size, axis): Dimension => {
    if (typeof size !== 'number') return size;
    const extent = (dilation?.[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
    return Math.max(1, Math.floor((size + 2 * (pads?.[axis] ?? 0) - extent) / (stride?.[axis] ?? 1)) + 1);
  });
  const [high = 1, wide = 1] = kernel;
  const width: Dimension = typeof channels === 'number' ? channels * high * wide : channels;
  return context.add({
    attributes: { kind: 'rearrange', operation: 'windows', shape: [1, width, ...sizes] },
    inputs: [input],
  });
}

/** The first input cut to the sizes of the second, from an axis on. */
export function crop(context: LayerContext): ValueId {
  const [input, reference] = context.inputs;
  if (input === undefined || reference === undefined)
    return context.misfit('it wants two inputs: what is cut, and one of the size to cut to; add another bottom');
  const shape = context.shapeOf(input);
  const sizes = context.shapeOf(reference);
  const first = context.axisOf(context.settings.integer('crop_param', 'axis', 2, -shape.length), input);
  if (first === undefined)
    return context.misfit(`there is no axis ${String(context.settings.integer('crop_param', 'axis', 2, -9))}`);
  const offsets = context.settings.integers('crop_param', 'offset', 0);
  const padding: Padding[] = [];
  for (const [axis, size] of shape.entries()) {
    const wanted = sizes[axis];
    if (axis < first || wanted === undefined) padding.push(bothSides(0));
    else if (typeof size !== 'number' || typeof wanted !== 'number')
      return context.opaque(
        'the size to cut to is not known',
        [input],
        [...shape.slice(0, first), ...sizes.slice(first)],
      );
    else {
      const offset = (offsets.length > 1 ? offsets[axis - first] : offsets[0]) ?? 0;
      if (size < offset + wanted)
        return context.misfit(
          `it cuts ${String(wanted)} from ${String(offset)} on out of ${String(size)} on axis ${String(axis)}`,
        );
      padding.push({ before: -offset, after: -(size - offset - wanted) });
    }
  }
  return context.add({ attributes: { kind: 'pad', padding, mode: 'constant', value: 0 }, inputs: [input] });
}

function resized(context: LayerContext, mode: 'nearest' | 'linear', sizes: readonly Dimension[]): ValueId {
  const unknown = sizes.find((size) => typeof size !== 'number');
  const { input } = context;
  if (unknown !== undefined) return context.opaque(unknown.reason, [input], [1, context.channelsOf(input), ...sizes]);
  const outputSize = sizes.map(Number);
  if (outputSize.some((size) => size < 1)) return context.misfit('it leaves nothing of the image');
  return context.add({
    attributes: { kind: 'resize', mode, outputSize, alignCorners: mode === 'linear', channelAxis: 1 },
    inputs: [input],
  });
}

/** `Interp` of PSPNet and DeepLab. */
export function interpolation(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'interp_param';
  const fixed = ['height', 'width'].map((key) => settings.integer(group, key, 0, 0));
  const zoom = settings.integer(group, 'zoom_factor', 1, 1);
  const shrink = settings.integer(group, 'shrink_factor', 1, 1);
  const cut = settings.decimal(group, 'pad_beg', 0) + settings.decimal(group, 'pad_end', 0);
  const reference = context.inputs[1];
  const sizes = context.spaceOf(reference ?? input).map((size, axis): Dimension => {
    const written = fixed[axis] ?? 0;
    if (reference !== undefined || written > 0) return written > 0 ? written : size;
    if (typeof size !== 'number') return size;
    const shrunk = Math.floor((size + cut - 1) / shrink) + 1;
    return shrunk + (shrunk - 1) * (zoom - 1);
  });
  return resized(context, 'linear', sizes);
}

/** `Upsample` of SegNet and of YOLO's ports: by a factor, or to a size. */
export function upsample(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'upsample_param';
  const fixed = ['upsample_h', 'upsample_w'].map((key) => settings.integer(group, key, 0, 0));
  const factor = settings.integer(group, 'scale', 2, 1);
  const sizes = context.spaceOf(input).map((size, axis): Dimension => {
    const written = fixed[axis] ?? 0;
    if (written > 0) return written;
    return typeof size === 'number' ? size * factor : size;
  });
  return resized(context, 'nearest', sizes);
}
