// Layers that normalise, and those that scale and shift what was normalised.

import type { Initializer, Parameter, ValueId } from '../../../network/op.ts';
import type { Shape } from '../../../network/shape.ts';
import { numberOf, valueAt } from '../../config/config-tree.ts';
import type { LayerContext } from '../layer-context.ts';
import type { LayerDefinition } from '../layer-definition.ts';

// Caffe's own: what is added under the root, and the part that a new batch has in the running statistics.
const epsilon = 1e-5;
const momentum = 1e-3;
const startAt = (value: number): Initializer => ({ kind: 'constant', value });

/** Whether a layer scales each channel by a number of its own, as the second half of a batch normalisation does. */
function scalesChannels({ type, bottoms, body }: LayerDefinition): boolean {
  const settings = valueAt(body, 'scale_param');
  return (
    type === 'Scale' &&
    bottoms.length === 1 &&
    (numberOf(valueAt(settings, 'axis')) ?? 1) === 1 &&
    (numberOf(valueAt(settings, 'num_axes')) ?? 1) === 1
  );
}

/**
 * Mean and variance alone. The scale behind it is a layer of its own in Caffe; where that follows, both are one normalisation
 * with a scale, which stands at the second: it holds what is learned.
 */
export function batchNorm(context: LayerContext): ValueId {
  const { input, onlyReader } = context;
  const channels = context.channelsOf(input);
  if (onlyReader !== undefined && scalesChannels(onlyReader))
    return context.add({ attributes: { kind: 'identity' }, inputs: [input] });
  if (typeof channels !== 'number') return context.opaque(channels.reason, [input], context.shapeOf(input));
  return normalized(context, channels, false, false);
}

function normalized(context: LayerContext, channels: number, hasScale: boolean, hasShift: boolean): ValueId {
  const { name, settings, input } = context;
  // Statistics are nothing that is learned or shared by name.
  const statistics = (['running-mean', 'running-variance'] as const).map((role): Parameter => ({
    id: `${name}#${String(context.layer.span.start)}.${role}`,
    role,
    shape: [channels],
  }));
  const learned: Parameter[] = [];
  if (hasScale) learned.push(context.parameter('scale', [channels], settings.filler('scale_param', 'filler')));
  if (hasShift) learned.push(context.parameter('shift', [channels], settings.filler('scale_param', 'bias_filler')));
  const added =
    context.normBefore === undefined
      ? undefined
      : numberOf(valueAt(valueAt(context.normBefore.body, 'batch_norm_param'), 'eps'));
  return context.add({
    attributes: {
      kind: 'batch-norm',
      channels,
      epsilon: added ?? settings.decimal('batch_norm_param', 'eps', epsilon),
      momentum,
      hasScale,
      hasShift,
      channelAxis: 1,
    },
    inputs: [input],
    parameters: [...learned, ...statistics],
  });
}

/** `BN` of SegNet's and PSPNet's forks: statistics, scale and shift in one layer. */
export function wholeBatchNorm(context: LayerContext): ValueId {
  const channels = context.channelsOf(context.input);
  if (typeof channels !== 'number')
    return context.opaque(channels.reason, [context.input], context.shapeOf(context.input));
  return normalized(context, channels, true, true);
}

/** A learned tensor that stands on the axes of the input from `axis` on, and has one element on the others. */
function learnedFactor(
  context: LayerContext,
  group: string,
  part: string,
  start: number,
): { readonly value: ValueId; readonly shape: Shape } | undefined {
  const { settings, input } = context;
  const rank = context.shapeOf(input).length;
  const axis = context.axisOf(settings.integer(group, 'axis', 1, -rank));
  if (axis === undefined) return undefined;
  const count = settings.integer(group, 'num_axes', 1, -1);
  const end = count === -1 ? rank : Math.min(rank, axis + count);
  const shape = context.shapeOf(input).map((size, at) => (at >= axis && at < end ? size : 1));
  const filler = settings.filler(group, part === 'shift' ? 'bias_filler' : 'filler') ?? startAt(start);
  const value = context.add({
    part,
    attributes: { kind: 'constant', shape },
    inputs: [],
    parameters: [context.parameter('other', shape, filler)],
  });
  return { value, shape };
}

