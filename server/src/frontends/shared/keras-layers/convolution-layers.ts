// Convolutions of the Keras family: plain, depthwise, separable and transposed, over one to three axes.

import type { Padding, PaddingRule } from '../../../network/op.ts';
import { channelAxisOf, knownSize, onlyInput, spatialAxesOf, type LayerCall, type LayerRow } from './keras-layer.ts';
import { ruleOf, transposedPadding, windowPadding, type Window } from './windows.ts';

const kernelSettings =
  'kernel_initializer=glorot_uniform bias_initializer=zeros kernel_regularizer=None bias_regularizer=None activity_regularizer=None kernel_constraint=None bias_constraint=None';
const depthwiseSettings =
  'depthwise_initializer=glorot_uniform bias_initializer=zeros depthwise_regularizer=None bias_regularizer=None activity_regularizer=None depthwise_constraint=None bias_constraint=None';
const separableSettings =
  'depthwise_initializer=glorot_uniform pointwise_initializer=glorot_uniform bias_initializer=zeros depthwise_regularizer=None pointwise_regularizer=None bias_regularizer=None activity_regularizer=None depthwise_constraint=None pointwise_constraint=None bias_constraint=None';

interface Spatial<Tensor> {
  readonly input: Tensor;
  readonly inChannels: number;
  readonly channelAxis: 1 | -1;
  readonly window: Window;
  readonly padding: readonly Padding[];
  readonly paddingRule: { readonly paddingRule?: PaddingRule };
  readonly sizes: readonly ReturnType<LayerCall<Tensor, never>['shapeOf']>[number][];
}

/** What all convolutions read first. */
function spatial<Tensor, Weight>(call: LayerCall<Tensor, Weight>, rank: number): Spatial<Tensor> | undefined {
  const given = onlyInput(call);
  if (given === undefined) return undefined;
  const { settings } = call;
  const channelAxis = channelAxisOf(call);
  const inChannels = knownSize(call, given.shape, channelAxis);
  if (inChannels === undefined) return undefined;
  const [kernel, stride, dilation] = ['kernel_size', 'strides', 'dilation_rate'].map((name) =>
    settings.integers(name, rank),
  );
  if (!kernel || !stride || !dilation) {
    call.refuse('The window of this layer is not known');
    return undefined;
  }
  const window = { kernel, stride, dilation };
  const sizes = spatialAxesOf(given.shape.length, channelAxis).map((axis) => given.shape[axis] ?? 1);
  const rule = settings.text('padding')?.toLowerCase() ?? 'valid';
  const padding = windowPadding(rule, sizes, window);
  return { input: given.input, inChannels, channelAxis, window, padding, paddingRule: ruleOf(rule), sizes };
}

function biased<Tensor, Weight>(call: LayerCall<Tensor, Weight>, width: number): Weight | undefined {
  return call.settings.flag('use_bias') ? call.weight('bias', [width], 'bias') : undefined;
}

function convolution(rank: number): LayerRow {
  return {
    name: `Conv${String(rank)}D`,
    parameters: `filters kernel_size strides=1 padding=valid data_format=None dilation_rate=1 groups=1 activation=None use_bias=True ${kernelSettings}`,
    run: (call) => {
      const found = spatial(call, rank);
      const outChannels = call.settings.integer('filters');
      if (found === undefined) return undefined;
      if (outChannels === undefined) return call.refuse('The number of filters is not known');
      const { input, inChannels, channelAxis, window, padding, paddingRule } = found;
      const groups = call.settings.integer('groups') ?? 1;
      const kernel = call.weight('kernel', [outChannels, inChannels / groups, ...window.kernel], 'weight');
      const made = call.emit({
        attributes: {
          kind: 'convolution',
          inChannels,
          outChannels,
          ...window,
          padding,
          ...paddingRule,
          paddingMode: 'zeros',
          groups,
          channelAxis,
        },
        inputs: [input],
        weights: [kernel, biased(call, outChannels)],
        outWidth: call.settings.origin('filters'),
      });
      return made === undefined ? undefined : call.activate(made, 'activation');
    },
  };
}

