// MobileNet's first two versions, as transformers.models.mobilenet_v1 and .mobilenet_v2 build them. Their widths are the
// library's own, times a factor of the file.

import type { ActivationFunction, Padding, ValueId } from '../../../network/op.ts';
import type { ModuleBuilder } from '../../shared/module-builder.ts';
import { roundHalfToEven } from '../../shared/number-dialect.ts';
import { fixed, type Width } from '../../shared/traced-width.ts';
import type { Settings } from '../settings.ts';
import type { Backbone, BackboneReader } from './backbone.ts';

interface Layer {
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly isDepthwise?: boolean;
  readonly activation: ActivationFunction | false;
}

const why = 'the library sets this width, times depth_multiplier';

/** Convolution, norm and activation; padded as TensorFlow does where the file does not say otherwise. */
function layer(
  build: ModuleBuilder,
  part: string,
  input: ValueId,
  out: Width,
  isTensorFlow: boolean,
  { kernel, stride = 1, dilation = 1, isDepthwise = false, activation }: Layer,
): ValueId {
  let image = input;
  if (isTensorFlow && kernel > 1) {
    const around = (size: number): Padding => {
      const amount = Math.max(kernel - (size % stride === 0 ? stride : size % stride), 0);
      const before = Math.floor(amount / 2);
      return { before: before * dilation, after: (amount - before) * dilation };
    };
    const [height, width] = build.spaceOf(input);
    image = build.pad(`${part}.pad`, input, around(height), around(width));
  }
  const padding = isTensorFlow ? 0 : Math.trunc((kernel - 1) / 2) * dilation;
  const groups = isDepthwise ? out.value : 1;
  const made = build.plainConvolution(`${part}.convolution`, image, out, {
    kernel,
    stride,
    dilation,
    padding,
    groups,
    bias: false,
  });
  return build.activated(`${part}.activation`, build.batchNorm(`${part}.normalization`, made), activation);
}

const factorOf = (settings: Settings): number => settings.number('depth_multiplier', 1).value;

function pooled({ settings, at }: BackboneReader, value: ValueId): ValueId {
  const end = at('', settings.span);
  return end.reshape('flatten', end.globalPool('pooler', value), [1, end.channelsOf(value)]);
}

export const mobilenetV1: Backbone = {
  className: 'MobileNetV1',
  prefix: 'mobilenet_v1',
  classifier: 'classifier',
  imageSize: 224,
  norm: (settings) => ({ epsilon: settings.number('layer_norm_eps', 1e-3).value, momentum: 0.9997 }),

  read(reader) {
    const { settings, image, at } = reader;
    const { span } = settings.number('depth_multiplier', 1);
    const least = settings.whole('min_depth', 8).value;
    const width = (depth: number): Width => fixed(Math.max(Math.trunc(depth * factorOf(settings)), least), why);
    const activation = settings.activation('hidden_act', 'relu6');
    const isTensorFlow = settings.flag('tf_padding', true);
    const build = at('', span, activation);
    let depth = 32;
    let out = width(depth);
    let value = layer(build, 'conv_stem', image, out, isTensorFlow, { kernel: 3, stride: 2, activation });
    const strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];
    for (const [i, stride] of strides.entries()) {
      const depthwise = { kernel: 3, stride, isDepthwise: true, activation };
      value = layer(build, `layer.${String(2 * i)}`, value, out, isTensorFlow, depthwise);
      if (stride === 2 || i === 0) {
        depth *= 2;
        out = width(depth);
      }
      value = layer(build, `layer.${String(2 * i + 1)}`, value, out, isTensorFlow, { kernel: 1, activation });
    }
    return { pooled: pooled(reader, value) };
  },
};

/** The nearest multiple of the divisor, at most a tenth below. */
function divisible(value: number, divisor: number, least: number): number {
  const near = Math.max(least, Math.floor(Math.trunc(value + divisor / 2) / divisor) * divisor);
  return near < 0.9 * value ? near + divisor : near;
}

export const mobilenetV2: Backbone = {
  className: 'MobileNetV2',
  prefix: 'mobilenet_v2',
  classifier: 'classifier',
  imageSize: 224,
  norm: (settings) => ({ epsilon: settings.number('layer_norm_eps', 1e-3).value, momentum: 0.997 }),

  read(reader) {
    const { settings, image, at } = reader;
    const { span } = settings.number('depth_multiplier', 1);
    const divisor = settings.whole('depth_divisible_by', 8).value;
    const least = settings.whole('min_depth', 8).value;
    const ratio = settings.number('expand_ratio', 6).value;
    const most = settings.whole('output_stride', 32).value;
    const activation = settings.activation('hidden_act', 'relu6');
    const isTensorFlow = settings.flag('tf_padding', true);
    const width = (channels: number): Width =>
      fixed(divisible(roundHalfToEven(channels * factorOf(settings)), divisor, least), why);
    const build = at('', span, activation);
    const add = (part: string, input: ValueId, out: Width, what: Layer): ValueId =>
      layer(build, part, input, out, isTensorFlow, what);

    const channels = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320].map(width);
    const strides = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];
    const stem = width(32);
    let value = add('conv_stem.first_conv', image, stem, { kernel: 3, stride: 2, activation });
    if (!settings.flag('first_layer_is_expansion', true))
      value = add('conv_stem.expand_1x1', value, stem, { kernel: 1, activation });
    value = add('conv_stem.conv_3x3', value, stem, { kernel: 3, isDepthwise: true, activation });
    value = add('conv_stem.reduce_1x1', value, channels[0] ?? stem, { kernel: 1, activation: false });

    let [reached, dilation] = [2, 1];
    for (const [i, wanted] of strides.entries()) {
      const [stride, spread] = reached === most ? [1, dilation] : [wanted, 1];
      if (reached === most) dilation *= wanted;
      else reached *= wanted;
      const out = channels[i + 1] ?? stem;
      const given = build.channelsOf(value);
      const wide = fixed(
        divisible(roundHalfToEven(given * ratio), divisor, least),
        'the library widens blocks by expand_ratio',
      );
      const part = `layer.${String(i)}`;
      const expanded = add(`${part}.expand_1x1`, value, wide, { kernel: 1, activation });
      const depthwise = { kernel: 3, stride, dilation: spread, isDepthwise: true, activation };
      const middle = add(`${part}.conv_3x3`, expanded, wide, depthwise);
      const reduced = add(`${part}.reduce_1x1`, middle, out, { kernel: 1, activation: false });
      value = stride === 1 && given === out.value ? build.add(`${part}.add`, value, reduced) : reduced;
    }
    const isFine = settings.flag('finegrained_output', true) && factorOf(settings) < 1;
    value = add('conv_1x1', value, isFine ? fixed(1280, why) : width(1280), { kernel: 1, activation });
    return { pooled: pooled(reader, value) };
  },
};
