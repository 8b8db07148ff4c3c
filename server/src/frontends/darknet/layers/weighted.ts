// Layers with weights: convolutional, deconvolutional, connected, local, batchnorm.

import type { OpAttributes, Padding, Parameter, ValueId } from '../../../network/op.ts';
import { formatShape, type Dimension } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
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

export interface Window {
  readonly size: number;
  readonly stride: readonly number[];
  readonly dilation: number;
  readonly padding: readonly Padding[];
}

/** A kernel's size, stride, dilation and padding as the section has them, per axis (height, width). */
export function readWindow(context: LayerContext, fallback: { readonly size: number }): Window {
  const { options } = context;
  const size = options.integer('size', fallback.size, 1);
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
  const input = context.asImage(context.input);
  if (options.flag('antialiasing')) return context.unsupported('antialiasing is not modelled', [input]);
  const misfit = shareTensors(context, input, outChannels);
  if (misfit !== undefined) return context.opaque(misfit, [input]);
  const value = addConvolution(context, {
    part: '',
    input,
    outChannels,
    width: options.width('filters', outChannels),
    window: readWindow(context, { size: 1 }),
    groups: options.integer('groups', 1, 1),
  });
  return context.channelsOf(value) === outChannels ? addActivation(context, value, 'logistic') : value;
}

/** With `share_index` the tensors are those of an earlier convolution of the same sizes; the reason where that can't be. */
function shareTensors(context: LayerContext, input: ValueId, outChannels: number): string | undefined {
  const { options } = context;
  const known = context.knownChannels(input);
  if ('reason' in known) return undefined;
  const size = options.integer('size', 1, 1);
  const weights = [outChannels, known.channels / options.integer('groups', 1, 1), size, size];
  context.keepTensors(weights);
  const references = options.integers('share_index');
  if (references === undefined) return undefined;
  const [layer] = context.layersAt('share_index', references.slice(0, 1));
  if (layer === undefined) return 'the layer to share weights with does not exist';
  const theirs = layer.tensors.weights;
  if (theirs === undefined || formatShape(theirs) !== formatShape(weights)) {
    const sizes = theirs === undefined ? 'no convolution' : `weights of ${formatShape(theirs)}`;
    const message = `${context.name} shares the weights of ${layer.name}, which has ${sizes}, but its own are ${formatShape(weights)}; give both the same filters, size and input channels`;
    context.problem('darknet-shape-mismatch', 'error', message, options.spanOf('share_index'));
    return message;
  }
  context.keepTensors(weights, layer.tensors.owner);
  return undefined;
}

interface AddedConvolution {
  /** Names the convolution inside its layer; empty for the layer itself. */
  readonly part: string;
  readonly input: ValueId;
  readonly outChannels: number;
  readonly width: WidthOrigin;
  readonly window: Window;
  readonly groups: number;
}

/** A convolution and, where the section asks for it, its batch norm; without activation. */
export function addConvolution(context: LayerContext, added: AddedConvolution): ValueId {
  const { part, input, outChannels, width, groups } = added;
  const { size, stride, dilation, padding } = added.window;
  const { options } = context;
  const normalized = options.flag('batch_normalize');
  const known = context.knownChannels(input);
  if ('reason' in known) return context.opaque(known.reason, [input], behindUnknown(context, outChannels));
  const inChannels = known.channels;
  const parameters: Parameter[] = [context.parameter('weight', [outChannels, inChannels / groups, size, size], part)];
  if (!normalized) parameters.push(context.parameter('bias', [outChannels], part));
  const value = context.add({
    part,
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
    outWidth: width,
    // A depthwise layer writes its input width down a second time.
    ...(groups > 1 && groups === inChannels && { inWidth: options.width('groups', groups) }),
  });
  if (!normalized || context.channelsOf(value) !== outChannels) return value;
  return addBatchNorm(context, value, outChannels, within(part, 'batch_norm'));
}

export function deconvolutional(context: LayerContext): ValueId {
  const { options } = context;
  const outChannels = options.integer('filters', 1, 1);
  const { size, stride, padding } = readWindow(context, { size: 1 });
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
  const outFeatures = context.options.integer('output', 1, 1);
  const width = context.options.width('output', outFeatures);
  const value = addConnected(context, { part: '', input: context.input, outFeatures, width });
  return context.channelsOf(value) === outFeatures ? addActivation(context, value, 'logistic') : value;
}