/** A second input brought to the axes of the first, from `axis` on. */
function onAxes(context: LayerContext, group: string, factor: ValueId): ValueId | undefined {
  const { settings, input } = context;
  const rank = context.shapeOf(input).length;
  const axis = context.axisOf(settings.integer(group, 'axis', 1, -rank));
  if (axis === undefined) return undefined;
  // With axis 0 the batch stands first; otherwise the factor has one row an image, or none.
  const own = context.shapeOf(factor);
  const sizes = axis === 0 ? own : own.length > rank - axis && own[0] === 1 ? own.slice(1) : own;
  const shape = [...Array.from({ length: axis }, () => 1), ...sizes];
  while (shape.length < rank) shape.push(1);
  return context.add({ part: 'reshape', attributes: { kind: 'reshape', shape }, inputs: [factor] });
}

/** Times a factor a channel, which is learned or the second input; with `bias_term` a shift is added. */
export function scale(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'scale_param';
  const hasShift = settings.flag(group, 'bias_term', false);
  const channels = context.channelsOf(input);
  if (context.normBefore !== undefined && scalesChannels(context.layer) && typeof channels === 'number')
    return normalized(context, channels, true, hasShift);
  const second = context.inputs[1];
  const factor =
    second === undefined ? learnedFactor(context, group, 'scale', 1)?.value : onAxes(context, group, second);
  if (factor === undefined) return context.misfit('there is no such axis to scale');
  const product = context.add({
    attributes: { kind: 'elementwise', operator: 'multiply' },
    inputs: [input, factor],
  });
  if (!hasShift) return product;
  const shift = learnedFactor(context, group, 'shift', 0);
  if (shift === undefined) return product;
  return context.add({
    part: 'add',
    attributes: { kind: 'elementwise', operator: 'add' },
    inputs: [product, shift.value],
  });
}

/** Plus a shift, which is learned or the second input. */
export function bias(context: LayerContext): ValueId {
  const second = context.inputs[1];
  const shift =
    second === undefined
      ? learnedFactor(context, 'bias_param', 'shift', 0)?.value
      : onAxes(context, 'bias_param', second);
  if (shift === undefined) return context.misfit('there is no such axis to shift');
  return context.add({ attributes: { kind: 'elementwise', operator: 'add' }, inputs: [context.input, shift] });
}

export function responseNorm(context: LayerContext): ValueId {
  const size = context.settings.integer('lrn_param', 'local_size', 5, 1);
  return context.add({ attributes: { kind: 'local-response-norm', size }, inputs: [context.input] });
}

/** `Normalize` of SSD: each place divided by the length of its vector of channels, times a learned factor. */
export function lengthNorm(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'norm_param';
  const axes = settings.flag(group, 'across_spatial', true) ? [1, 2, 3] : [1];
  const length = context.add({
    part: 'length',
    attributes: { kind: 'reduce', reducer: 'norm', axes, keepDimensions: true },
    inputs: [input],
  });
  const unit = context.add({
    part: 'unit',
    attributes: { kind: 'elementwise', operator: 'divide' },
    inputs: [input, length],
  });
  const channels = settings.flag(group, 'channel_shared', true) ? 1 : context.channelsOf(input);
  const shape = [1, channels, 1, 1];
  const factor = context.add({
    part: 'scale',
    attributes: { kind: 'constant', shape },
    inputs: [],
    parameters: [context.parameter('other', shape, settings.filler(group, 'scale_filler') ?? startAt(1))],
  });
  return context.add({ attributes: { kind: 'elementwise', operator: 'multiply' }, inputs: [unit, factor] });
}
