// Attention of the Keras family, as the products it is made of.

import { elementCount, type Dimension } from '../../../network/shape.ts';
import { knownSize, type LayerCall, type LayerRow } from './keras-layer.ts';

const projectionSettings =
  'kernel_initializer=glorot_uniform bias_initializer=zeros kernel_regularizer=None bias_regularizer=None activity_regularizer=None kernel_constraint=None bias_constraint=None';

/** A projection to so many heads of such a width: batch, positions, heads, width. */
function inHeads<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  input: Tensor,
  part: string,
  heads: number,
  width: number,
): Tensor | undefined {
  const shape = call.shapeOf(input);
  const inFeatures = knownSize(call, shape, -1);
  if (inFeatures === undefined) return undefined;
  const outFeatures = heads * width;
  const projected = call.emit({
    attributes: { kind: 'dense', inFeatures, outFeatures },
    inputs: [input],
    weights: [
      call.weight(`${part}/kernel`, [outFeatures, inFeatures], 'weight'),
      call.settings.flag('use_bias') ? call.weight(`${part}/bias`, [outFeatures], 'bias') : undefined,
    ],
    part,
  });
  if (projected === undefined) return undefined;
  const split: readonly Dimension[] = [...shape.slice(0, -1), heads, width];
  const apart = call.emit({ attributes: { kind: 'reshape', shape: split }, inputs: [projected], part: 'reshape' });
  if (apart === undefined) return undefined;
  const rank = split.length;
  const order = [...Array.from({ length: rank - 3 }, (_, i) => i), rank - 2, rank - 3, rank - 1];
  return call.emit({ attributes: { kind: 'permute', order }, inputs: [apart], part: 'permute' });
}

/** Query, value and key: the key is the value where it is not given. */
function attended<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  heads: number,
  keyHeads: number,
  keyWidth: number,
  valueWidth: number,
  outWidth: number | undefined,
): Tensor | undefined {
  const [query, value, key = value] = call.inputs;
  if (query === undefined || value === undefined || key === undefined)
    return call.refuse('This attention is given no query and value');
  const shape = call.shapeOf(query);
  if (shape.length > 3) return overPositions(call, heads, keyHeads, keyWidth, valueWidth, outWidth);
  if (shape.length < 3) return call.refuse('This attention is given no positions');
  const q = inHeads(call, query, 'query', heads, keyWidth);
  let k = inHeads(call, key, 'key', keyHeads, keyWidth);
  let v = inHeads(call, value, 'value', keyHeads, valueWidth);
  if (q === undefined || k === undefined || v === undefined) return undefined;
  if (keyHeads !== heads) {
    k = repeated(call, k, heads);
    v = repeated(call, v, heads);
    if (k === undefined || v === undefined) return undefined;
  }
  const turned = call.emit({ attributes: { kind: 'permute', order: [0, 1, 3, 2] }, inputs: [k], part: 'permute' });
  if (turned === undefined) return undefined;
  const scores = call.emit({ attributes: { kind: 'matmul' }, inputs: [q, turned], part: 'scores' });
  if (scores === undefined) return undefined;
  const weights = call.emit({
    attributes: { kind: 'softmax', axis: 3, log: false },
    inputs: [scores],
    part: 'softmax',
  });
  if (weights === undefined) return undefined;
  const mixed = call.emit({ attributes: { kind: 'matmul' }, inputs: [weights, v], part: 'values' });
  if (mixed === undefined) return undefined;
  const back = call.emit({ attributes: { kind: 'permute', order: [0, 2, 1, 3] }, inputs: [mixed], part: 'permute' });
  if (back === undefined) return undefined;
  const inFeatures = heads * valueWidth;
  const joined = call.emit({
    attributes: { kind: 'reshape', shape: [...shape.slice(0, -1), inFeatures] },
    inputs: [back],
    part: 'reshape',
  });
  const outFeatures = outWidth ?? knownSize(call, shape, -1);
  if (joined === undefined || outFeatures === undefined) return undefined;
  return call.emit({
    attributes: { kind: 'dense', inFeatures, outFeatures },
    inputs: [joined],
    weights: [
      call.weight('attention_output/kernel', [outFeatures, inFeatures], 'weight'),
      call.settings.flag('use_bias') ? call.weight('attention_output/bias', [outFeatures], 'bias') : undefined,
    ],
  });
}

/** Attention over several axes is that over their positions in a row. */
function overPositions<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  heads: number,
  keyHeads: number,
  keyWidth: number,
  valueWidth: number,
  outWidth: number | undefined,
): Tensor | undefined {
  const rows = call.inputs.map((input) => {
    const [batch = 1, ...sizes] = call.shapeOf(input);
    const positions = elementCount(sizes.slice(0, -1));
    if (positions === undefined) return call.refuse('How many positions this attention has is not known');
    const shape: readonly Dimension[] = [batch, positions, sizes.at(-1) ?? 1];
    return call.emit({ attributes: { kind: 'reshape', shape }, inputs: [input], part: 'reshape' });
  });
  const inputs = rows.filter((row) => row !== undefined);
  const [query] = call.inputs;
  if (inputs.length !== rows.length || query === undefined) return undefined;
  const made = attended({ ...call, inputs }, heads, keyHeads, keyWidth, valueWidth, outWidth);
  if (made === undefined) return undefined;
  const shape = [...call.shapeOf(query).slice(0, -1), call.shapeOf(made).at(-1) ?? 1];
  return call.emit({ attributes: { kind: 'reshape', shape }, inputs: [made], part: 'reshape' });
}

