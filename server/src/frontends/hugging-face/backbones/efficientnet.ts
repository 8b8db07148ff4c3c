// EfficientNet, as transformers.models.efficientnet builds it.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Padding, ValueId } from '../../../network/op.ts';
import { Misfit, type ModuleBuilder } from '../../shared/module-builder.ts';
import { computed, constant, fixed, type Width } from '../../shared/traced-width.ts';
import type { Setting, Settings } from '../settings.ts';
import type { Backbone } from './backbone.ts';

const mostBlocks = 1_000;

/** A width of the file times its factor, to the nearest multiple of `depth_divisor`, at most a tenth below. */
function rounded(settings: Settings, width: Width): Width {
  const factor = settings.number('width_coefficient', 2);
  const divisor = settings.whole('depth_divisor', 8);
  const { span } = settings;
  const scaled = width.value * factor.value;
  const near = Math.floor(Math.trunc(scaled + divisor.value / 2) / divisor.value) * divisor.value;
  const value = Math.max(divisor.value, near);
  if (value < 0.9 * scaled)
    return { value: value + divisor.value, origin: constant(value + divisor.value, 'rounding goes up here') };
  const by = constant(divisor.value, 'widths are multiples of depth_divisor');
  let origin = width.origin;
  if (factor.value !== 1)
    origin = computed('*', scaled, [origin, constant(factor.value, 'the factor is for all layers')], span);
  const half = scaled + divisor.value / 2;
  origin = computed('+', half, [origin, constant(divisor.value / 2, 'widths go to the nearest multiple')], span);
  origin = computed('int', Math.trunc(half), [origin], span);
  origin = computed('//', near / divisor.value, [origin, by], span);
  origin = computed('*', near, [origin, by], span);
  return { value, origin: computed('max', value, [origin, by], span) };
}

interface Block {
  readonly out: Width;
  readonly kernel: number;
  readonly stride: number;
  readonly ratio: number;
  readonly isFirst: boolean;
  /** Whether zeros go to the right and below rather than around where the image is halved. */
  readonly isShifted: boolean;
  readonly squeeze: number;
  /** The width that the file writes for what comes in, or that the block before gives. */
  readonly given: Width;
}

/** Blocks are wider inside by the stage's `expand_ratio`. */
function widened({ value, origin }: Width, ratio: number, span: SourceSpan): Width {
  const product = value * ratio;
  return { value: product, origin: computed('*', product, [origin, constant(ratio, 'the ratio of the stage')], span) };
}

/** Squeeze and excitation is narrower than what comes into the block by `squeeze_expansion_ratio`. */
function squeezed({ value, origin }: Width, part: number, span: SourceSpan): Width {
  const product = computed('*', value * part, [origin, constant(part, 'the part of the block’s input')], span);
  const whole = Math.trunc(value * part);
  const cut = computed('int', whole, [product], span);
  const least = constant(1, 'the least');
  return { value: Math.max(1, whole), origin: computed('max', Math.max(1, whole), [least, cut], span) };
}

function block(build: ModuleBuilder, part: string, input: ValueId, settings: Block): ValueId {
  const { out, kernel, stride, ratio, isFirst, isShifted, squeeze, given } = settings;
  const inner = widened(given, ratio, build.span);
  const inWidth = given.origin;
  let value = input;
  if (ratio !== 1) {
    value = build.plainConvolution(`${part}.expansion.expand_conv`, value, inner, { bias: false, inWidth });
    value = build.batchNorm(`${part}.expansion.expand_bn`, value, { epsilon: 1e-3, momentum: 0.1 });
    value = build.activated(`${part}.expansion.expand_act`, value, true);
  }
  const depthwise = `${part}.depthwise_conv.depthwise`;
  if (stride === 2) {
    const half = Math.floor(kernel / 2);
    const around: Padding = { before: isShifted ? half - 1 : half, after: half };
    value = build.pad(`${depthwise}_conv_pad`, value, around, around);
  } else if (stride !== 1) throw new Misfit(`blocks of stride ${String(stride)} are not modelled`);
  if (stride === 1 && kernel % 2 === 0) throw new Misfit('even kernels are not modelled');
  const padding = stride === 2 ? 0 : (kernel - 1) / 2;
  const shape = {
    kernel,
    stride,
    groups: inner.value,
    bias: false,
    padding,
    inWidth: ratio === 1 ? inWidth : undefined,
  };
  value = build.plainConvolution(`${depthwise}_conv`, value, inner, shape);
  value = build.activated(`${depthwise}_act`, build.batchNorm(`${depthwise}_norm`, value), true);

  const narrow = squeezed(given, squeeze, build.span);
  let weights = build.globalPool(`${part}.squeeze_excite.squeeze`, value);
  weights = build.plainConvolution(`${part}.squeeze_excite.reduce`, weights, narrow);
  weights = build.activated(`${part}.squeeze_excite.act_reduce`, weights, true);
  weights = build.plainConvolution(`${part}.squeeze_excite.expand`, weights, inner);
  weights = build.activated(`${part}.squeeze_excite.act_expand`, weights, 'sigmoid');
  value = build.multiply(`${part}.squeeze_excite.mul`, value, weights);

  value = build.plainConvolution(`${part}.projection.project_conv`, value, out, { bias: false });
  value = build.batchNorm(`${part}.projection.project_bn`, value);
  return stride === 1 && !isFirst ? build.add(`${part}.projection.add`, value, input) : value;
}

