// The Vision Transformer, as transformers.models.vit builds it.

import { Misfit } from '../../shared/module-builder.ts';
import type { Backbone } from './backbone.ts';
import { attention } from './attention.ts';

const mostLayers = 1_000;

export const vit: Backbone = {
  className: 'ViT',
  prefix: 'vit',
  classifier: 'classifier',
  imageSize: 224,

  read({ settings, image, at }, isBase) {
    const width = settings.whole('hidden_size', 768);
    const inner = settings.whole('intermediate_size', 3072);
    const depth = settings.whole('num_hidden_layers', 12);
    const heads = settings.whole('num_attention_heads', 12).value;
    const epsilon = settings.number('layer_norm_eps', 1e-12).value;
    const activation = settings.activation('hidden_act', 'gelu');
    const patch = settings.size('patch_size', 16);
    const [height, length] = settings.size('image_size', 224);
    if (depth.value > mostLayers) throw new Misfit(`there are more than ${mostLayers.toLocaleString('en')} layers`);

    const start = at('embeddings', width.span, activation);
    const [rows, columns] = start.spaceOf(image);
    if (rows !== height || columns !== length)
      throw new Misfit(
        `an image of ${String(rows)}×${String(columns)} is not of the model’s ${String(height)}×${String(length)}`,
      );
    const positions = Math.floor(height / patch[0]) * Math.floor(length / patch[1]);
    const patches = start.patches('patch_embeddings.projection', image, width, patch);
    const listed = start.permute(
      'transpose',
      start.reshape('flatten', patches, [1, width.value, positions]),
      [0, 2, 1],
    );
    const tokens = start.concat('cat', [start.parameter('cls_token', [1, 1, width.value]), listed]);
    let value = start.add('add', tokens, start.parameter('position_embeddings', [1, positions + 1, width.value]));

    const narrow = at('layers', width.span, activation);
    const wide = at('layers', inner.span, activation);
    for (let i = 0; i < depth.value; i++) {
      const part = String(i);
      const before = narrow.layerNorm(`${part}.layernorm_before`, value, epsilon);
      const mixed = attention(narrow, `${part}.attention`, before, width, heads, settings.flag('qkv_bias', true));
      value = narrow.add(`${part}.add`, mixed, value);
      let hidden = narrow.layerNorm(`${part}.layernorm_after`, value, epsilon);
      hidden = wide.activated(`${part}.mlp.activation_fn`, wide.dense(`${part}.mlp.fc1`, hidden, inner), true, 2);
      value = narrow.add(`${part}.add`, narrow.dense(`${part}.mlp.fc2`, hidden, width), value);
    }
    const end = at('', width.span, activation);
    const normed = end.layerNorm('layernorm', value, epsilon);
    const first = end.reshape('select', end.slice('select', normed, 0, 1), [1, width.value]);
    if (!isBase) return { pooled: first };
    const pooler = settings.isWritten('pooler_output_size') ? settings.whole('pooler_output_size', width.value) : width;
    const dense = end.dense('pooler.dense', first, pooler);
    return { pooled: end.activated('pooler.activation', dense, settings.activation('pooler_act', 'tanh')) };
  },
};
