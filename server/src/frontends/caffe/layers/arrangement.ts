// Layers that only move, join, split or sum up what is there.

import type { ValueId } from '../../../network/op.ts';
import type { Dimension } from '../../../network/shape.ts';
import { numberOf, valueAt } from '../../config/config-tree.ts';
import { valuesAt } from '../../config/protobuf-text.ts';
import type { LayerContext } from '../layer-context.ts';

/** The axis of a layer that has had two words for it. */
function axisAt(context: LayerContext, group: string, older: string): number | undefined {
  const { settings } = context;
  const key = settings.has(group, older) ? older : 'axis';
  const written = settings.integer(group, key, 1, -32);
  const axis = context.axisOf(written);
  if (axis === undefined) context.misfit(`its input has no axis ${String(written)}`, [], settings.spanOf(group, key));
  return axis;
}

export function concat(context: LayerContext): ValueId {
  const axis = axisAt(context, 'concat_param', 'concat_dim');
  if (axis === undefined) return context.opaque('there is no such axis');
  if (axis === 0 && context.inputs.length > 1) return context.unsupported('joining along the batch is not modelled');
  return context.add({ attributes: { kind: 'concat', axis }, inputs: context.inputs });
}

/** One value a top: equal parts, or parts that end at the `slice_point`s. */
export function slice(context: LayerContext): readonly ValueId[] {
  const { settings, input, layer } = context;
  const group = 'slice_param';
  const axis = axisAt(context, group, 'slice_dim');
  const size = axis === undefined ? undefined : context.shapeOf(input)[axis];
  const unknown = (reason: string): readonly ValueId[] => layer.tops.map(() => context.opaque(reason));
  if (axis === undefined || size === undefined) return unknown('there is no such axis');
  if (axis === 0) return [context.unsupported('splitting along the batch is not modelled'), ...unknown('').slice(1)];
  if (typeof size !== 'number') return unknown(size.reason);
  const points = settings.integers(group, 'slice_point', 1);
  const count = layer.tops.length;
  const fits =
    points.length === 0
      ? size % count === 0
      : points.length === count - 1 && points.every((point, i) => point > (points[i - 1] ?? 0) && point < size);
  if (!fits) {
    const reason =
      points.length === 0
        ? `${String(size)} can't be split into ${String(count)} equal parts; add slice_point`
        : `the points ${points.join(', ')} do not split ${String(size)} into ${String(count)} parts; a layer with ${String(count)} tops has ${String(count - 1)} points, each larger than the one before`;
    context.problem(
      'caffe-shape-mismatch',
      'error',
      `${context.name}: ${reason}`,
      settings.spanOf(group, 'slice_point'),
    );
    return unknown(reason);
  }
  const ends = points.length === 0 ? layer.tops.map((_, i) => ((i + 1) * size) / count) : [...points, size];
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : (ends[i - 1] ?? 0);
    return context.add({
      part: count === 1 ? '' : String(i),
      attributes: { kind: 'slice', axis, start, size: end - start, step: 1 },
      inputs: [input],
    });
  });
}

export function flatten(context: LayerContext): ValueId {
  const { settings, input } = context;
  const shape = context.shapeOf(input);
  const first = context.axisOf(settings.integer('flatten_param', 'axis', 1, -32));
  const last = context.axisOf(settings.integer('flatten_param', 'end_axis', -1, -32));
  if (first === undefined || last === undefined || first === 0 || last < first)
    return context.misfit('there are no such axes to flatten');
  return context.add({
    attributes: { kind: 'reshape', shape: [...shape.slice(0, first), -1, ...shape.slice(last + 1)] },
    inputs: [input],
  });
}

/** `dim: 0` keeps a size, `dim: -1` is the rest. */
export function reshape(context: LayerContext): ValueId {
  const { settings, input } = context;
  const shape = context.shapeOf(input);
  const group = 'reshape_param';
  const written = valuesAt(valueAt(valueAt(context.layer.body, group), 'shape'), 'dim').map(numberOf);
  const first = settings.integer(group, 'axis', 0, -32);
  const start = first < 0 ? shape.length + first + 1 : first;
  const count = settings.integer(group, 'num_axes', -1, -1);
  const end = count === -1 ? shape.length : start + count;
  if (start < 0 || start > shape.length || end > shape.length)
    return context.misfit('there are no such axes to reshape');
  const sizes = written.map((size, i): Dimension => (size === 0 ? (shape[start + i] ?? 1) : (size ?? 1)));
  // The batch that a file writes down is one here.
  if (start === 0 && typeof sizes[0] === 'number') {
    if (sizes[0] === -1 && sizes.length > 1 && sizes.slice(1).every((size) => size !== -1)) sizes[0] = -1;
    else sizes[0] = 1;
  }
  return context.add({
    attributes: { kind: 'reshape', shape: [...shape.slice(0, start), ...sizes, ...shape.slice(end)] },
    inputs: [input],
  });
}

