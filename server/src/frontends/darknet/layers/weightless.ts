// Layers that only move, pool or combine what is there: pools, upsample, route, reorg, crop, dropout, softmax.

import type { Padding, ValueId } from '../../../network/op.ts';
import type { Dimension } from '../../../network/shape.ts';
import type { LayerContext, LayerOutput } from '../layer-context.ts';
import { addActivation } from './activations.ts';

function pool(context: LayerContext, mode: 'max' | 'average'): ValueId {
  const { options } = context;
  const common = options.integer('stride', 1, 1);
  const stride = [options.integer('stride_y', common, 1), options.integer('stride_x', common, 1)];
  const size = options.integer('size', common, 1);
  const total = options.integer('padding', size - 1, 0);
  if (options.flag('maxpool_depth'))
    return context.unsupported('pooling over channels (maxpool_depth) is not modelled');
  const input = context.asImage(context.input);
  const padding = context.spaceOf(input).map((space, axis) => poolPadding(space, size, stride[axis] ?? 1, total));
  return context.add({
    part: '',
    attributes: {
      kind: 'pool',
      mode,
      kernel: [size, size],
      stride,
      padding,
      dilation: [1, 1],
      ceilMode: false,
      countIncludePad: false,
      channelAxis: 1,
    },
    inputs: [input],
  });
}

/**
 * Darknet's padding is the sum of both sides, the smaller half first. What no window reaches is left out of the second
 * half: the usual 2×2 pool with stride 2 then has none on even sizes.
 */
function poolPadding(space: Dimension, size: number, stride: number, total: number): Padding {
  const before = total >> 1;
  const after = total - before;
  if (typeof space !== 'number' || space + total < size) return { before, after };
  const windows = Math.floor((space + total - size) / stride) + 1;
  return { before, after: Math.max(0, Math.min(after, (windows - 1) * stride + size - space - before)) };
}

export const maxpool = (context: LayerContext): ValueId => pool(context, 'max');
export const localAveragePool = (context: LayerContext): ValueId => pool(context, 'average');

/** Over the whole image. */
export function avgpool(context: LayerContext): ValueId {
  return context.add({
    part: '',
    attributes: { kind: 'adaptive-pool', mode: 'average', outputSize: [1, 1], channelAxis: 1 },
    inputs: [context.asImage(context.input)],
  });
}

export function upsample(context: LayerContext): ValueId {
  const stride = context.options.integer('stride', 2, 1);
  const scale = context.options.decimal('scale', 1);
  const input = context.asImage(context.input);
  const sizes = context.spaceOf(input);
  const unknown = sizes.find((size) => typeof size !== 'number');
  if (unknown !== undefined) {
    return context.opaque(unknown.reason, [input], [1, context.channelsOf(input), ...sizes]);
  }
  const outputSize = sizes.map((size) => Number(size) * stride);
  const value = context.add({
    part: '',
    attributes: { kind: 'resize', mode: 'nearest', outputSize, alignCorners: false, channelAxis: 1 },
    inputs: [input],
  });
  if (scale === 1) return value;
  const factor = context.add({ part: 'scale', attributes: { kind: 'constant', shape: [], value: scale }, inputs: [] });
  return context.add({
    part: 'multiply',
    attributes: { kind: 'elementwise', operator: 'multiply' },
    inputs: [value, factor],
  });
}

/** One earlier layer, or several side by side; with `groups`, the `group_id`-th part of each. */
export function route(context: LayerContext): ValueId {
  const { options } = context;
  const references = options.integers('layers');
  const groups = options.integer('groups', 1, 1);
  const group = options.integer('group_id', 0, 0);
  if (references === undefined) {
    if (options.malformed === undefined) {
      context.problem(
        'darknet-missing-option',
        'error',
        `${context.name} does not say which layers it joins; add for example layers=-1, 8`,
      );
    }
    return context.opaque('the route names no layers', [context.input]);
  }
  const layers = context.layersAt('layers', references);
  if (layers.length !== references.length) {
    return context.opaque(
      'the route names a layer that does not exist',
      layers.length === 0 ? [context.input] : layers.map(({ value }) => value),
    );
  }
  if (group >= groups) {
    context.problem(
      'darknet-option-value',
      'error',
      `${context.name} takes group ${String(group)} of ${String(groups)}; group_id counts from 0`,
      options.spanOf('group_id'),
    );
    return context.opaque(
      'the route takes a group that does not exist',
      layers.map(({ value }) => value),
    );
  }
  const parts =
    groups === 1
      ? layers.map(({ value }) => value)
      : layers.map((layer) => channelGroup(context, layer, groups, group));
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) {
    return context.add({ part: '', attributes: { kind: 'identity' }, inputs: [first] });
  }
  return context.add({ part: '', attributes: { kind: 'concat', axis: 1 }, inputs: parts });
}

