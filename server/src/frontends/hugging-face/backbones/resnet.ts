// ResNet and RegNet, as transformers.models.resnet and .regnet build them: one frame, other blocks.

import type { ActivationFunction, ValueId } from '../../../network/op.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import { Misfit, type ModuleBuilder } from '../../shared/module-builder.ts';
import { roundHalfToEven } from '../../shared/number-dialect.ts';
import { computed, constant, type Width } from '../../shared/traced-width.ts';
import { pairs, type Setting } from '../settings.ts';
import type { Backbone, BackboneReader } from './backbone.ts';

interface Convolution {
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly activation: ActivationFunction | false;
}

function convolution(build: ModuleBuilder, part: string, input: ValueId, out: Width, settings: Convolution): ValueId {
  const { activation, kernel = 3, ...more } = settings;
  const made = build.plainConvolution(`${part}.convolution`, input, out, { ...more, kernel, bias: false });
  return build.activated(`${part}.activation`, build.batchNorm(`${part}.normalization`, made), activation);
}

/** The input as it is where it fits, otherwise brought to width and size. */
function shortcut(build: ModuleBuilder, part: string, input: ValueId, out: Width, stride: number): ValueId {
  if (build.channelsOf(input) === out.value && stride === 1) return input;
  const made = build.plainConvolution(`${part}.shortcut.convolution`, input, out, { stride, bias: false });
  return build.batchNorm(`${part}.shortcut.normalization`, made);
}

/** A width divided, the rest cut off. */
function quotient(width: Width, divisor: number, span: SourceSpan): Width {
  const value = Math.floor(width.value / divisor);
  const operands = [width.origin, constant(divisor, 'blocks are this much narrower inside')];
  return { value, origin: computed('//', value, operands, span) };
}

type Block = (build: ModuleBuilder, part: string, input: ValueId, out: Width, stride: number) => ValueId;

function residual(build: ModuleBuilder, part: string, input: ValueId, inner: ValueId, out: Width, stride: number) {
  const sum = build.add(`${part}.add`, inner, shortcut(build, part, input, out, stride));
  return build.activated(`${part}.activation`, sum, true);
}

// Inner convolutions of a ResNet have ReLU whatever `hidden_act` says.
const basic: Block = (build, part, input, out, stride) => {
  const first = convolution(build, `${part}.layer.0`, input, out, { stride, activation: 'relu' });
  const second = convolution(build, `${part}.layer.1`, first, out, { activation: false });
  return residual(build, part, input, second, out, stride);
};

function bottleneck({ settings }: BackboneReader): Block {
  const isEarly = settings.flag('downsample_in_bottleneck', false);
  return (build, part, input, out, stride) => {
    const inner = quotient(out, 4, settings.span);
    const [early, late] = isEarly ? [stride, 1] : [1, stride];
    const reduced = convolution(build, `${part}.layer.0`, input, inner, {
      kernel: 1,
      stride: early,
      activation: 'relu',
    });
    const middle = convolution(build, `${part}.layer.1`, reduced, inner, { stride: late, activation: 'relu' });
    const made = convolution(build, `${part}.layer.2`, middle, out, { kernel: 1, activation: false });
    return residual(build, part, input, made, out, stride);
  };
}

/** The blocks of RegNet: X, and Y with squeeze and excitation. */
function regnetBlock({ settings }: BackboneReader, activation: ActivationFunction): Block {
  const groupWidth = settings.whole('groups_width', 64).value;
  const kind = settings.text('layer_type', 'y');
  return (build, part, input, out, stride) => {
    const groups = Math.max(1, Math.floor(out.value / groupWidth));
    const first = convolution(build, `${part}.layer.0`, input, out, { kernel: 1, activation });
    if (out.value % groups !== 0)
      throw new Misfit(`${String(out.value)} channels do not fall into ${String(groups)} groups`);
    const second = convolution(build, `${part}.layer.1`, first, out, { stride, groups, activation });
    const [excited, last] =
      kind === 'x' ? [second, 2] : [excite(build, `${part}.layer.2`, second, build.channelsOf(input)), 3];
    const made = convolution(build, `${part}.layer.${String(last)}`, excited, out, { kernel: 1, activation: false });
    return residual(build, part, input, made, out, stride);
  };
}

function excite(build: ModuleBuilder, part: string, input: ValueId, given: number): ValueId {
  const channels = build.channelsOf(input);
  const reduced = roundHalfToEven(given / 4);
  const width = (value: number): Width => ({ value, origin: constant(value, 'it follows the block’s width') });
  const pooled = build.globalPool(`${part}.pooler`, input);
  const narrow = build.plainConvolution(`${part}.attention.0`, pooled, width(reduced));
  const active = build.activated(`${part}.attention.1`, narrow, 'relu');
  const wide = build.plainConvolution(`${part}.attention.2`, active, width(channels));
  return build.multiply(`${part}.mul`, input, build.activated(`${part}.attention.3`, wide, 'sigmoid'));
}

interface Stem {
  readonly kernel: number;
  readonly hasPool: boolean;
  readonly width: Setting;
}

/** Stem, stages and pool; the first block of a stage halves the image, in the first stage where the file says so. */
function stages(
  reader: BackboneReader,
  stem: Stem,
  usual: { readonly widths: readonly number[]; readonly depths: readonly number[]; readonly isFirstHalved: boolean },
  block: Block,
  activation: ActivationFunction,
): ValueId {
  const { settings } = reader;
  const build = reader.at('embedder', stem.width.span, activation);
  const made = convolution(build, 'embedder', reader.image, stem.width, { kernel: stem.kernel, stride: 2, activation });
  let value = stem.hasPool ? build.pool('pooler', made, 'max', 3, 2, 1) : made;
  const isFirstHalved = settings.flag('downsample_in_first_stage', usual.isFirstHalved);
  const widths = settings.list('hidden_sizes', usual.widths);
  const depths = settings.list('depths', usual.depths);
  for (const [i, { width, depth }] of pairs(widths, depths).entries()) {
    const stage = reader.at(`encoder.stages.${String(i)}.layers`, width.span, activation);
    for (let j = 0; j < depth; j++)
      value = block(stage, String(j), value, width, j === 0 && (i > 0 || isFirstHalved) ? 2 : 1);
  }
  const end = reader.at('', settings.span);
  return end.reshape('flatten', end.globalPool('pooler', value), [1, end.channelsOf(value)]);
}

export const resnet: Backbone = {
  className: 'ResNet',
  prefix: 'resnet',
  classifier: 'classifier.1',

  read(reader) {
    const { settings } = reader;
    const activation = settings.activation('hidden_act', 'relu');
    const stem = { kernel: 7, hasPool: true, width: settings.whole('embedding_size', 64) };
    const usual = { widths: [256, 512, 1024, 2048], depths: [3, 4, 6, 3], isFirstHalved: false };
    const block = settings.text('layer_type', 'bottleneck') === 'bottleneck' ? bottleneck(reader) : basic;
    return { pooled: stages(reader, stem, usual, block, activation) };
  },
};

export const regnet: Backbone = {
  className: 'RegNet',
  prefix: 'regnet',
  classifier: 'classifier.1',

  read(reader) {
    const { settings } = reader;
    const activation = settings.activation('hidden_act', 'relu');
    const stem = { kernel: 3, hasPool: false, width: settings.whole('embedding_size', 32) };
    const usual = { widths: [128, 192, 512, 1088], depths: [2, 6, 12, 2], isFirstHalved: true };
    return { pooled: stages(reader, stem, usual, regnetBlock(reader, activation), activation) };
  },
};
