// Keras models read from their text. Figures are closed formulas; every application of Keras is held against Keras itself by
// `npm run check:keras`.

import { describe, expect, test } from 'vitest';
import { LineIndex } from '../../../../server/src/common/line-index.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { readPython } from '../../../support/python-model.ts';

/** The layers with parameters: name, shape that it gives, trained parameters. */
function layersOf(graph: NetworkGraph | undefined): readonly string[] {
  return (graph?.ops ?? [])
    .filter(({ parameters }) => parameters.length > 0)
    .map(({ name, outputs, parameters }) => {
      const shape = graph?.values[outputs[0] ?? -1]?.shape.slice(1).map(String).join('x') ?? '';
      const count = parameters
        .filter(({ role }) => !role.startsWith('running'))
        .reduce((sum, each) => sum + each.shape.reduce<number>((all, size) => all * Number(size), 1), 0);
      return `${name} ${shape} ${String(count)}`;
    });
}

const read = (text: string): NetworkGraph | undefined => readPython(text).graph;

const header = 'import keras\nfrom keras import layers, ops\n\n\n';

describe('ways to put layers together', () => {
  const expected = [
    `conv2d 30x30x8 ${String(3 * 3 * 3 * 8 + 8)}`,
    `batch_normalization 30x30x8 16`,
    `dense 10 ${String(8 * 10 + 10)}`,
  ];
  const parts = [
    'layers.Conv2D(8, 3, activation="relu")',
    'layers.BatchNormalization()',
    'layers.GlobalAveragePooling2D()',
    'layers.Dense(10)',
  ];

  test('Sequential, as a list with an input', () => {
    const text = `${header}net = keras.Sequential([keras.Input((32, 32, 3)), ${parts.join(', ')}])\n`;
    expect(layersOf(read(text))).toEqual(expected);
  });

  test('Sequential, layer by layer, with the input shape on the first one', () => {
    const [first = '', ...rest] = parts;
    const added = [first.replace(')', ', input_shape=(32, 32, 3))'), ...rest].map((part) => `net.add(${part})`);
    expect(layersOf(read(`${header}net = keras.Sequential()\n${added.join('\n')}\n`))).toEqual(expected);
  });

  test('Sequential whose input `build` tells', () => {
    const text = `${header}net = keras.Sequential([${parts.join(', ')}])\nnet.build((None, 32, 32, 3))\n`;
    expect(layersOf(read(text))).toEqual(expected);
  });

  test('functional, with the ends by name', () => {
    const calls = parts.map((part) => `x = ${part}(x)`).join('\n');
    const text = `${header}a = x = keras.Input(shape=(32, 32, 3))\n${calls}\nnet = keras.Model(inputs=a, outputs=x)\n`;
    expect(layersOf(read(text))).toEqual(expected);
  });

  test('a model of its own class', () => {
    const names = ['a', 'b', 'c', 'd'];
    const text = `# morphnet: entry=Net() input=32x32x3
${header}class Net(keras.Model):
    def __init__(self):
        super().__init__()
${parts.map((part, i) => `        self.${names[i] ?? ''} = ${part}`).join('\n')}

    def call(self, inputs, training=None):
        return self.d(self.c(self.b(self.a(inputs), training=training)))
`;
    expect(layersOf(read(text))).toEqual(expected);
  });

  test.each(['from tensorflow import keras', 'import tensorflow.keras as keras', 'import tf_keras as keras'])(
    '%s',
    (written) => {
      const text = `${written}\nfrom tensorflow.keras import layers\nimport tensorflow as tf\n
net = tf.keras.Sequential([keras.Input((32, 32, 3)), ${parts.join(', ')}])\n`;
      expect(layersOf(read(text))).toEqual(expected);
    },
  );
});

