// Every layer of the Keras family, by name.

import { arrangementLayers } from './arrangement-layers.ts';
import { attentionLayers } from './attention-layers.ts';
import { convolutionLayers } from './convolution-layers.ts';
import { denseLayers } from './dense-layers.ts';
import { elementwiseLayers } from './elementwise-layers.ts';
import type { LayerRow } from './keras-layer.ts';
import { mergingLayers } from './merging-layers.ts';
import { normalizationLayers } from './normalization-layers.ts';
import { poolingLayers } from './pooling-layers.ts';
import { recurrentLayers } from './recurrent-layers.ts';

export const kerasLayers: readonly LayerRow[] = [
  ...convolutionLayers,
  ...denseLayers,
  ...poolingLayers,
  ...normalizationLayers,
  ...elementwiseLayers,
  ...arrangementLayers,
  ...mergingLayers,
  ...attentionLayers,
  ...recurrentLayers,
];

/** Names that Keras keeps from its earlier versions. */
export const layerAliases: Readonly<Record<string, string>> = {
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Convolution3D: 'Conv3D',
  Convolution1DTranspose: 'Conv1DTranspose',
  Convolution2DTranspose: 'Conv2DTranspose',
  Convolution3DTranspose: 'Conv3DTranspose',
  DepthwiseConvolution2D: 'DepthwiseConv2D',
  SeparableConvolution1D: 'SeparableConv1D',
  SeparableConvolution2D: 'SeparableConv2D',
  MaxPool1D: 'MaxPooling1D',
  MaxPool2D: 'MaxPooling2D',
  MaxPool3D: 'MaxPooling3D',
  AvgPool1D: 'AveragePooling1D',
  AvgPool2D: 'AveragePooling2D',
  AvgPool3D: 'AveragePooling3D',
  GlobalMaxPool1D: 'GlobalMaxPooling1D',
  GlobalMaxPool2D: 'GlobalMaxPooling2D',
  GlobalMaxPool3D: 'GlobalMaxPooling3D',
  GlobalAvgPool1D: 'GlobalAveragePooling1D',
  GlobalAvgPool2D: 'GlobalAveragePooling2D',
  GlobalAvgPool3D: 'GlobalAveragePooling3D',
};
