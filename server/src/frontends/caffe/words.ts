// What the fields of a Caffe net are called and mean, and which of them, or which values, can stand at a place of a file.

import { wordAround, wordsOf, type FormatWord, type WordsHere } from '../shared/words.ts';
import { layerTypes } from './layers/layer-table.ts';

type Fields = Readonly<Record<string, string>>;

const window: Fields = {
  kernel_size: 'Side of the window; written twice, its height and width.',
  kernel_h: 'Height of the window.',
  kernel_w: 'Width of the window.',
  stride: 'Step of the window. 1 where it is left out.',
  stride_h: 'Step along the height.',
  stride_w: 'Step along the width.',
  pad: 'Places added on each side. 0 where it is left out.',
  pad_h: 'Places added above and below.',
  pad_w: 'Places added left and right.',
};
const fillers: Fields = {
  weight_filler: 'How weights start.',
  bias_filler: 'How the bias starts.',
};
const width: Fields = {
  num_output: 'Outputs of the layer: its width.',
  bias_term: 'Whether there is a bias. true where it is left out.',
};
const filler: Fields = {
  type: 'constant, gaussian, uniform, xavier, msra, bilinear or positive_unitball.',
  value: 'Of constant: the value.',
  mean: 'Of gaussian: the mean.',
  std: 'Of gaussian: the standard deviation.',
  min: 'Of uniform: the least value.',
  max: 'Of uniform: the largest value.',
  variance_norm: 'Of xavier and msra: FAN_IN, FAN_OUT or AVERAGE.',
};
const rule: Fields = {
  phase: 'TRAIN or TEST.',
  stage: 'A stage that has to be on.',
  not_stage: 'A stage that has to be off.',
  min_level: 'The least level.',
  max_level: 'The largest level.',
};
const shape: Fields = { dim: 'A size; the batch comes first.' };
const axis: Fields = { axis: 'The axis, from 0 for the batch; negative ones count from behind.' };

/** What each message may hold. */
const messages: Readonly<Record<string, Fields>> = {
  '': {
    name: 'The net’s name.',
    layer: 'A layer.',
    input: 'A blob that the net is fed.',
    input_shape: 'The sizes of an input.',
    input_dim: 'A size of an input, four times for each.',
    state: 'The phase and stages that are on.',
  },
  layer: {
    name: 'The layer’s name.',
    type: 'What the layer computes.',
    bottom: 'A blob that the layer reads.',
    top: 'A blob that the layer writes. The name of a bottom writes over it.',
    param: 'How a weight is learned, and by which name it is shared; one for each weight.',
    include: 'When the layer is there: phase and stages.',
    exclude: 'When the layer is not there.',
    loss_weight: 'Factor of this loss in the whole.',
    propagate_down: 'Whether the gradient goes on to a bottom.',
    transform_param: 'How images are changed before they are fed.',
  },
  param: {
    name: 'A name by which layers share this weight.',
    lr_mult: 'Factor of the learning rate.',
    decay_mult: 'Factor of the weight decay.',
  },
  include: rule,
  exclude: rule,
  input_shape: shape,
  shape,
  input_param: { shape: 'The sizes that are fed.' },
  weight_filler: filler,
  bias_filler: filler,
  filler,
  convolution_param: {
    ...width,
    ...window,
    ...fillers,
    group: 'Groups of channels that are convolved apart. As many as input channels make the layer depthwise.',
    dilation: 'Distance between the places that the kernel reads.',
    ...axis,
  },
  inner_product_param: { ...width, ...fillers, ...axis, transpose: 'Whether the weights stand transposed.' },
  pooling_param: {
    pool: 'MAX, AVE or STOCHASTIC.',
    ...window,
    global_pooling: 'Pools the whole image into one place.',
    round_mode: 'CEIL, as Caffe has always done, or FLOOR.',
  },
  lrn_param: {
    local_size: 'Channels, or places, that are looked at. 5 where it is left out.',
    alpha: 'Factor.',
    beta: 'Power.',
    k: 'Summand.',
    norm_region: 'ACROSS_CHANNELS or WITHIN_CHANNEL.',
  },
  relu_param: { negative_slope: 'Slope below zero. 0 where it is left out.' },
  prelu_param: { channel_shared: 'Whether all channels have one slope.', filler: 'How slopes start.' },
  elu_param: { alpha: 'Bound below zero.' },
  dropout_param: { dropout_ratio: 'Share that is left out while training. 0.5 where it is left out.' },
  batch_norm_param: {
    use_global_stats: 'Whether the running statistics are used; where it is left out, while testing.',
    moving_average_fraction: 'Share of the running statistics that is kept each step.',
    eps: 'What is added to the variance.',
  },
  scale_param: {
    bias_term: 'Whether a shift is learned too.',
    ...axis,
    num_axes: 'Axes that have factors of their own.',
    filler: 'How factors start.',
    bias_filler: 'How shifts start.',
  },
  bias_param: { ...axis, num_axes: 'Axes that have shifts of their own.', filler: 'How shifts start.' },
  eltwise_param: { operation: 'SUM, PROD or MAX. SUM where it is left out.', coeff: 'Factor of a term of a sum.' },
  concat_param: axis,
  slice_param: { ...axis, slice_point: 'Where a part ends and the next begins.' },
  softmax_param: axis,
  flatten_param: { ...axis, end_axis: 'The last axis that is flattened.' },
  reshape_param: { shape: 'The new sizes: 0 keeps one, -1 is the rest.', ...axis, num_axes: 'Axes that are replaced.' },
  reduction_param: { operation: 'SUM, ASUM, SUMSQ or MEAN.', ...axis, coeff: 'Factor of the result.' },
  crop_param: { ...axis, offset: 'Where the part begins; one for all axes, or one each.' },
  embed_param: { ...width, input_dim: 'Rows that are looked up in.', ...fillers },
  power_param: { power: 'Power.', scale: 'Factor.', shift: 'Summand.' },
  argmax_param: { top_k: 'How many classes.', ...axis, out_max_val: 'Whether their values come along.' },
  accuracy_param: { top_k: 'Among how many the right class has to be.', ...axis },
  data_param: { source: 'Where the data stand.', batch_size: 'Images in a step.', backend: 'LEVELDB or LMDB.' },
  image_data_param: {
    source: 'A list of files and labels.',
    batch_size: 'Images in a step.',
    new_height: 'Height that images are brought to.',
    new_width: 'Width that images are brought to.',
    is_color: 'Whether images have three channels.',
    shuffle: 'Whether the list is shuffled.',
  },
  transform_param: {
    crop_size: 'Side of the part that is cut out of an image.',
    mirror: 'Whether images are mirrored at random.',
    scale: 'Factor of each value.',
    mean_value: 'What is subtracted; one for all channels, or one each.',
    mean_file: 'A file of what is subtracted.',
  },
};

