// The Swin Transformer, as transformers.models.swin builds it.

import type { ValueId } from '../../../network/op.ts';
import { Misfit, type ModuleBuilder } from '../../shared/module-builder.ts';
import { computed, constant, type Width } from '../../shared/traced-width.ts';
import { pairs } from '../settings.ts';
import { attention } from './attention.ts';
import type { Backbone } from './backbone.ts';

type Grid = readonly [height: number, width: number];

/** Zeros up to the next multiple, to the right and below. */
function padded(build: ModuleBuilder, part: string, input: ValueId, [height, width]: Grid, multiple: Grid): ValueId {
  const [below, right] = [height, width].map((size, i) => {
    const by = multiple[i] ?? 1;
    return { before: 0, after: (by - (size % by)) % by };
  });
  if (below === undefined || right === undefined || below.after + right.after === 0) return input;
  return build.pad(part, input, below, right);
}

interface Layer {
  readonly width: Width;
  readonly inner: Width;
  readonly heads: number;
  readonly window: number;
  readonly isShifted: boolean;
  readonly hasBias: boolean;
  readonly epsilon: number;
}

/** Attention within windows of the image, every second time of the shifted image. */
function layer(build: ModuleBuilder, part: string, input: ValueId, grid: Grid, settings: Layer): ValueId {
  const { width, inner, heads, window, isShifted, hasBias, epsilon } = settings;
  const channels = width.value;
  const [high, wide] = grid;
  // Windows of the size of the file where the image has room for them, otherwise one window.
  const [size, doesShift] = Math.min(high, wide) <= window ? [Math.min(high, wide), false] : [window, isShifted];
  if (size < window)
    throw new Misfit(`${String(high)}×${String(wide)} positions are fewer than a window of ${String(window)}`);
  const [rows, columns] = [Math.ceil(high / size), Math.ceil(wide / size)];
  const whole = [1, rows * size, columns * size, channels];

  let value = build.layerNorm(`${part}.layernorm_before`, input, epsilon);
  value = build.reshape(`${part}.view`, value, [1, high, wide, channels]);
  if (rows * size !== high || columns * size !== wide) {
    const none = { before: 0, after: 0 };
    const padding = [none, { before: 0, after: rows * size - high }, { before: 0, after: columns * size - wide }, none];
    value = build.op(`${part}.pad`, 'pad', { kind: 'pad', padding, mode: 'constant', value: 0 }, [value]);
  }
  const roll = (image: ValueId): ValueId =>
    doesShift
      ? build.op(`${part}.roll`, 'roll', { kind: 'rearrange', operation: 'roll', shape: whole }, [image])
      : image;
  value = build.reshape(`${part}.view`, roll(value), [1, rows, size, columns, size, channels]);
  value = build.permute(`${part}.transpose`, value, [0, 1, 3, 2, 4, 5]);
  value = build.reshape(`${part}.view`, value, [rows * columns, size * size, channels]);
  const table = build.parameter(`${part}.attention.relative_position_bias.relative_position_bias_table`, [
    (2 * window - 1) ** 2,
    heads,
  ]);
  const shape = [heads, size * size, size * size];
  const bias = build.op(
    `${part}.attention.relative_position_bias`,
    'index',
    { kind: 'rearrange', operation: 'gather', shape },
    [table],
  );
  value = attention(build, `${part}.attention`, value, width, heads, hasBias, bias);
  value = build.reshape(`${part}.view`, value, [1, rows, columns, size, size, channels]);
  value = roll(build.reshape(`${part}.view`, build.permute(`${part}.transpose`, value, [0, 1, 3, 2, 4, 5]), whole));
  if (rows * size !== high) value = build.slice(`${part}.slice`, value, 0, high, 1);
  if (columns * size !== wide) value = build.slice(`${part}.slice`, value, 0, wide, 2);
  value = build.add(`${part}.add`, input, build.reshape(`${part}.view`, value, [1, high * wide, channels]));

  let hidden = build.layerNorm(`${part}.layernorm_after`, value, epsilon);
  hidden = build.activated(`${part}.mlp.activation_fn`, build.dense(`${part}.mlp.fc1`, hidden, inner), true, 2);
  return build.add(`${part}.add`, build.dense(`${part}.mlp.fc2`, hidden, width), value);
}

