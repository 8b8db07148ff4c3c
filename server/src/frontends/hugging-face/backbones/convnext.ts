// ConvNeXt and its second version, as transformers.models.convnext and .convnextv2 build them.

import type { ActivationFunction, ValueId } from '../../../network/op.ts';
import type { ModuleBuilder } from '../../shared/module-builder.ts';
import { computed, constant, type Width } from '../../shared/traced-width.ts';
import { pairs, type Setting } from '../settings.ts';
import type { Backbone, BackboneReader } from './backbone.ts';

const toLast = [0, 2, 3, 1];
const toFirst = [0, 3, 1, 2];

/** A norm over the channels of an image that has them first. */
function imageNorm(build: ModuleBuilder, part: string, input: ValueId): ValueId {
  const last = build.permute(`${part}.permute`, input, toLast);
  return build.permute(`${part}.permute`, build.layerNorm(part, last, 1e-6), toFirst);
}

/** Each channel by its size over the whole image, against the mean of all channels (ConvNeXt V2, section 3.2). */
function responseNorm(build: ModuleBuilder, part: string, input: ValueId): ValueId {
  const channels = build.shapeOf(input).at(-1) ?? 1;
  const op = (operator: 'add' | 'divide' | 'multiply', left: ValueId, right: ValueId): ValueId =>
    build.op(part, operator, { kind: 'elementwise', operator }, [left, right]);
  const size = build.op(part, 'norm', { kind: 'reduce', reducer: 'norm', axes: [1, 2], keepDimensions: true }, [input]);
  const mean = build.op(part, 'mean', { kind: 'reduce', reducer: 'mean', axes: [-1], keepDimensions: true }, [size]);
  const small = build.op(part, 'constant', { kind: 'constant', shape: [], value: 1e-6 }, []);
  const scaled = op('multiply', input, op('divide', size, op('add', mean, small)));
  const weighted = op('multiply', build.parameter(`${part}.weight`, [1, 1, 1, channels]), scaled);
  return op('add', op('add', weighted, build.parameter(`${part}.bias`, [1, 1, 1, channels])), input);
}

interface Block {
  readonly activation: ActivationFunction;
  readonly hasScale: boolean;
  readonly hasResponseNorm: boolean;
}

function block(build: ModuleBuilder, part: string, input: ValueId, width: Setting, settings: Block): ValueId {
  const inner: Width = {
    value: 4 * width.value,
    origin: computed(
      '*',
      4 * width.value,
      [constant(4, 'blocks are this much wider inside'), width.origin],
      width.span,
    ),
  };
  const depthwise = build.plainConvolution(`${part}.dwconv`, input, width, {
    kernel: 7,
    groups: width.value,
    groupsWidth: width.origin,
  });
  let value = build.permute(`${part}.permute`, depthwise, toLast);
  value = build.layerNorm(`${part}.layernorm`, value, 1e-6);
  value = build.dense(`${part}.pwconv1`, value, inner);
  value = build.activated(`${part}.act`, value, settings.activation, 3);
  if (settings.hasResponseNorm) value = responseNorm(build, `${part}.grn`, value);
  value = build.dense(`${part}.pwconv2`, value, width);
  if (settings.hasScale)
    value = build.multiply(`${part}.mul`, build.parameter(`${part}.layer_scale_parameter`, [width.value]), value);
  return build.add(`${part}.add`, input, build.permute(`${part}.permute`, value, toFirst));
}

function read({ settings, image, at }: BackboneReader, isSecond: boolean): ValueId {
  const widths = settings.list('hidden_sizes', [96, 192, 384, 768]);
  const depths = settings.list('depths', [3, 3, 9, 3]);
  const [height, width] = settings.size('patch_size', 4);
  const blocks: Block = {
    activation: settings.activation('hidden_act', 'gelu'),
    hasScale: !isSecond && settings.number('layer_scale_init_value', 1e-6).value > 0,
    hasResponseNorm: isSecond,
  };
  let value = image;
  for (const [i, stage] of pairs(widths, depths).entries()) {
    const first = at('embeddings', stage.width.span);
    const build = at(`encoder.stages.${String(i)}`, stage.width.span);
    if (i === 0) {
      value = first.patches('patch_embeddings', value, stage.width, [height, width]);
      value = imageNorm(first, 'layernorm', value);
    } else {
      value = imageNorm(build, 'downsampling_layer.0', value);
      value = build.patches('downsampling_layer.1', value, stage.width, [2, 2]);
    }
    for (let j = 0; j < stage.depth; j++) value = block(build, `layers.${String(j)}`, value, stage.width, blocks);
  }
  const end = at('', settings.span);
  return end.layerNorm('layernorm', end.mean('mean', value, [-2, -1]), settings.number('layer_norm_eps', 1e-12).value);
}

export const convnext: Backbone = {
  className: 'ConvNext',
  prefix: 'convnext',
  classifier: 'classifier',
  imageSize: 224,
  read: (reader) => ({ pooled: read(reader, false) }),
};

export const convnextV2: Backbone = {
  className: 'ConvNextV2',
  prefix: 'convnextv2',
  classifier: 'classifier',
  imageSize: 224,
  read: (reader) => ({ pooled: read(reader, true) }),
};