/** The message of settings that a type of layer has. */
const settingsOf: Fields = {
  Convolution: 'convolution_param',
  Deconvolution: 'convolution_param',
  ConvolutionDepthwise: 'convolution_param',
  DepthwiseConvolution: 'convolution_param',
  Im2col: 'convolution_param',
  InnerProduct: 'inner_product_param',
  Pooling: 'pooling_param',
  LRN: 'lrn_param',
  ReLU: 'relu_param',
  PReLU: 'prelu_param',
  ELU: 'elu_param',
  Dropout: 'dropout_param',
  BatchNorm: 'batch_norm_param',
  Scale: 'scale_param',
  Bias: 'bias_param',
  Eltwise: 'eltwise_param',
  Concat: 'concat_param',
  Slice: 'slice_param',
  Softmax: 'softmax_param',
  Flatten: 'flatten_param',
  Reshape: 'reshape_param',
  Reduction: 'reduction_param',
  Crop: 'crop_param',
  Embed: 'embed_param',
  Power: 'power_param',
  ArgMax: 'argmax_param',
  Accuracy: 'accuracy_param',
  Data: 'data_param',
  ImageData: 'image_data_param',
  Input: 'input_param',
};

const switches: Fields = { true: 'Yes.', false: 'No.' };
const words = (...names: readonly string[]): Fields => Object.fromEntries(names.map((name) => [name, '']));
/** Values of fields, by message and field. */
const enums: Readonly<Record<string, Fields>> = {
  'include.phase': { TRAIN: 'While training.', TEST: 'While testing.' },
  'exclude.phase': { TRAIN: 'While training.', TEST: 'While testing.' },
  'pooling_param.pool': { MAX: 'The largest.', AVE: 'The average.', STOCHASTIC: 'One at random.' },
  'pooling_param.round_mode': { CEIL: 'Sizes are rounded up.', FLOOR: 'Sizes are rounded down.' },
  'eltwise_param.operation': { SUM: 'The sum.', PROD: 'The product.', MAX: 'The largest.' },
  'reduction_param.operation': words('SUM', 'ASUM', 'SUMSQ', 'MEAN'),
  'lrn_param.norm_region': words('ACROSS_CHANNELS', 'WITHIN_CHANNEL'),
  'data_param.backend': words('LMDB', 'LEVELDB'),
};
const yesOrNo: ReadonlySet<string> = new Set([
  'bias_term',
  'global_pooling',
  'channel_shared',
  'use_global_stats',
  'out_max_val',
  'is_color',
  'shuffle',
  'mirror',
  'transpose',
  'propagate_down',
]);
const fillerTypes = words('constant', 'gaussian', 'uniform', 'xavier', 'msra', 'bilinear', 'positive_unitball');

