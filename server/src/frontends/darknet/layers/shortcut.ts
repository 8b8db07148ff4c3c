// [shortcut]: earlier layers added to the one before. Darknet adds what two layers have in common and keeps the shape of the
// one before (`shortcut_cpu`): its first channels as far as the other has any, and of the larger image every n-th place.

import type { Padding, ValueId } from '../../../network/op.ts';
import type { Dimension } from '../../../network/shape.ts';
import type { LayerContext, LayerOutput } from '../layer-context.ts';
import { addActivation } from './activations.ts';

export function shortcut(context: LayerContext): ValueId {
  const references = context.options.integers('from');
  if (references === undefined) {
    if (context.options.malformed === undefined) {
      context.problem(
        'darknet-missing-option',
        'error',
        `${context.name} does not say which layer it adds; add for example from=-3`,
      );
    }
    return context.opaque('the shortcut names no layer', [context.input]);
  }
  const layers = context.layersAt('from', references);
  const inputs = [context.input, ...layers.map(({ value }) => value)];
  if (layers.length !== references.length)
    return context.opaque('the shortcut names a layer that does not exist', inputs);
  const misfit = layers.find((layer) => ratiosDiffer(context, layer));
  if (misfit !== undefined) {
    const [other, mine] = [misfit.value, context.input].map((value) => context.spaceOf(value).map(String).join('×'));
    const message = `${context.name} adds an image of ${other ?? ''} (${misfit.name}) to one of ${mine ?? ''}, and Darknet stops where height and width differ by different factors; give both layers the same stride`;
    context.problem('darknet-shape-mismatch', 'error', message, context.options.spanOf('from'));
    return context.opaque(message, inputs, context.shapeOf(context.input));
  }
  const added = layers.map((layer) => inCommon(context, layer));
  const terms = weighted(context, [context.input, ...added]);
  if (terms === undefined) return context.opaque('the weights of the shortcut are not known', inputs);
  const sum = context.add({ part: '', attributes: { kind: 'elementwise', operator: 'add' }, inputs: terms });
  return addActivation(context, sum, 'linear');
}

/** Darknet asserts that both axes shrink, or grow, by the same whole factor. */
function ratiosDiffer(context: LayerContext, layer: LayerOutput): boolean {
  const mine = context.spaceOf(context.input);
  const factors = context.spaceOf(layer.value).map((size, axis): readonly [number, number] | undefined => {
    const wanted = mine[axis];
    if (typeof size !== 'number' || typeof wanted !== 'number') return undefined;
    return [Math.floor(size / wanted), Math.floor(wanted / size)];
  });
  const [height, width] = factors;
  return height !== undefined && width !== undefined && (height[0] !== width[0] || height[1] !== width[1]);
}

/** What one earlier layer adds, brought to the shape of the input by cutting, skipping and zeros; unknown sizes are taken to fit. */
function inCommon(context: LayerContext, layer: LayerOutput): ValueId {
  const name = (part: string): string => `${layer.name}.${part}`;
  let value = layer.value;
  const mine = context.shapeOf(context.input);
  for (const axis of mine.keys()) {
    const [wanted, size] = [mine[axis], context.shapeOf(value)[axis]];
    if (axis === 0 || typeof wanted !== 'number' || typeof size !== 'number') continue;
    const step = axis === 1 ? 1 : Math.max(1, Math.floor(size / wanted));
    if (size > wanted)
      value = context.add({
        part: name('slice'),
        attributes: { kind: 'slice', axis, start: 0, size: wanted, step },
        inputs: [value],
      });
  }
  const missing = context.shapeOf(value).map((size, axis): number => differenceOf(mine[axis], size));
  if (missing.every((amount) => amount === 0)) return value;
  if (spread(context, value))
    return context.add({
      part: name('spread'),
      attributes: { kind: 'rearrange', operation: 'spread', shape: mine },
      inputs: [value],
    });
  const padding = missing.map((after): Padding => ({ before: 0, after }));
  return context.add({
    part: name('pad'),
    attributes: { kind: 'pad', padding, mode: 'constant', value: 0 },
    inputs: [value],
  });
}

const differenceOf = (wanted: Dimension | undefined, size: Dimension): number =>
  typeof wanted === 'number' && typeof size === 'number' ? wanted - size : 0;

/** Whether the places of a smaller image go to every n-th place of the input. */
function spread(context: LayerContext, value: ValueId): boolean {
  const sizes = context.spaceOf(value);
  return context.spaceOf(context.input).some((wanted, axis) => {
    const size = sizes[axis];
    return typeof wanted === 'number' && typeof size === 'number' && Math.floor(wanted / size) > 1;
  });
}

/** The terms of the sum, each times its weight where the section has weights; undefined after a report. */
function weighted(context: LayerContext, terms: readonly ValueId[]): readonly ValueId[] | undefined {
  const kind = context.options.text('weights_type', 'none');
  if (kind === 'none') return terms;
  if (!['per_feature', 'per_layer', 'per_channel'].includes(kind)) {
    context.problem(
      'darknet-option-value',
      'error',
      `weights_type of ${context.name} must be none, per_feature or per_channel, but there is "${kind}"`,
      context.options.spanOf('weights_type'),
    );
    return undefined;
  }
  const channels = kind === 'per_channel' ? context.channelsOf(context.input) : 1;
  if (typeof channels !== 'number') return undefined;
  const normalization = context.options.text('weights_normalization', 'none');
  return terms.map((term, index) => {
    const shape = [1, channels, 1, 1];
    const part = `weight_${String(index)}`;
    const parameters = [context.parameter('other', shape, part)];
    let factor = context.add({ part, attributes: { kind: 'constant', shape }, inputs: [], parameters });
    // The weights of all terms are brought to a sum of one together, which is no function of a single weight.
    if (normalization !== 'none')
      factor = context.add({
        part: `${part}.${normalization}`,
        attributes: { kind: 'activation', function: 'other', channelAxis: 1 },
        inputs: [factor],
      });
    return context.add({
      part: `${part}.multiply`,
      attributes: { kind: 'elementwise', operator: 'multiply' },
      inputs: [term, factor],
    });
  });
}