/** One layer on an input, whose output shape, parameters and multiply-adds are known by formula. */
const layers: readonly (readonly [layer: string, input: string, ...expected: readonly string[]])[] = [
  ['Conv2D(8, 3, strides=2, padding="same")', '33, 32, 3', 'conv2d 17x16x8 224'],
  ['Conv2D(8, 3, padding="same", data_format="channels_first")', '3, 32, 30', 'conv2d 8x32x30 224'],
  ['Conv2D(8, (3, 5), dilation_rate=(2, 1), use_bias=False)', '16, 16, 4', 'conv2d 12x12x8 480'],
  ['Conv2D(8, 3, groups=2)', '16, 16, 4', `conv2d 14x14x8 ${String(3 * 3 * 2 * 8 + 8)}`],
  ['Conv1D(6, 3, padding="causal")', '20, 4', `conv1d 20x6 ${String(3 * 4 * 6 + 6)}`],
  ['DepthwiseConv2D(3, depth_multiplier=2)', '16, 16, 4', `depthwise_conv2d 14x14x8 ${String(9 * 8 + 8)}`],
  [
    'SeparableConv2D(6, 3)',
    '16, 16, 4',
    `separable_conv2d/depthwise 14x14x4 36`,
    `separable_conv2d 14x14x6 ${String(4 * 6 + 6)}`,
  ],
  ['Conv2DTranspose(8, 3, strides=2, padding="same")', '16, 16, 4', 'conv2d_transpose 32x32x8 296'],
  ['Conv2DTranspose(8, 5, strides=2)', '16, 16, 4', 'conv2d_transpose 35x35x8 808'],
  ['Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=0)', '16, 16, 4', 'conv2d_transpose 31x31x8 296'],
  ['Dense(7)', '5, 4', `dense 5x7 35`],
  ['EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")', '5, 4', 'einsum_dense 5x8 40'],
  ['Embedding(100, 8)', '20,', 'embedding 20x8 800'],
  ['LayerNormalization()', '5, 4', 'layer_normalization 5x4 8'],
  ['BatchNormalization(scale=False, axis=1)', '3, 8, 8', 'batch_normalization 3x8x8 3'],
  ['GroupNormalization(groups=2)', '8, 8, 4', 'group_normalization 8x8x4 8'],
  ['PReLU(shared_axes=[1, 2])', '8, 8, 4', 'p_re_lu 8x8x4 4'],
  ['LSTM(6)', '20, 4', `lstm 20x24 ${String(4 * 24 + 24)}`, `lstm/recurrent 20x24 ${String(6 * 24)}`],
  [
    'GRU(6, return_sequences=True)',
    '20, 4',
    `gru 20x18 ${String(4 * 18 + 18)}`,
    `gru/recurrent 20x18 ${String(6 * 18 + 18)}`,
  ],
];

test.each(layers)('%s on (%s)', (layer, input, ...expected) => {
  const { graph, problems } = readPython(
    `${header}net = keras.Sequential([keras.Input((${input})), layers.${layer}])\n`,
  );
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  expect(layersOf(graph)).toEqual(expected);
});

test('names are counted as a fresh program counts them, and each layer stands where it is made', () => {
  const text = `${header}def block(x, width):
    y = layers.Conv2D(width, 3, padding="same")(x)
    y = layers.Conv2D(width, 3, padding="same", name="second")(y)
    return layers.ReLU()(x + y)


inputs = keras.Input((8, 8, 4))
net = keras.Model(inputs, block(block(inputs, 4), 4))
`;
  const graph = read(text);
  const index = new LineIndex(text);
  expect(
    graph?.ops
      .filter(({ attributes }) => attributes.kind !== 'input')
      .map(({ name, site }) => `${name} ${String(index.positionAt(site!.span.start).line + 1)}`),
  ).toEqual(['conv2d 6', 'second 7', 'add 8', 're_lu 8', 'conv2d_1 6', 'second_1 7', 'add_1 8', 're_lu_1 8']);
});

test('a shared layer counts once, a nested model by its path', () => {
  const graph = read(`# morphnet: entry=net
${header}shared = layers.Dense(8)
inner = keras.Sequential([keras.Input((8,)), layers.Dense(3)], name="head")
a, b = keras.Input((8,)), keras.Input((8,))
net = keras.Model([a, b], inner(layers.add([shared(a), shared(b)])))
`);
  expect(layersOf(graph)).toEqual(['dense 8 72', 'dense_1 8 72', 'head/dense_1 3 27']);
  expect(graph?.ops.flatMap(({ parameters }) => parameters.map(({ id }) => id))).toEqual([
    'dense/kernel',
    'dense/bias',
    'dense/kernel',
    'dense/bias',
    'head/dense_1/kernel',
    'head/dense_1/bias',
  ]);
});

