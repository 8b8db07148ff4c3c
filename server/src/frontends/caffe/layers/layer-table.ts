// Every layer type that is understood: what it computes, or what part it has in the net. One row a type.

import type { ValueId } from '../../../network/op.ts';
import { valueAt } from '../../config/config-tree.ts';
import type { LayerContext } from '../layer-context.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import {
  bestClasses,
  concat,
  copies,
  flatten,
  padImage,
  permute,
  reduction,
  reshape,
  shuffleChannels,
  slice,
  softmax,
  tile,
} from './arrangement.ts';
import {
  absolute,
  combine,
  dropout,
  elu,
  otherFunction,
  prelu,
  relu,
  relu6,
  scaledSum,
  sigmoid,
  softplus,
  swish,
  tanh,
} from './elementwise.ts';
import { batchNorm, bias, lengthNorm, responseNorm, scale, wholeBatchNorm } from './normalization.ts';
import { embed, innerProduct } from './products.ts';
import {
  convolution,
  crop,
  deconvolution,
  depthwiseConvolution,
  imageToColumns,
  interpolation,
  pooling,
  pyramidPooling,
  regionPooling,
  upsample,
} from './windows.ts';

/** Adds a layer's ops to the network and gives its outputs, one a top. */
export type LayerModel = (context: LayerContext) => ValueId | readonly ValueId[];

/** The part of a layer that computes nothing of the network. */
export type LayerPart =
  /** Gives images or labels. */
  | 'source'
  /** Holds its first input against labels: that leaves the network. */
  | 'loss'
  /** As a loss, and all of its inputs leave the network. */
  | 'detection'
  /** Looks at what others compute. */
  | 'metric'
  /** Gives something that is made of sizes alone. */
  | 'beside';

const models: ReadonlyMap<string, LayerModel> = new Map<string, LayerModel>([
  ['AbsVal', absolute],
  ['ArgMax', bestClasses],
  ['Axpy', scaledSum],
  ['BN', wholeBatchNorm],
  ['BNLL', softplus],
  ['BatchNorm', batchNorm],
  ['Bias', bias],
  ['Clip', otherFunction],
  ['Concat', concat],
  ['Convolution', convolution],
  ['ConvolutionDepthwise', depthwiseConvolution],
  ['Crop', crop],
  ['Deconvolution', deconvolution],
  ['DepthwiseConvolution', depthwiseConvolution],
  ['Dropout', dropout],
  ['ELU', elu],
  ['Eltwise', combine],
  ['Embed', embed],
  ['Exp', otherFunction],
  ['Flatten', flatten],
  ['Im2col', imageToColumns],
  ['InnerProduct', innerProduct],
  ['Interp', interpolation],
  ['LRN', responseNorm],
  ['Log', otherFunction],
  ['MVN', otherFunction],
  ['Normalize', lengthNorm],
  ['PReLU', prelu],
  ['Padding', padImage],
  ['Permute', permute],
  ['Pooling', pooling],
  ['Power', otherFunction],
  ['PSROIPooling', regionPooling],
  ['ROIAlign', regionPooling],
  ['ROIPooling', regionPooling],
  ['ReLU', relu],
  ['ReLU6', relu6],
  ['Reduction', reduction],
  ['Reshape', reshape],
  ['SPP', pyramidPooling],
  ['Scale', scale],
  ['ShuffleChannel', shuffleChannels],
  ['Sigmoid', sigmoid],
  ['Slice', slice],
  ['Softmax', softmax],
  ['Split', copies],
  ['Swish', swish],
  ['TanH', tanh],
  ['Threshold', otherFunction],
  ['Tile', tile],
  ['Upsample', upsample],
]);

const parts: ReadonlyMap<string, LayerPart> = new Map<string, LayerPart>([
  ['Accuracy', 'metric'],
  ['DetectionEvaluate', 'metric'],
  ['DetectionOutput', 'detection'],
  ['HDF5Output', 'metric'],
  ['Input', 'source'],
  ['MultiBoxLoss', 'detection'],
  ['PriorBox', 'beside'],
  ['Silence', 'metric'],
]);

/** Layers that hand on what they get, labels as well as images. */
const carriers: ReadonlySet<string> = new Set(['Concat', 'Flatten', 'Permute', 'Reshape', 'Slice', 'Split', 'Tile']);

/** Layers that read boxes beside an image. */
const regionLayers: ReadonlySet<string> = new Set(['PSROIPooling', 'ROIAlign', 'ROIPooling']);

export function readsBeside(type: string): boolean {
  return regionLayers.has(type);
}

export function findLayerModel(type: string): LayerModel | undefined {
  return models.get(type);
}

/** What a layer is beside the network; undefined for one that computes. */
export function partOf({ type, bottoms, body }: LayerDefinition): LayerPart | undefined {
  const part = parts.get(type);
  if (part !== undefined) return part;
  if (type.endsWith('Loss')) return 'loss';
  if (bottoms.length === 0) return type.endsWith('Data') || type === 'Python' ? 'source' : undefined;
  return type === 'Python' && valueAt(body, 'loss_weight') !== undefined ? 'loss' : undefined;
}

export function carriesLabels(type: string): boolean {
  return carriers.has(type);
}

/** The types that can stand behind `type:`, with the sources and losses that Caffe has. */
export function layerTypes(): readonly string[] {
  const ends = ['Data', 'DummyData', 'HDF5Data', 'ImageData', 'MemoryData', 'WindowData'];
  const losses = ['ContrastiveLoss', 'EuclideanLoss', 'HingeLoss', 'InfogainLoss', 'SigmoidCrossEntropyLoss'];
  const known = [...models.keys()].filter((type) => type !== 'Padding');
  return [...known, ...parts.keys(), ...ends, ...losses, 'SoftmaxWithLoss'].toSorted();
}
