// What Darknet's sections and options are called and mean, and which of them can stand at a place of a file.

import { wordAround, wordsOf, type WordsHere } from '../shared/words.ts';
import { activationNames } from './layers/activations.ts';

type Options = Readonly<Record<string, string>>;

const activation: Options = {
  activation: 'The function behind the layer. Where it is left out, most layers have logistic.',
};
const stride: Options = {
  stride: 'Step of the window, both ways. 1 where it is left out.',
  stride_x: 'Step of the window along the width.',
  stride_y: 'Step of the window along the height.',
};
const convolution: Options = {
  filters: 'Output channels: the layer’s width.',
  size: 'Side of the square kernel. 1 where it is left out.',
  ...stride,
  pad: '1 pads by half the kernel, so that a stride of 1 keeps the size; 0 takes padding.',
  padding: 'Places added on every side where pad is 0.',
  batch_normalize: '1 puts a batch normalization behind the layer; it then has no bias of its own.',
  groups: 'Groups of channels that are convolved apart. As many as input channels make the layer depthwise.',
  dilation: 'Distance between the places that the kernel reads.',
  share_index: 'Takes the weights of an earlier layer: its index, or negative, counted back from here.',
  ...activation,
};
const recurrent: Options = {
  output: 'Output features: the layer’s width.',
  batch_normalize: '1 normalizes each product.',
};
const head: Options = {
  mask: 'Which of the anchors this head is for, from 0.',
  anchors: 'Widths and heights of the boxes that detections start from.',
  classes: 'Classes to tell apart. 20 where it is left out.',
  num: 'Anchors of all heads together.',
};
const loss: Options = { type: 'How the difference from the truth is counted, such as sse.' };

const sections: Readonly<Record<string, { readonly meaning: string; readonly options: Options }>> = {
  net: {
    meaning: 'The network’s input and how it is trained. It stands first.',
    options: {
      width: 'Width of the input image.',
      height: 'Height of the input image.',
      channels: 'Channels of the input image.',
      inputs: 'Features of an input that is no image.',
      batch: 'Images in a step of training.',
      subdivisions: 'Parts that a batch is worked through in.',
      learning_rate: 'Step size of training.',
      momentum: 'Share of the last step that is kept.',
      decay: 'Weight decay.',
      max_batches: 'Steps of training.',
      policy: 'How the learning rate changes: constant, steps, poly, …',
      steps: 'Steps at which the learning rate changes.',
      scales: 'Factors of the learning rate at these steps.',
      burn_in: 'Steps over which the learning rate rises at first.',
    },
  },
  convolutional: {
    meaning: 'A convolution, with batch normalization and activation where asked for.',
    options: convolution,
  },
  deconvolutional: { meaning: 'A transposed convolution.', options: convolution },
  connected: {
    meaning: 'A layer that connects every input with every output.',
    options: {
      output: 'Output features: the layer’s width.',
      batch_normalize: '1 normalizes the product.',
      ...activation,
    },
  },
  local: {
    meaning: 'A convolution with weights of its own at each place.',
    options: {
      filters: 'Output channels: the layer’s width.',
      size: 'Side of the square kernel.',
      ...stride,
      pad: '1 pads by one place.',
      ...activation,
    },
  },
  maxpool: {
    meaning: 'The largest of each window.',
    options: {
      size: 'Side of the window. As the stride where it is left out.',
      ...stride,
      padding: 'Places added in all; size − 1 where it is left out.',
    },
  },
  avgpool: { meaning: 'The average of the whole image, a number a channel.', options: {} },
  local_avgpool: { meaning: 'The average of each window.', options: { size: 'Side of the window.', ...stride } },
  route: {
    meaning: 'Outputs of earlier layers, side by side.',
    options: {
      layers: 'Indices from 0, or negative, counted back from here.',
      groups: 'Parts that the channels are taken in.',
      group_id: 'Which of these parts, from 0.',
    },
  },
  shortcut: {
    meaning:
      'Adds earlier layers to the one before. What both have in common is added; the shape stays that of the one before.',
    options: {
      from: 'Indices from 0, or negative, counted back from here.',
      weights_type: 'none, per_feature or per_channel: whether terms have weights that are learned.',
      weights_normalization: 'relu or softmax: brings the weights to a sum of one.',
      ...activation,
    },
  },
  scale_channels: {
    meaning: 'Each channel of an earlier layer times the factor that the one before has for it.',
    options: { from: 'Index of the layer that is scaled.', ...activation },
  },
  sam: {
    meaning: 'The layer before times an earlier one of the same shape.',
    options: { from: 'Index of the other layer.', ...activation },
  },
  upsample: {
    meaning: 'A larger image by repeating places.',
    options: { stride: 'The factor. 2 where it is left out.', scale: 'A factor on the values.' },
  },
  reorg: {
    meaning: 'Places to channels, or with reverse back.',
    options: { stride: 'Side of the blocks.', reverse: '1 goes from channels to places.' },
  },
  dropout: {
    meaning: 'Leaves out some of the values while training.',
    options: { probability: 'Share that is left out. 0.5 where it is left out.' },
  },
  batchnorm: { meaning: 'A batch normalization.', options: {} },
  normalization: {
    meaning: 'Normalizes over neighboring channels.',
    options: { size: 'Channels that are looked at.', alpha: 'Factor.', beta: 'Power.', kappa: 'Summand.' },
  },
  activation: { meaning: 'An activation function by itself.', options: activation },
  softmax: {
    meaning: 'Shares that sum to one.',
    options: { groups: 'Groups that each sum to one.', tree: 'File of a tree of classes.' },
  },
  crop: {
    meaning: 'Cuts a part out of the image.',
    options: { crop_height: 'Height of the part.', crop_width: 'Width of the part.' },
  },
  cost: { meaning: 'The loss that training makes small.', options: loss },
  yolo: { meaning: 'Detections of a YOLO network: (classes + 5) channels for each mask.', options: head },
  gaussian_yolo: {
    meaning: 'Detections with the spread of each coordinate: (classes + 9) channels for each mask.',
    options: head,
  },
  region: {
    meaning: 'Detections of YOLOv2: num × (classes + coords + 1) channels.',
    options: { ...head, coords: 'Coordinates of a box. 4 where it is left out.' },
  },
  detection: {
    meaning: 'Detections of YOLOv1.',
    options: {
      classes: 'Classes to tell apart.',
      coords: 'Coordinates of a box.',
      side: 'Cells a side.',
      num: 'Boxes a cell.',
    },
  },
  rnn: {
    meaning: 'A recurrent layer of three products.',
    options: { ...recurrent, hidden: 'Features of the state.', ...activation },
  },
  crnn: {
    meaning: 'A recurrent layer of three convolutions.',
    options: { ...convolution, output: 'Output channels.', hidden: 'Channels of the state.' },
  },
  gru: { meaning: 'A gated recurrent layer.', options: recurrent },
  lstm: { meaning: 'A recurrent layer with long short-term memory.', options: recurrent },
  implicit: { meaning: 'A learned tensor that nothing feeds.', options: { filters: 'Channels.', atoms: 'Rows.' } },
};

