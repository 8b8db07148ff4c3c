// Layers with weights: convolutional, deconvolutional, connected, local, batchnorm.

import type { OpAttributes, Padding, Parameter, ValueId } from '../../../network/op.ts';
import type { Dimension } from '../../../network/shape.ts';
import type { LayerContext } from '../layer-context.ts';
import { addActivation } from './activations.ts';

// Darknet's constants: 1e-5 under the root, and 1 % of each batch goes into the running statistics.
const epsilon = 1e-5;
const momentum = 0.01;

/** Normalises a layer's output and shifts it; Darknet keeps the shift among the layer's biases. */
function addBatchNorm(context: LayerContext, value: ValueId, channels: number, part: string): ValueId {
  const shape = [channels];
  const attributes: OpAttributes = {
    kind: 'batch-norm',
    channels,
    epsilon,
    momentum,
    hasScale: true,
    hasShift: true,
    channelAxis: 1,
  };
  const parameters = (['scale', 'shift', 'running-mean', 'running-variance'] as const).map((role) =>
    context.parameter(role, shape, part),
  );
  return context.add({ part, attributes, inputs: [value], parameters });
}

/** A kernel's size, stride, dilation and padding as the section has them, per axis (height, width). */
function readWindow(context: LayerContext): {
  readonly size: number;
  readonly stride: readonly number[];
  readonly dilation: number;
  readonly padding: readonly Padding[];
} {
  const { options } = context;
  const size = options.integer('size', 1, 1);
  const common = options.integer('stride', 1, 1);
  const stride = [options.integer('stride_y', common, 1), options.integer('stride_x', common, 1)];
  const dilation = options.integer('dilation', 1, 1);
  const written = options.integer('padding', 0, 0);
  // Darknet pads by `pad · dilation` on every side.
  const amount = (options.flag('pad') ? size >> 1 : written) * dilation;
  return { size, stride, dilation, padding: [0, 1].map(() => ({ before: amount, after: amount })) };
}

export function convolutional(context: LayerContext): ValueId {
  const { options } = context;
  const outChannels = options.integer('filters', 1, 1);
  const groups = options.integer('groups', 1, 1);
  const { size, stride, dilation, padding } = readWindow(context);
  const normalized = options.flag('batch_normalize');
  const input = context.asImage(context.input);
  if (options.flag('antialiasing')) return context.unsupported('antialiasing is not modelled', [input]);
  const known = context.knownChannels(input);
  if ('reason' in known) return context.opaque(known.reason, [input], behindUnknown(context, outChannels));
  const inChannels = known.channels;
  const parameters: Parameter[] = [context.parameter('weight', [outChannels, inChannels / groups, size, size])];
  if (!normalized) parameters.push(context.parameter('bias', [outChannels]));
  let value = context.add({
    part: '',
    attributes: {
      kind: 'convolution',
      inChannels,
      outChannels,
      kernel: [size, size],
      stride,
      padding,
      paddingMode: 'zeros',
      dilation: [dilation, dilation],
      groups,
      channelAxis: 1,
    },
    inputs: [input],
    parameters,
    outWidth: options.width('filters', outChannels),
    // A depthwise layer writes its input width down a second time.
    ...(groups > 1 && groups === inChannels && { inWidth: options.width('groups', groups) }),
  });
  if (context.channelsOf(value) !== outChannels) return value;
  if (normalized) value = addBatchNorm(context, value, outChannels, 'batch_norm');
  return addActivation(context, value, 'logistic');
}

export function deconvolutional(context: LayerContext): ValueId {
  const { options } = context;
  const outChannels = options.integer('filters', 1, 1);
  const { size, stride, padding } = readWindow(context);
  const normalized = options.flag('batch_normalize');
  const input = context.asImage(context.input);
  const known = context.knownChannels(input);
  if ('reason' in known) return context.opaque(known.reason, [input], behindUnknown(context, outChannels));
  const inChannels = known.channels;
  const parameters: Parameter[] = [context.parameter('weight', [inChannels, outChannels, size, size])];
  if (!normalized) parameters.push(context.parameter('bias', [outChannels]));
  let value = context.add({
    part: '',
    attributes: {
      kind: 'transposed-convolution',
      inChannels,
      outChannels,
      kernel: [size, size],
      stride,
      padding,
      outputPadding: [0, 0],
      dilation: [1, 1],
      groups: 1,
      channelAxis: 1,
    },
    inputs: [input],
    parameters,
    outWidth: options.width('filters', outChannels),
  });
  if (context.channelsOf(value) !== outChannels) return value;
  if (normalized) value = addBatchNorm(context, value, outChannels, 'batch_norm');
  return addActivation(context, value, 'logistic');
}

/** A convolution on unknown channels still has its own width. */
function behindUnknown(context: LayerContext, outChannels: number): readonly Dimension[] | undefined {
  if (context.options.malformed !== undefined) return undefined;
  const unknown: Dimension = {
    kind: 'unknown',
    reason: `the input of ${context.name} is not known`,
    span: context.section.span,
  };
  return [1, outChannels, unknown, unknown];
}

export function connected(context: LayerContext): ValueId {
  const { options } = context;
  const outFeatures = options.integer('output', 1, 1);
  const normalized = options.flag('batch_normalize');
  const inFeatures = context.featureCount(context.input);
  if (inFeatures === undefined) {
    return context.opaque(
      `the input of ${context.name} is not known`,
      [context.input],
      options.malformed === undefined ? [1, outFeatures] : undefined,
    );
  }
  const parameters: Parameter[] = [context.parameter('weight', [outFeatures, inFeatures])];
  if (!normalized) parameters.push(context.parameter('bias', [outFeatures]));
  let value = context.add({
    part: '',
    attributes: { kind: 'dense', inFeatures, outFeatures },
    inputs: [context.asRow(context.input)],
    parameters,
    outWidth: options.width('output', outFeatures),
  });
  if (context.channelsOf(value) !== outFeatures) return value;
  if (normalized) value = addBatchNorm(context, value, outFeatures, 'batch_norm');
  return addActivation(context, value, 'logistic');
}

/** A convolution with weights of its own at each place; no op kind is that. Its output is known. */
export function local(context: LayerContext): ValueId {
  const filters = context.options.integer('filters', 1, 1);
  const size = context.options.integer('size', 1, 1);
  const stride = context.options.integer('stride', 1, 1);
  const pad = context.options.flag('pad');
  const sizes = context.spaceOf(context.input).map((known): Dimension => {
    if (typeof known !== 'number') return known;
    return Math.floor((known - (pad ? 1 : size)) / stride) + 1;
  });
  const fits =
    context.options.malformed === undefined && sizes.every((known) => typeof known !== 'number' || known > 0);
  return context.unsupported(
    'locally connected layers are not modelled',
    [context.input],
    fits ? [1, filters, ...sizes] : undefined,
  );
}

export function batchNormalization(context: LayerContext): ValueId {
  const known = context.knownChannels(context.input);
  if ('reason' in known) return context.opaque(known.reason, [context.input]);
  return addBatchNorm(context, context.input, known.channels, '');
}