interface AddedConnected {
  /** Names the product inside its layer; empty for the layer itself. */
  readonly part: string;
  readonly input: ValueId;
  readonly outFeatures: number;
  readonly width: WidthOrigin;
}

/** A connected layer and, where the section asks for it, its batch norm; without activation. */
export function addConnected(context: LayerContext, added: AddedConnected): ValueId {
  const { part, input, outFeatures, width } = added;
  const { options } = context;
  const normalized = options.flag('batch_normalize');
  const inFeatures = context.featureCount(input);
  if (inFeatures === undefined) {
    return context.opaque(
      `the input of ${context.name} is not known`,
      [input],
      options.malformed === undefined ? [1, outFeatures] : undefined,
    );
  }
  const parameters: Parameter[] = [context.parameter('weight', [outFeatures, inFeatures], part)];
  if (!normalized) parameters.push(context.parameter('bias', [outFeatures], part));
  const value = context.add({
    part,
    attributes: { kind: 'dense', inFeatures, outFeatures },
    inputs: [context.asRow(input)],
    parameters,
    outWidth: width,
  });
  if (!normalized || context.channelsOf(value) !== outFeatures) return value;
  return addBatchNorm(context, value, outFeatures, within(part, 'batch_norm'));
}

const within = (part: string, name: string): string => (part === '' ? name : `${part}.${name}`);

/**
 * A convolution with weights of its own at each place: the windows of the input as rows, each times its own matrix. Darknet
 * pads by one element where `pad` is set (`make_local_layer`).
 */
export function local(context: LayerContext): ValueId {
  const { options } = context;
  const outChannels = options.integer('filters', 1, 1);
  const size = options.integer('size', 1, 1);
  const stride = options.integer('stride', 1, 1);
  const padded = options.flag('pad');
  const input = context.asImage(context.input);
  const known = context.knownChannels(input);
  if ('reason' in known) return context.opaque(known.reason, [input], behindUnknown(context, outChannels));
  const [height, width] = context
    .spaceOf(input)
    .map((space) => (typeof space === 'number' ? Math.floor((space - (padded ? 1 : size)) / stride) + 1 : space));
  if (typeof height !== 'number' || typeof width !== 'number')
    return context.opaque(`the input of ${context.name} is not known`, [input], behindUnknown(context, outChannels));
  if (height < 1 || width < 1) {
    const message = `${context.name} has windows of ${String(size)}×${String(size)}, larger than its input; make size smaller`;
    context.problem('darknet-shape-mismatch', 'error', message, options.spanOf('size'));
    return context.opaque(message, [input]);
  }
  const places = height * width;
  const perWindow = known.channels * size * size;
  const windows = context.add({
    part: 'windows',
    attributes: { kind: 'rearrange', operation: 'windows', shape: [places, 1, perWindow] },
    inputs: [input],
  });
  const weights = context.add({
    part: 'weights',
    attributes: { kind: 'constant', shape: [places, perWindow, outChannels] },
    inputs: [],
    parameters: [context.parameter('other', [places, perWindow, outChannels], 'weights')],
  });
  const product = context.add({ part: '', attributes: { kind: 'matmul' }, inputs: [windows, weights] });
  const image = context.add({
    part: 'image',
    attributes: { kind: 'rearrange', operation: 'image', shape: [1, outChannels, height, width] },
    inputs: [product],
  });
  const biases = context.add({
    part: 'biases',
    attributes: { kind: 'constant', shape: [1, outChannels, height, width] },
    inputs: [],
    parameters: [context.parameter('other', [1, outChannels, height, width], 'biases')],
  });
  const sum = context.add({
    part: 'add',
    attributes: { kind: 'elementwise', operator: 'add' },
    inputs: [image, biases],
  });
  return addActivation(context, sum, 'logistic');
}

export function batchNormalization(context: LayerContext): ValueId {
  const known = context.knownChannels(context.input);
  if ('reason' in known) return context.opaque(known.reason, [context.input]);
  return addBatchNorm(context, context.input, known.channels, '');
}

/** A tensor that is learned and that no input feeds: `filters` channels of `atoms` rows. */
export function implicit(context: LayerContext): ValueId {
  const filters = context.options.integer('filters', 128, 1);
  const shape = [1, filters, context.options.integer('atoms', 1, 1), 1];
  return context.add({
    part: '',
    attributes: { kind: 'constant', shape },
    inputs: [],
    parameters: [context.parameter('other', shape)],
    outWidth: context.options.width('filters', filters),
  });
}