/** Four neighbors become one position of twice the width. */
function merge(build: ModuleBuilder, input: ValueId, [high, wide]: Grid, channels: number, out: Width): ValueId {
  let value = build.reshape('downsample.view', input, [1, high, wide, channels]);
  const [rows, columns] = [Math.ceil(high / 2), Math.ceil(wide / 2)];
  if (high % 2 === 1 || wide % 2 === 1) {
    const none = { before: 0, after: 0 };
    const padding = [none, { before: 0, after: high % 2 }, { before: 0, after: wide % 2 }, none];
    value = build.op('downsample.pad', 'pad', { kind: 'pad', padding, mode: 'constant', value: 0 }, [value]);
  }
  const attributes = { kind: 'space-to-depth', block: 2, order: 'dcr', channelAxis: 3 } as const;
  value = build.op('downsample.cat', 'cat', attributes, [value]);
  value = build.reshape('downsample.view', value, [1, rows * columns, 4 * channels]);
  return build.dense('downsample.reduction', build.layerNorm('downsample.norm', value), out, false);
}

export const swin: Backbone = {
  className: 'Swin',
  prefix: 'swin',
  classifier: 'classifier',
  imageSize: 224,

  read({ settings, image, at }) {
    const first = settings.whole('embed_dim', 96);
    const depths = settings.list('depths', [2, 2, 6, 2]);
    const heads = settings.list('num_heads', [3, 6, 12, 24]);
    const window = settings.whole('window_size', 7).value;
    const ratio = settings.number('mlp_ratio', 4).value;
    const epsilon = settings.number('layer_norm_eps', 1e-5).value;
    const hasBias = settings.flag('qkv_bias', true);
    const activation = settings.activation('hidden_act', 'gelu');
    const patch = settings.size('patch_size', 4);
    const times = (width: Width, factor: number, reason: string): Width => {
      const value = width.value * factor;
      if (factor === 1) return width;
      const product = computed('*', value, [width.origin, constant(factor, reason)], first.span);
      const whole = Math.trunc(value);
      return { value: whole, origin: whole === value ? product : computed('int', whole, [product], first.span) };
    };

    const start = at('embeddings', first.span, activation);
    const pixels = padded(start, 'patch_embeddings.pad', image, start.spaceOf(image), patch);
    const patches = start.patches('patch_embeddings.projection', pixels, first, patch);
    let grid = start.spaceOf(patches);
    const flat = start.reshape('flatten', patches, [1, first.value, grid[0] * grid[1]]);
    let value = start.layerNorm('norm', start.permute('transpose', flat, [0, 2, 1]));
    if (settings.flag('use_absolute_embeddings', false)) {
      const [height, width] = settings.size('image_size', 224);
      const positions = Math.floor(height / patch[0]) * Math.floor(width / patch[1]);
      value = start.add('add', value, start.parameter('position_embeddings', [1, positions, first.value]));
    }

    const stages = pairs(heads, depths);
    let width: Width = first;
    for (const [i, { width: count, depth }] of stages.entries()) {
      width = times(first, 2 ** i, 'each stage is twice as wide as the one before');
      const build = at(`encoder.layers.${String(i)}`, depths[i]?.span ?? settings.span, activation);
      const inner = times(width, ratio, 'blocks are wider inside by mlp_ratio');
      for (let j = 0; j < depth; j++) {
        const own = { width, inner, heads: count.value, window, isShifted: j % 2 === 1, hasBias, epsilon };
        value = layer(build, `blocks.${String(j)}`, value, grid, own);
      }
      if (i + 1 < stages.length) {
        const next = times(first, 2 ** (i + 1), 'each stage is twice as wide as the one before');
        value = merge(build, value, grid, width.value, next);
        grid = [Math.ceil(grid[0] / 2), Math.ceil(grid[1] / 2)];
      }
    }
    const end = at('', first.span, activation);
    return { pooled: end.mean('pooler', end.layerNorm('layernorm', value, epsilon), [1]) };
  },
};