test('a part of a model, by the output of one of its layers', () => {
  const graph = read(`# morphnet: entry=net
${header}base = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="cut"), layers.Dense(3)])
net = keras.Model(base.input, layers.Dense(2)(base.get_layer("cut").output))
`);
  expect(layersOf(graph)).toEqual(['cut 4 36', 'dense_1 2 10']);
});

test('a layer of the source is built with the shape that it is given', () => {
  const graph = read(`${header}class Scale(layers.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, inputs):
        return ops.relu(inputs * self.factor)


net = keras.Sequential([keras.Input((8, 8, 4)), Scale(), layers.Conv2D(2, 1)])
`);
  expect(layersOf(graph)).toEqual(['scale/factor  4', 'conv2d 8x8x2 10']);
});

test('the graph says whose model it is', () => {
  const both = `import torch
${header}class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


net = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
`;
  expect(read(both)?.framework).toBe('keras');
  expect(read(`# morphnet: entry=Net() input=4\n${both}`)?.framework).toBe('pytorch');
});

test('what does not fit is an error with both shapes', () => {
  const { problems } = readPython(`${header}inputs = keras.Input((8, 8, 4))
net = keras.Model(inputs, layers.add([layers.Conv2D(4, 1)(inputs), layers.Conv2D(3, 1)(inputs)]))
`);
  expect(problems.map(({ code }) => code)).toEqual(['shape-mismatch']);
  expect(problems[0]?.message).toMatch(/8×8×4.*8×8×3/);
});

test('weights start as Keras starts them, and running statistics move as Keras moves them', () => {
  const graph =
    read(`${header}net = keras.Sequential([keras.Input((8, 8, 4)), layers.Conv2D(2, 1, kernel_initializer="he_normal"),
    layers.BatchNormalization(momentum=0.9, epsilon=1e-4), layers.Dense(3)])
`);
  expect(graph?.ops.flatMap(({ parameters }) => parameters.map(({ initializer }) => initializer))).toEqual([
    { kind: 'variance-scaling', scale: 2, fan: 'in', distribution: 'normal' },
    { kind: 'constant', value: 0 },
    undefined,
    { kind: 'constant', value: 0 },
    undefined,
    undefined,
    { kind: 'variance-scaling', scale: 1, fan: 'average', distribution: 'uniform' },
    { kind: 'constant', value: 0 },
  ]);
  const norm = graph?.ops.find(({ attributes }) => attributes.kind === 'batch-norm')?.attributes;
  expect(norm?.kind === 'batch-norm' && [norm.epsilon, norm.momentum?.toFixed(3)]).toEqual([1e-4, '0.100']);
});

test('sizes that the model leaves open are assumed, and said to be', () => {
  const graph = read(`${header}net = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 1)])\n`);
  expect(graph?.entry.input).toMatchObject({ shapes: [[224, 224, 3]], from: 'default' });
});

test('a layer that is not modelled makes the totals lower bounds', () => {
  const { graph } = readPython(
    `${header}net = keras.Sequential([keras.Input((4, 8, 8, 3)), layers.ConvLSTM2D(2, 3)])\n`,
  );
  expect(graph?.unknowns.map(({ reason }) => reason)).toEqual(['The layer ConvLSTM2D is not modelled']);
});