export const efficientnet: Backbone = {
  className: 'EfficientNet',
  prefix: 'efficientnet',
  classifier: 'classifier',
  imageSize: 600,
  norm: (settings) => ({
    epsilon: settings.number('batch_norm_eps', 1e-3).value,
    momentum: settings.number('batch_norm_momentum', 0.99).value,
  }),

  read({ settings, image, at }) {
    const activation = settings.activation('hidden_act', 'swish');
    const factor = settings.number('width_coefficient', 2);
    const depth = settings.number('depth_coefficient', 3.1).value;
    const stem = at('embeddings', factor.span, activation);
    const inwards = settings.list('in_channels', [32, 16, 24, 40, 80, 112, 192]);
    const outwards = settings.list('out_channels', [16, 24, 40, 80, 112, 192, 320]);
    const numbers = (key: string, usual: readonly number[], lowest = 1): readonly number[] =>
      settings.list(key, usual, lowest).map(({ value }) => value);
    const kernels = numbers('kernel_sizes', [3, 3, 5, 3, 5, 5, 3]);
    const strides = numbers('strides', [1, 2, 2, 2, 1, 2, 1]);
    const repeats = numbers('num_block_repeats', [1, 2, 2, 3, 3, 4, 1]);
    const ratios = numbers('expand_ratios', [1, 6, 6, 6, 6, 6, 6]);
    const padded = new Set(numbers('depthwise_padding', [], 0));
    const squeeze = settings.number('squeeze_expansion_ratio', 0.25).value;

    const none = { before: 0, after: 0 };
    const after = { ...none, after: 1 };
    let value = stem.pad('padding', image, after, after);
    const first = rounded(settings, fixed(32, 'the library’s width of the stem'));
    value = stem.plainConvolution('convolution', value, first, { kernel: 3, stride: 2, padding: 0, bias: false });
    value = stem.activated('activation', stem.batchNorm('batchnorm', value), true);

    let count = 0;
    for (const [i, width] of outwards.entries()) {
      const stage: readonly (number | undefined)[] = [kernels[i], strides[i], repeats[i], ratios[i]];
      const [kernel, stride, times, ratio] = stage;
      const given: Setting | undefined = inwards[i];
      if (!given || kernel === undefined || stride === undefined || times === undefined || ratio === undefined)
        throw new Misfit(`the lists of stages have not all ${String(outwards.length)} items`);
      const blocks = Math.ceil(depth * times);
      if (count + blocks > mostBlocks)
        throw new Misfit(`there are more than ${mostBlocks.toLocaleString('en')} blocks`);
      const out = rounded(settings, width);
      const build = at('encoder.blocks', width.span, activation);
      const expected = rounded(settings, given);
      const channels = build.channelsOf(value);
      if (expected.value !== channels)
        throw new Misfit(
          `stage ${String(i)} takes ${String(expected.value)} channels and is given ${String(channels)}`,
        );
      for (let j = 0; j < blocks; j++) {
        const own = { out, kernel, ratio, squeeze, isFirst: j === 0, isShifted: !padded.has(count) };
        value = block(build, String(count), value, {
          ...own,
          given: j === 0 ? expected : out,
          stride: j > 0 ? 1 : stride,
        });
        count++;
      }
    }
    const last = settings.whole('hidden_dim', 2560);
    const top = at('encoder', last.span, activation);
    const wide = rounded(settings, fixed(1280, 'the library’s width of the last convolution'));
    value = top.plainConvolution('top_conv', value, wide, { bias: false });
    if (last.value !== wide.value)
      throw new Misfit(
        `"hidden_dim" is ${String(last.value)}, and the last convolution has ${String(wide.value)} channels by width_coefficient`,
      );
    value = top.activated('top_activation', top.batchNorm('top_bn', value), true);
    const end = at('', settings.span);
    return { pooled: end.reshape('reshape', end.globalPool('pooler', value), [1, wide.value]) };
  },
};