function channelGroup(context: LayerContext, layer: LayerOutput, groups: number, group: number): ValueId {
  const channels = context.channelsOf(layer.value);
  if (typeof channels !== 'number') return context.opaque(channels.reason, [layer.value]);
  if (channels % groups !== 0) {
    const message = `${context.name} splits ${layer.name} into ${String(groups)} groups, but it has ${String(channels)} channels`;
    context.problem('darknet-shape-mismatch', 'error', message, context.options.spanOf('groups'));
    return context.opaque(message, [layer.value]);
  }
  const size = channels / groups;
  return context.add({
    part: 'group',
    attributes: { kind: 'slice', axis: 1, start: size * group, size, step: 1 },
    inputs: [layer.value],
  });
}

/** The input times one factor a channel (`scale_channels`), or times another map of its shape (`sam`). */
export function multiplyBy(context: LayerContext): ValueId {
  const layers = context.layersAt('from', context.options.integers('from') ?? [-1]);
  const [other] = layers;
  if (other === undefined) return context.opaque('the layer to multiply with does not exist', [context.input]);
  const factor = context.section.type === 'scale_channels' ? context.input : other.value;
  const scaled = context.section.type === 'scale_channels' ? other.value : context.input;
  const product = context.add({
    part: '',
    attributes: { kind: 'elementwise', operator: 'multiply' },
    inputs: [context.asImage(scaled), context.asImage(factor)],
  });
  return addActivation(context, product, 'linear');
}

/** Darknet's reorganisation mixes channels in an order of its own, so no output channel belongs to one input channel. */
export function reorg(context: LayerContext): ValueId {
  const { options } = context;
  const stride = options.integer('stride', 1, 1);
  const reverse = options.flag('reverse');
  const input = context.asImage(context.input);
  const channels = context.channelsOf(input);
  const sizes = context.spaceOf(input);
  if (options.integer('extra', 0, 0) > 0) return withRoom(context, options.integer('extra', 0, 0));
  const fits = reverse
    ? typeof channels !== 'number' || channels % stride ** 2 === 0
    : sizes.every((size) => typeof size !== 'number' || size % stride === 0);
  if (!fits) {
    const needed = reverse
      ? `channels divisible by ${String(stride ** 2)}`
      : `height and width divisible by ${String(stride)}`;
    context.problem(
      'darknet-shape-mismatch',
      'error',
      `${context.name} needs ${needed}, but the input is ${[channels, ...sizes].map((size) => (typeof size === 'number' ? size : '?')).join('×')}`,
    );
    return context.opaque(`the input has no ${needed}`, [input]);
  }
  const scaled = (size: Dimension, factor: number): Dimension => (typeof size === 'number' ? size * factor : size);
  const depth = stride ** 2;
  const shape = reverse
    ? [1, scaled(channels, 1 / depth), ...sizes.map((size) => scaled(size, stride))]
    : [1, scaled(channels, depth), ...sizes.map((size) => scaled(size, 1 / stride))];
  return context.add({
    part: '',
    attributes: { kind: 'rearrange', operation: context.section.type, shape },
    inputs: [input],
  });
}

/** `extra` of reorg: the input as one row with as many further elements behind it. */
function withRoom(context: LayerContext, extra: number): ValueId {
  const none: Padding = { before: 0, after: 0 };
  return context.add({
    part: '',
    attributes: { kind: 'pad', padding: [none, { before: 0, after: extra }], mode: 'constant', value: 0 },
    inputs: [context.asRow(context.input)],
  });
}