/** The depthwise half of a layer: `depth_multiplier` outputs for each input channel. */
function depthwise<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  { input, inChannels, channelAxis, window, padding, paddingRule }: Spatial<Tensor>,
  name: string,
  hasBias: boolean,
  part?: string,
): { readonly made: Tensor | undefined; readonly width: number } {
  const width = inChannels * (call.settings.integer('depth_multiplier') ?? 1);
  const kernel = call.weight(name, [width, 1, ...window.kernel], 'weight');
  const made = call.emit({
    attributes: {
      kind: 'convolution',
      inChannels,
      outChannels: width,
      ...window,
      padding,
      ...paddingRule,
      paddingMode: 'zeros',
      groups: inChannels,
      channelAxis,
    },
    inputs: [input],
    weights: [kernel, hasBias ? biased(call, width) : undefined],
    ...(part !== undefined && { part }),
  });
  return { made, width };
}

function depthwiseConvolution(rank: number): LayerRow {
  return {
    name: `DepthwiseConv${String(rank)}D`,
    parameters: `kernel_size strides=1 padding=valid depth_multiplier=1 data_format=None dilation_rate=1 activation=None use_bias=True ${depthwiseSettings}`,
    run: (call) => {
      const found = spatial(call, rank);
      if (found === undefined) return undefined;
      const { made } = depthwise(call, found, 'kernel', true);
      return made === undefined ? undefined : call.activate(made, 'activation');
    },
  };
}

function separableConvolution(rank: number): LayerRow {
  return {
    name: `SeparableConv${String(rank)}D`,
    parameters: `filters kernel_size strides=1 padding=valid data_format=None dilation_rate=1 depth_multiplier=1 activation=None use_bias=True ${separableSettings}`,
    run: (call) => {
      const found = spatial(call, rank);
      const outChannels = call.settings.integer('filters');
      if (found === undefined) return undefined;
      if (outChannels === undefined) return call.refuse('The number of filters is not known');
      const { made, width } = depthwise(call, found, 'depthwise_kernel', false, 'depthwise');
      if (made === undefined) return undefined;
      const ones = Array.from({ length: rank }, () => 1);
      const pointwise = call.weight('pointwise_kernel', [outChannels, width, ...ones], 'weight');
      const result = call.emit({
        attributes: {
          kind: 'convolution',
          inChannels: width,
          outChannels,
          kernel: ones,
          stride: ones,
          dilation: ones,
          padding: ones.map(() => ({ before: 0, after: 0 })),
          paddingRule: 'valid',
          paddingMode: 'zeros',
          groups: 1,
          channelAxis: found.channelAxis,
        },
        inputs: [made],
        weights: [pointwise, biased(call, outChannels)],
        outWidth: call.settings.origin('filters'),
      });
      return result === undefined ? undefined : call.activate(result, 'activation');
    },
  };
}

function transposedConvolution(rank: number): LayerRow {
  return {
    name: `Conv${String(rank)}DTranspose`,
    parameters: `filters kernel_size strides=1 padding=valid output_padding=None data_format=None dilation_rate=1 activation=None use_bias=True ${kernelSettings}`,
    run: (call) => {
      const found = spatial(call, rank);
      const outChannels = call.settings.integer('filters');
      if (found === undefined) return undefined;
      if (outChannels === undefined) return call.refuse('The number of filters is not known');
      const { input, inChannels, channelAxis, window, sizes } = found;
      const added = call.settings.isNone('output_padding') ? undefined : call.settings.integers('output_padding', rank);
      const rule = call.settings.text('padding')?.toLowerCase() ?? 'valid';
      const kernel = call.weight('kernel', [inChannels, outChannels, ...window.kernel], 'weight');
      const made = call.emit({
        attributes: {
          kind: 'transposed-convolution',
          inChannels,
          outChannels,
          ...window,
          ...ruleOf(rule),
          ...transposedPadding(rule, sizes, window, added),
          groups: 1,
          channelAxis,
        },
        inputs: [input],
        weights: [kernel, biased(call, outChannels)],
        outWidth: call.settings.origin('filters'),
      });
      return made === undefined ? undefined : call.activate(made, 'activation');
    },
  };
}

export const convolutionLayers: readonly LayerRow[] = [
  ...[1, 2, 3].map(convolution),
  ...[1, 2].map(depthwiseConvolution),
  ...[1, 2].map(separableConvolution),
  ...[1, 2, 3].map(transposedConvolution),
];
