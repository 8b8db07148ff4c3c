// Layers that multiply rows with a matrix: inner products and look-ups.

import type { Parameter, ValueId } from '../../../network/op.ts';
import type { LayerContext } from '../layer-context.ts';

/** The input as one row a place: everything from `axis` on is a row. */
export function innerProduct(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'inner_product_param';
  const width = settings.width(group);
  const axis = context.axisOf(settings.integer(group, 'axis', 1, -32));
  if (axis === undefined || axis === 0)
    return context.misfit(`there is no axis ${String(settings.integer(group, 'axis', 1, -32))} to begin a row at`);
  if (width === undefined) return context.opaque(settings.malformed ?? 'the width is not known');
  const before = context.shapeOf(input).slice(1, axis);
  const inFeatures = context.countFrom(input, axis);
  if (inFeatures === undefined)
    return context.opaque(`the input of ${context.name} is not known`, [input], [1, ...before, width.value]);
  const tensors: Parameter[] = [
    context.parameter('weight', [width.value, inFeatures], settings.filler(group, 'weight_filler')),
  ];
  if (settings.flag(group, 'bias_term', true))
    tensors.push(context.parameter('bias', [width.value], settings.filler(group, 'bias_filler')));
  const isRow = context.shapeOf(input).length === axis + 1;
  const shape = [1, ...before, -1];
  return context.add({
    attributes: { kind: 'dense', inFeatures, outFeatures: width.value },
    inputs: [isRow ? input : context.add({ part: 'flatten', attributes: { kind: 'reshape', shape }, inputs: [input] })],
    parameters: tensors,
    outWidth: width.origin,
  });
}

export function embed(context: LayerContext): ValueId {
  const { settings, input } = context;
  const group = 'embed_param';
  const width = settings.width(group);
  if (width === undefined) return context.opaque(settings.malformed ?? 'the width is not known');
  const count = settings.integer(group, 'input_dim', 1, 1);
  const value = context.add({
    attributes: { kind: 'embedding', count, width: width.value },
    inputs: [input],
    parameters: [context.parameter('weight', [count, width.value], settings.filler(group, 'weight_filler'))],
    outWidth: width.origin,
  });
  if (!settings.flag(group, 'bias_term', true)) return value;
  const bias = context.add({
    part: 'bias',
    attributes: { kind: 'constant', shape: [width.value] },
    inputs: [],
    parameters: [context.parameter('other', [width.value], { kind: 'constant', value: 0 })],
  });
  return context.add({ part: 'add', attributes: { kind: 'elementwise', operator: 'add' }, inputs: [value, bias] });
}
