// One `layer { … }` of a net as it is written, in any of the three notations that Caffe has had: `layer`, `layers` with types in
// capitals, and `layers` around a `layer`. Knows names and places, not what a type computes.

import type { SourceSpan } from '../../common/source-span.ts';
import { textOf, valueAt, type ConfigEntry, type ConfigMap, type ConfigValue } from '../config/config-tree.ts';
import { valuesAt } from '../config/protobuf-text.ts';

export interface LayerDefinition {
  readonly name: string;
  /** As today's Caffe calls it: `Convolution`. Empty where none is written. */
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  /** The fields of the layer. */
  readonly body: ConfigMap;
  /** The fields of the oldest notation, in which a layer's settings stand beside its name. */
  readonly oldest: ConfigMap | undefined;
  /** The word `layer`. */
  readonly span: SourceSpan;
}

/** Types as they were written in capitals, where that is not today's name in capitals. */
const olderTypes: ReadonlyMap<string, string> = new Map([
  ['ABSVAL', 'AbsVal'],
  ['ACCURACY', 'Accuracy'],
  ['ARGMAX', 'ArgMax'],
  ['BNLL', 'BNLL'],
  ['CONCAT', 'Concat'],
  ['CONTRASTIVE_LOSS', 'ContrastiveLoss'],
  ['CONVOLUTION', 'Convolution'],
  ['DATA', 'Data'],
  ['DECONVOLUTION', 'Deconvolution'],
  ['DROPOUT', 'Dropout'],
  ['DUMMY_DATA', 'DummyData'],
  ['ELTWISE', 'Eltwise'],
  ['EUCLIDEAN_LOSS', 'EuclideanLoss'],
  ['EXP', 'Exp'],
  ['FLATTEN', 'Flatten'],
  ['HDF5_DATA', 'HDF5Data'],
  ['HDF5_OUTPUT', 'HDF5Output'],
  ['HINGE_LOSS', 'HingeLoss'],
  ['IM2COL', 'Im2col'],
  ['IMAGE_DATA', 'ImageData'],
  ['INFOGAIN_LOSS', 'InfogainLoss'],
  ['INNER_PRODUCT', 'InnerProduct'],
  ['LRN', 'LRN'],
  ['MEMORY_DATA', 'MemoryData'],
  ['MULTINOMIAL_LOGISTIC_LOSS', 'MultinomialLogisticLoss'],
  ['MVN', 'MVN'],
  ['POOLING', 'Pooling'],
  ['POWER', 'Power'],
  ['PRELU', 'PReLU'],
  ['RELU', 'ReLU'],
  ['SIGMOID', 'Sigmoid'],
  ['SIGMOID_CROSS_ENTROPY_LOSS', 'SigmoidCrossEntropyLoss'],
  ['SILENCE', 'Silence'],
  ['SLICE', 'Slice'],
  ['SOFTMAX', 'Softmax'],
  ['SOFTMAX_LOSS', 'SoftmaxWithLoss'],
  ['SPLIT', 'Split'],
  ['TANH', 'TanH'],
  ['THRESHOLD', 'Threshold'],
  ['WINDOW_DATA', 'WindowData'],
  // The oldest words.
  ['bnll', 'BNLL'],
  ['conv', 'Convolution'],
  ['concat', 'Concat'],
  ['data', 'Data'],
  ['dropout', 'Dropout'],
  ['euclidean_loss', 'EuclideanLoss'],
  ['flatten', 'Flatten'],
  ['images', 'ImageData'],
  ['innerproduct', 'InnerProduct'],
  ['lrn', 'LRN'],
  ['padding', 'Padding'],
  ['pool', 'Pooling'],
  ['relu', 'ReLU'],
  ['sigmoid', 'Sigmoid'],
  ['softmax', 'Softmax'],
  ['softmax_loss', 'SoftmaxWithLoss'],
  ['split', 'Split'],
  ['tanh', 'TanH'],
]);

/** The layers of a net in the order of the text. */
export function layersOf(root: ConfigValue | undefined): readonly LayerDefinition[] {
  if (root?.kind !== 'map') return [];
  return root.entries.flatMap(({ key, keySpan, value }: ConfigEntry, index): readonly LayerDefinition[] => {
    if ((key !== 'layer' && key !== 'layers') || value.kind !== 'map') return [];
    const inner = valueAt(value, 'layer');
    const oldest = inner?.kind === 'map' ? inner : undefined;
    const written = textOf(valueAt(oldest ?? value, 'type')) ?? '';
    const type = olderTypes.get(written) ?? written;
    const name = textOf(valueAt(oldest ?? value, 'name')) ?? '';
    const texts = (field: string): readonly string[] => valuesAt(value, field).flatMap((item) => textOf(item) ?? []);
    return [
      {
        name: name === '' ? `${type === '' ? 'layer' : type}_${String(index)}` : name,
        type,
        bottoms: texts('bottom'),
        tops: texts('top'),
        body: value,
        oldest,
        span: keySpan,
      },
    ];
  });
}