/** Heads of keys and values that several heads of queries share. */
function repeated<Tensor, Weight>(call: LayerCall<Tensor, Weight>, tensor: Tensor, heads: number): Tensor | undefined {
  const shape = call.shapeOf(tensor).with(1, heads);
  return call.emit({ attributes: { kind: 'rearrange', operation: 'repeat', shape }, inputs: [tensor], part: 'repeat' });
}

const multiHeadAttention: LayerRow = {
  name: 'MultiHeadAttention',
  parameters: `num_heads key_dim value_dim=None dropout=0.0 use_bias=True output_shape=None attention_axes=None sliding_window=None flash_attention=None ${projectionSettings} use_gate=False seed=None`,
  run: (call) => {
    const { settings } = call;
    const [heads, width] = [settings.integer('num_heads'), settings.integer('key_dim')];
    if (heads === undefined || width === undefined) return call.refuse('The heads of this attention are not known');
    if (settings.flag('use_gate')) return call.refuse('An attention with a gate is not modelled');
    const [query] = call.inputs;
    const positions = (query === undefined ? 3 : call.shapeOf(query).length) - 2;
    const axes = settings.isNone('attention_axes') ? undefined : settings.integers('attention_axes', 0);
    const isAll =
      axes?.length === positions && axes.every((axis, i) => axis === i + 1 || axis + positions + 2 === i + 1);
    if (!settings.isNone('attention_axes') && !isAll)
      return call.refuse('Attention over some of the axes is not modelled');
    const outWidth = settings.isNone('output_shape') ? undefined : settings.integers('output_shape', 1)?.[0];
    if (!settings.isNone('output_shape') && outWidth === undefined)
      return call.refuse('What shape this attention gives is not known');
    return attended(call, heads, heads, width, settings.integer('value_dim') ?? width, outWidth);
  },
};

const groupedAttention = (name: string): LayerRow => ({
  name,
  parameters: `head_dim num_query_heads num_key_value_heads dropout=0.0 use_bias=True sliding_window=None flash_attention=None ${projectionSettings} use_gate=False seed=None`,
  run: (call) => {
    const { settings } = call;
    const [width, heads, keyHeads] = ['head_dim', 'num_query_heads', 'num_key_value_heads'].map((setting) =>
      settings.integer(setting),
    );
    if (width === undefined || heads === undefined || keyHeads === undefined)
      return call.refuse('The heads of this attention are not known');
    if (settings.flag('use_gate')) return call.refuse('An attention with a gate is not modelled');
    return attended(call, heads, keyHeads, width, width, undefined);
  },
});

/** Attention without projections: scores by a product, or by a sum behind `tanh`. */
function plainAttention(name: string, isAdditive: boolean): LayerRow {
  return {
    name,
    parameters: isAdditive ? 'use_scale=True dropout=0.0' : 'use_scale=False score_mode=dot dropout=0.0 seed=None',
    run: (call) => {
      const [query, value, key = value] = call.inputs;
      if (query === undefined || value === undefined || key === undefined)
        return call.refuse('This attention is given no query and value');
      const [batch = 1, queries = 1, width = 1] = call.shapeOf(query);
      const [, keys = 1] = call.shapeOf(key);
      if (isAdditive) {
        if (typeof width !== 'number') return call.refuse('The width of this attention is not known');
        const scale = call.settings.flag('use_scale') ? [call.weight('scale', [width], 'other')] : [];
        const scores = call.emit({
          attributes: { kind: 'rearrange', operation: 'scores', shape: [batch, queries, keys] },
          inputs: [query, key],
          weights: scale,
          part: 'scores',
        });
        if (scores === undefined) return undefined;
        const mixed = call.emit({
          attributes: { kind: 'softmax', axis: 2, log: false },
          inputs: [scores],
          part: 'softmax',
        });
        return mixed && call.emit({ attributes: { kind: 'matmul' }, inputs: [mixed, value] });
      }
      const isJoined = call.settings.text('score_mode') === 'concat';
      const turned = isJoined
        ? key
        : call.emit({ attributes: { kind: 'permute', order: [0, 2, 1] }, inputs: [key], part: 'permute' });
      const learned = [
        ...(call.settings.flag('use_scale') ? [call.weight('scale', [], 'other')] : []),
        ...(isJoined ? [call.weight('concat_score_weight', [], 'other')] : []),
      ];
      const products =
        turned && !isJoined
          ? call.emit({ attributes: { kind: 'matmul' }, inputs: [query, turned], part: 'scores' })
          : turned;
      // One number for all scores changes nothing but their size.
      const scores =
        products && learned.length > 0
          ? call.emit({
              attributes: { kind: 'rearrange', operation: 'scores', shape: [batch, queries, keys] },
              inputs: isJoined ? [query, key] : [products],
              weights: learned,
              part: 'scale',
            })
          : products;
      const mixed =
        scores &&
        call.emit({ attributes: { kind: 'softmax', axis: 2, log: false }, inputs: [scores], part: 'softmax' });
      return mixed && call.emit({ attributes: { kind: 'matmul' }, inputs: [mixed, value] });
    },
  };
}

export const attentionLayers: readonly LayerRow[] = [
  multiHeadAttention,
  groupedAttention('GroupQueryAttention'),
  groupedAttention('GroupedQueryAttention'),
  plainAttention('Attention', false),
  plainAttention('AdditiveAttention', true),
];