/** `Permute` of SSD. */
export function permute(context: LayerContext): ValueId {
  const rank = context.shapeOf(context.input).length;
  const written = context.settings.integers('permute_param', 'order', 0);
  const order = [...new Set([...written, ...Array.from({ length: rank }, (_, axis) => axis)])];
  if (order.length !== rank)
    return context.misfit(`its order names an axis that a blob of ${String(rank)} axes has not`);
  return context.add({ attributes: { kind: 'permute', order }, inputs: [context.input] });
}

export function shuffleChannels(context: LayerContext): ValueId {
  const groups = context.settings.integer('shuffle_channel_param', 'group', 1, 1);
  return context.add({ attributes: { kind: 'channel-shuffle', groups, channelAxis: 1 }, inputs: [context.input] });
}

export function softmax(context: LayerContext): ValueId {
  const { settings, input } = context;
  const axis = context.axisOf(settings.integer('softmax_param', 'axis', 1, -32));
  if (axis === undefined) return context.misfit('there is no such axis');
  return context.add({ attributes: { kind: 'softmax', axis, log: false }, inputs: [input] });
}

/** The same once for each top. */
export const copies = (context: LayerContext): readonly ValueId[] =>
  context.layer.tops.map((_, i) =>
    context.add({
      part: context.layer.tops.length === 1 ? '' : String(i),
      attributes: { kind: 'identity' },
      inputs: [context.input],
    }),
  );

export function reduction(context: LayerContext): ValueId {
  const { settings, input } = context;
  const rank = context.shapeOf(input).length;
  const first = context.axisOf(settings.integer('reduction_param', 'axis', 0, -32));
  if (first === undefined) return context.misfit('there is no such axis');
  const mean = settings.word('reduction_param', 'operation', ['SUM', 'ASUM', 'SUMSQ', 'MEAN']) === 'MEAN';
  const axes = Array.from({ length: rank - first }, (_, i) => first + i);
  return context.add({
    attributes: { kind: 'reduce', reducer: mean ? 'mean' : 'sum', axes, keepDimensions: false },
    inputs: [input],
  });
}

/** The input several times side by side. */
export function tile(context: LayerContext): ValueId {
  const { settings, input } = context;
  const axis = axisAt(context, 'tile_param', 'tile_axis');
  if (axis === undefined) return context.opaque('there is no such axis');
  const tiles = settings.integer('tile_param', 'tiles', 1, 1);
  const shape = context
    .shapeOf(input)
    .map((size, at): Dimension => (at === axis && typeof size === 'number' ? size * tiles : size));
  return context.add({ attributes: { kind: 'rearrange', operation: 'tile', shape }, inputs: [input] });
}

/** The best classes by number. */
export function bestClasses(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'argmax_param';
  const count = settings.integer(group, 'top_k', 1, 1);
  const axis = settings.has(group, 'axis') ? context.axisOf(settings.integer(group, 'axis', 1, -32)) : undefined;
  const shape =
    axis === undefined
      ? [1, settings.flag(group, 'out_max_val', false) ? 2 : 1, count]
      : context.shapeOf(input).map((size, at): Dimension => (at === axis ? count : size));
  return context.add({ attributes: { kind: 'rearrange', operation: 'best classes', shape }, inputs: [input] });
}

/** Padding, a layer of its own in the oldest nets. */
export function padImage(context: LayerContext): ValueId {
  const amount = context.settings.integer('padding_param', 'pad', 0, 0);
  const padding = context
    .shapeOf(context.input)
    .map((_, axis) => ({ before: axis < 2 ? 0 : amount, after: axis < 2 ? 0 : amount }));
  return context.add({ attributes: { kind: 'pad', padding, mode: 'constant', value: 0 }, inputs: [context.input] });
}