const otherNames: Readonly<Record<string, string>> = {
  network: 'net',
  conv: 'convolutional',
  deconv: 'deconvolutional',
  conn: 'connected',
  max: 'maxpool',
  avg: 'avgpool',
  local_avg: 'local_avgpool',
  lrn: 'normalization',
  soft: 'softmax',
  reorg3d: 'reorg',
};

const switches: ReadonlySet<string> = new Set(['pad', 'batch_normalize', 'reverse']);

/** The words at an offset of a Darknet file. */
export function darknetWords(text: string, offset: number): WordsHere | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  if (/[#;]/.test(before)) return undefined;
  const around = wordAround(text, offset, /[\w.]/);
  if (/^[ \t]*\[[^\]]*$/.test(before))
    return {
      ...around,
      words: wordsOf(
        'section',
        Object.fromEntries(Object.entries(sections).map(([name, { meaning }]) => [name, meaning])),
      ),
    };
  const value = /^[ \t]*([A-Za-z_]\w*)[ \t]*=/.exec(before)?.[1]?.toLowerCase();
  if (value !== undefined) return { ...around, words: wordsOf('value', valuesOf(value)) };
  const type = sectionAt(text, lineStart);
  const options = type === undefined ? undefined : sections[otherNames[type] ?? type]?.options;
  if (options === undefined || !/^[ \t]*\w*$/.test(before)) return undefined;
  const isSet = text[around.end] === '=' || /^[ \t]*=/.test(text.slice(around.end, around.end + 20));
  return { ...around, words: wordsOf('key', options, (name) => (isSet ? name : `${name}=`)) };
}

/** The type of the section that a line stands in. */
function sectionAt(text: string, lineStart: number): string | undefined {
  for (let end = lineStart; end > 0;) {
    const start = text.lastIndexOf('\n', end - 2) + 1;
    const found = /^[ \t]*\[[ \t]*([^\]\s]+)/.exec(text.slice(start, end));
    if (found !== null) return found[1]?.toLowerCase();
    end = start;
  }
  return undefined;
}

function valuesOf(key: string): Options {
  if (key === 'activation')
    return Object.fromEntries(activationNames().map((name) => [name, 'An activation function.']));
  if (key === 'weights_type')
    return { none: 'Plain sum.', per_feature: 'One weight a term.', per_channel: 'One weight a term and channel.' };
  if (key === 'weights_normalization')
    return { none: 'Weights as they are.', relu: 'Each by the sum of those above zero.', softmax: 'By softmax.' };
  return switches.has(key) ? { '0': 'No.', '1': 'Yes.' } : {};
}