/** The trained parameters of a model that is read whole; what is missing otherwise. */
function trainedOf(text: string): number | string {
  const { graph, problems } = readPython(`${header}${text}\n`);
  const lost = graph?.unknowns[0]?.reason ?? problems.find(({ severity }) => severity === 'error')?.message;
  if (graph === undefined || lost !== undefined) return lost ?? 'nothing is read';
  const sizes = new Map(
    graph.ops.flatMap(({ parameters }) =>
      parameters
        .filter(({ role }) => !role.startsWith('running'))
        .map(({ id, shape }) => [id, shape.reduce<number>((all, size) => all * Number(size), 1)] as const),
    ),
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

const shapeOf = (text: string): readonly (number | string)[] => {
  const graph = read(`${header}${text}\n`);
  return (graph?.values[graph.outputs[0] ?? -1]?.shape ?? []).slice(1).map((size) => Number(size));
};

describe('layers that are made of others', () => {
  const model = (input: string, call: string): string => `i = keras.Input(${input})\nmodel = keras.Model(i, ${call})`;

  test('attention over several axes', () => {
    const text = model('(4, 5, 16)', 'layers.MultiHeadAttention(4, 8, attention_axes=(1, 2))(i, i)');
    expect(trainedOf(text)).toBe(3 * (16 * 32 + 32) + 32 * 16 + 16);
    expect(shapeOf(text)).toEqual([4, 5, 16]);
    expect(trainedOf(model('(4, 5, 16)', 'layers.MultiHeadAttention(4, 8, attention_axes=2)(i, i)'))).toMatch(/axes/);
  });

  test('attention with learned scales', () => {
    expect(trainedOf(model('(5, 8)', 'layers.Attention(use_scale=True)([i, i])'))).toBe(1);
    expect(trainedOf(model('(5, 8)', 'layers.Attention(score_mode="concat")([i, i])'))).toBe(1);
    expect(trainedOf(model('(5, 8)', 'layers.AdditiveAttention()([i, i])'))).toBe(8);
  });

  test('cells over a sequence', () => {
    const lstm = 4 * 6 * (8 + 6 + 1);
    // With `reset_after` a GRU has a bias for each of its products.
    const gru = 3 * 4 * (6 + 4 + 2);
    expect(trainedOf(model('(5, 8)', 'layers.RNN(layers.LSTMCell(6))(i)'))).toBe(lstm);
    const stacked = model('(5, 8)', 'layers.RNN([layers.LSTMCell(6), layers.GRUCell(4)])(i)');
    expect(trainedOf(stacked)).toBe(lstm + gru);
    expect(shapeOf(stacked)).toEqual([4]);
    const whole = 'layers.RNN(layers.StackedRNNCells([layers.SimpleRNNCell(3)]), return_sequences=True)(i)';
    expect(shapeOf(model('(5, 8)', whole))).toEqual([5, 3]);
  });

  test("convolutions with weights of the source's own layers", () => {
    const layer = (run: string): string => `class Own(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], 5))
        self.bias = self.add_weight(shape=(5,), initializer="zeros")

    def call(self, x):
        return ${run}

i = keras.Input((8, 8, 3))
model = keras.Model(i, Own()(i))`;
    for (const run of [
      'ops.conv(x, self.kernel, strides=2, padding="same") + self.bias',
      'tf.nn.bias_add(tf.nn.conv2d(x, self.kernel, strides=[1, 2, 2, 1], padding="SAME"), self.bias)',
    ]) {
      const text = `import tensorflow as tf\n${layer(run)}`;
      expect(trainedOf(text)).toBe(3 * 3 * 3 * 5 + 5);
      expect(shapeOf(text)).toEqual([4, 4, 5]);
    }
    expect(shapeOf(layer('ops.depthwise_conv(x, self.kernel, padding="valid")'))).toEqual([6, 6, 15]);
  });
});

test('shapes that a model is asked for', () => {
  const text = `# morphnet: entry=model
base = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(4, 3)])
i = keras.Input(base.input_shape[1:])
model = keras.Model(i, layers.Dense(base.output_shape[-1])(base(i)))`;
  expect(trainedOf(text)).toBe(3 * 3 * 3 * 4 + 4 + 4 * 4 + 4);
});

test('a layer whose call cannot be followed keeps its parameters, and says where it was lost', () => {
  const { graph, textAt } = readPython(`${header}from elsewhere import mystery

class Odd(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 7))

    def call(self, x):
        return mystery(x, self.kernel)

i = keras.Input((8, 8, 3))
model = keras.Model(i, layers.Conv2D(4, 1)(Odd()(i)))
`);
  const idle = (graph?.idle ?? []).flatMap(({ name, parameters }) =>
    parameters.map(({ shape }) => [name, shape] as const),
  );
  expect(idle).toContainEqual(['odd', [3, 7]]);
  expect(graph?.unknowns.map(({ span }) => textAt(span))).toContainEqual(expect.stringMatching(/mystery/));
});

test.each(['keras.activations.glu(i)', 'layers.Activation("glu")(i)'])('%s is no function of one element', (gate) => {
  const { graph } = readPython(`${header}# morphnet: entry=model
i = keras.Input((8,))
model = keras.Model(i, layers.Dense(4)(${gate}))
`);
  expect(graph?.unknowns.map(({ reason }) => reason)).toContainEqual(expect.stringContaining('glu'));
});

describe('programs for Keras 2 and before', () => {
  test('ask tensors for their sizes in every way that there was', () => {
    const uses = [
      'x.shape[-1].value',
      'x._keras_shape[-1]',
      'x._shape_val[-1]',
      'x.shape[1:].as_list()[-1]',
      'x.get_shape().ndims * 2',
      'x.shape.num_elements() // 32 // 32 if x.shape.is_fully_defined() else 8',
    ];
    for (const use of uses) {
      const text = `${header}a = keras.Input((32, 32, 8))\nx = layers.ReLU()(a)\nx = layers.Conv2D(${use}, 1)(x)\nnet = keras.Model(a, x)\n`;
      expect(layersOf(read(text)), use).toEqual([`conv2d 32x32x8 ${String(8 * 8 + 8)}`]);
    }
  });

  test('compute with functions of the backend, by factors and with weights of their own', () => {
    const text = `import keras.backend as K
from keras import layers, Input, Model


class Depthwise(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], 1), name='kernel')

    def call(self, x):
        return K.depthwise_conv2d(x, self.kernel, strides=(2, 2), padding='same')


a = Input((16, 16, 6))
x = Depthwise()(a)
x = layers.Lambda(lambda t: K.resize_images(t, 4, 2, 'channels_last', interpolation='bilinear'))(x)
x = layers.Lambda(lambda t: K.spatial_2d_padding(t, ((1, 2), (3, 4))))(x)
x = layers.Lambda(lambda t: K.pool2d(t, (5, 1), strides=(5, 1), pool_mode='avg'))(x)
x = layers.Conv2D(4, 1)(x)
x = layers.Lambda(lambda t: K.batch_flatten(t))(x)
net = Model(a, layers.Dense(2)(x))
`;
    const [depthwise, ...others] = layersOf(read(text));
    expect(depthwise).toMatch(/ 8x8x6 54$/);
    expect(others).toEqual([`conv2d 7x23x4 28`, `dense 2 ${String(7 * 23 * 4 * 2 + 2)}`]);
  });

  test('keep settings in flags, whichever module they are taken from', () => {
    const text = `import tensorflow as tf
from absl import flags
from tensorflow.keras import layers

flags.DEFINE_integer('width', 12, 'how wide')
tf.app.flags.DEFINE_bool('wide', False, '')
FLAGS = tf.compat.v1.flags.FLAGS
net = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Conv2D(FLAGS.width * (2 if FLAGS.wide else 1), 1)])
`;
    expect(layersOf(read(text))).toEqual(['conv2d 8x8x12 48']);
  });

  test('take widths from arrays of NumPy that are told their kind, joined and turned around', () => {
    const text = `import numpy as np
${header}
class Anchors:
    def __init__(self, ratios):
        self.ratios = ratios


Anchors.default = Anchors(np.array([0.5, 1, 2], keras.backend.floatx()))
more = np.append(Anchors.default.ratios, 3)
if not isinstance(more, np.ndarray):
    raise ValueError('expected an array')
table = np.zeros((2, 5), np.float32).transpose()
taller = np.append(table, np.ones((1, 2), dtype='float32'), axis=0)
net = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(len(more), 1), layers.Conv2D(taller.shape[0], 1)])
`;
    expect(layersOf(read(text))).toEqual(['conv2d 8x8x4 16', 'conv2d_1 8x8x6 30']);
  });
});

test('functions that make models of what they are given are named with it, where a file offers nothing', () => {
  const { problems } = readPython(`from keras.layers import *
from .shared import finished


def _network(classes, encoder, size=64):
    image, x = encoder(size)
    x = Conv2D(classes, 3)(x)
    net = finished(image, x)
    return net


def vgg_network(n_classes, size=64):
    net = _network(n_classes, None, size=size)
    net.name = 'vgg'
    return net
`);
  expect(problems.map(({ message }) => message)).toEqual([
    'Nothing in this file can be made without arguments that it does not tell: vgg_network needs n_classes. Name one with its arguments in a comment: # morphnet: entry=vgg_network(n_classes=…)',
  ]);
});