/** The middle of the image, as at inference. */
export function crop(context: LayerContext): ValueId {
  const wanted = [context.options.integer('crop_height', 1, 1), context.options.integer('crop_width', 1, 1)];
  const input = context.asImage(context.input);
  const margins = context.spaceOf(input).map((size, axis): Padding | undefined => {
    if (typeof size !== 'number') return undefined;
    const excess = size - (wanted[axis] ?? size);
    return { before: -(excess >> 1), after: -(excess - (excess >> 1)) };
  });
  const known = margins.filter((margin) => margin !== undefined);
  if (known.length !== margins.length)
    return context.opaque(
      'the size of the image to crop is not known',
      [input],
      [1, context.channelsOf(input), ...wanted],
    );
  if (known.some((margin) => margin.after > 0)) {
    context.problem(
      'darknet-shape-mismatch',
      'error',
      `${context.name} cuts ${wanted.join('×')} out of a smaller image; make crop_height and crop_width at most the input's`,
    );
    return context.opaque('the crop is larger than the image', [input]);
  }
  const none: Padding = { before: 0, after: 0 };
  return context.add({
    part: '',
    attributes: { kind: 'pad', padding: [none, none, ...known], mode: 'constant', value: 0 },
    inputs: [input],
  });
}

export function dropout(context: LayerContext): ValueId {
  const rate = context.options.decimal('probability', 0.5);
  return context.add({ part: '', attributes: { kind: 'dropout', rate }, inputs: [context.input] });
}

const softmaxOver = (axis: number) => ({ kind: 'softmax', axis, log: false }) as const;

export function softmax(context: LayerContext): ValueId {
  const groups = context.options.integer('groups', 1, 1);
  const row = context.asRow(context.input);
  // The sizes of a tree's groups stand in its file. One softmax over all of them would be another function.
  if (context.options.has('tree'))
    return context.add({
      part: '',
      attributes: { kind: 'activation', function: 'other', channelAxis: 1 },
      inputs: [row],
    });
  if (groups === 1) return context.add({ part: '', attributes: softmaxOver(1), inputs: [row] });
  const classes = context.channelsOf(row);
  if (typeof classes !== 'number') return context.opaque(classes.reason, [row], context.shapeOf(row));
  if (classes % groups !== 0) {
    const message = `${context.name} splits ${String(classes)} features into ${String(groups)} groups; make groups divide them`;
    context.problem('darknet-shape-mismatch', 'error', message, context.options.spanOf('groups'));
    return context.opaque(message, [row], context.shapeOf(row));
  }
  const reshaped = (part: string, value: ValueId, shape: readonly number[]): ValueId =>
    context.add({ part, attributes: { kind: 'reshape', shape }, inputs: [value] });
  const rows = reshaped('groups', row, [1, groups, classes / groups]);
  return reshaped('row', context.add({ part: '', attributes: softmaxOver(2), inputs: [rows] }), [1, classes]);
}

export function normalization(context: LayerContext): ValueId {
  const size = context.options.integer('size', 5, 1);
  return context.add({ part: '', attributes: { kind: 'local-response-norm', size }, inputs: [context.input] });
}

/** A layer that is nothing but its activation. */
export function activationLayer(context: LayerContext): ValueId {
  const value = context.add({ part: '', attributes: { kind: 'identity' }, inputs: [context.input] });
  return addActivation(context, value, context.section.type === 'activation' ? 'linear' : 'logistic');
}

/** What comes in goes out: `empty` and `silence`. */
export function passed(context: LayerContext): ValueId {
  return context.add({ part: '', attributes: { kind: 'identity' }, inputs: [context.input] });
}

/** Each place of the image divided by the length of its vector of channels. */
export function l2norm(context: LayerContext): ValueId {
  const length = context.add({
    part: 'length',
    attributes: { kind: 'reduce', reducer: 'norm', axes: [1], keepDimensions: true },
    inputs: [context.input],
  });
  return context.add({
    part: '',
    attributes: { kind: 'elementwise', operator: 'divide' },
    inputs: [context.input, length],
  });
}