/** Where an offset is in the text before it: in which messages, and behind which field. */
interface Place {
  /** Names of the open messages, outermost first. */
  readonly path: readonly string[];
  /** Where the innermost layer begins. */
  readonly layerStart: number;
  /** The field whose value is being written. */
  readonly field: string | undefined;
  /** Whether the offset is inside of quotes. */
  readonly isQuoted: boolean;
}

const token = /#[^\n]*|"(?:[^"\\\n]|\\[^\n])*"?|'(?:[^'\\\n]|\\[^\n])*'?|[A-Za-z_]\w*|[{}<>:[\]]|[^\s]/g;

function placeAt(text: string, offset: number): Place | undefined {
  const path: string[] = [];
  let [last, field, layerStart, isQuoted] = ['', undefined as string | undefined, 0, false];
  for (const found of text.slice(0, offset).matchAll(token)) {
    const [sign] = found;
    const isLast = found.index + sign.length === offset;
    if (sign.startsWith('#')) {
      if (isLast) return undefined;
    } else if (sign === '{' || sign === '<') {
      if (last === 'layer' || last === 'layers') layerStart = found.index;
      path.push(last);
      field = undefined;
    } else if (sign === '}' || sign === '>') {
      path.pop();
      field = undefined;
    } else if (sign === ':') field = last;
    else if (sign.startsWith('"') || sign.startsWith("'")) {
      isQuoted = isLast && (sign.length === 1 || !sign.endsWith(sign[0] ?? ''));
      if (!isQuoted) field = undefined;
    } else if (/^[A-Za-z_]/.test(sign)) {
      // The word that is being written is neither.
      if (isLast) break;
      if (field !== undefined) field = undefined;
      else last = sign;
    } else if (!isLast) field = undefined;
  }
  return { path, layerStart, field, isQuoted };
}

/** The words at an offset of a net. */
export function caffeWords(text: string, offset: number): WordsHere | undefined {
  const place = placeAt(text, offset);
  if (place === undefined) return undefined;
  const inner = place.path.at(-1) ?? '';
  const message = inner === 'layers' ? 'layer' : inner;
  if (place.field === undefined) {
    const fields = place.isQuoted ? undefined : messages[message];
    if (fields === undefined) return undefined;
    const around = wordAround(text, offset, /\w/);
    const isSet = /^\s*[:{]/.test(text.slice(around.end, around.end + 20));
    const own = message === 'layer' ? settingsAt(text, place.layerStart, offset) : {};
    return {
      ...around,
      words: wordsOf('key', { ...own, ...fields }, (name) => (isSet ? name : `${name}${opens(name) ? ' {' : ': '}`)),
    };
  }
  const around = wordAround(text, offset, place.isQuoted ? /[^"'\n]/ : /\w/);
  return { ...around, words: valuesAt(place, message, text, offset) };
}

/** Fields that hold a message. */
const opens = (name: string): boolean => name in messages && name !== 'name';

/** The settings that the layer at an offset has by its type; all where it has none yet. */
function settingsAt(text: string, start: number, offset: number): Fields {
  const end = text.indexOf('layer', offset);
  const type = /\btype\s*:\s*["']?(\w+)/.exec(
    text.slice(start, end === -1 ? Math.min(text.length, offset + 1_000) : end),
  )?.[1];
  const known = type === undefined ? undefined : settingsOf[type];
  const names = known === undefined ? [...new Set(Object.values(settingsOf))] : [known];
  return Object.fromEntries(
    names.map((name) => [name, known === undefined ? 'Settings of a layer.' : `Settings of ${type ?? ''}.`]),
  );
}

function valuesAt(
  { field = '', isQuoted }: Place,
  message: string,
  text: string,
  offset: number,
): readonly FormatWord[] {
  const quoted = (names: readonly string[], meaning: string): readonly FormatWord[] =>
    wordsOf('value', Object.fromEntries(names.map((name) => [name, meaning])), (name) =>
      isQuoted ? name : `"${name}"`,
    );
  if (message === 'layer' && field === 'type') return quoted(layerTypes(), '');
  if (field === 'bottom') return quoted(blobsBefore(text, offset), 'A blob that a layer before writes.');
  if (field === 'type' && message.endsWith('filler')) return quoted(Object.keys(fillerTypes), '');
  if (isQuoted) return [];
  return wordsOf('value', enums[`${message}.${field}`] ?? (yesOrNo.has(field) ? switches : {}));
}

/** Blobs that are written before an offset, the last first. */
function blobsBefore(text: string, offset: number): readonly string[] {
  const written = [...text.slice(0, offset).matchAll(/\b(?:top|input)\s*:\s*["']([^"'\n]+)["']/g)].map(
    ([, name]) => name ?? '',
  );
  return [...new Set(written.toReversed())];
}
