// Models of TF-slim and TensorFlow 1 read from their text. Figures are closed formulas; slim's own networks are held against
// TensorFlow by `npm run check:tf-slim`.

import { describe, expect, test } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { pythonFrontend } from '../../../support/python-frontend.ts';
import { mainDocument, readPython } from '../../../support/python-model.ts';

const read = (text: string): NetworkGraph | undefined => readPython(text).graph;

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

const conv = (kernel: number, from: number, to: number): number => kernel * kernel * from * to;

describe('ways to name slim', () => {
  const imports = [
    'import tensorflow as tf\nslim = tf.contrib.slim',
    'import tensorflow as tf\nimport tensorflow.contrib.slim as slim',
    'import tensorflow as tf\nfrom tensorflow.contrib import slim',
    'import tensorflow as tf\nfrom tensorflow.contrib import layers as slim',
    'import tensorflow.compat.v1 as tf\nimport tf_slim as slim',
    'import tensorflow as tf\nimport tensorflow.contrib.layers as slim',
  ];
  test.each(imports)('%s', (text) => {
    const graph = read(`${text}

def net(images, num_classes=10):
    x = slim.conv2d(images, 8, [3, 3], stride=2, normalizer_fn=slim.batch_norm, scope='conv1')
    x = slim.flatten(slim.max_pool2d(x, [2, 2]))
    return slim.fully_connected(x, num_classes, activation_fn=None)

net.default_image_size = 32
`);
    expect(graph?.framework).toBe('tf-slim');
    // Behind a normalizer there is no bias, and slim's batch norm has no scale.
    expect(layersOf(graph)).toEqual([
      `conv1 16x16x8 ${String(conv(3, 3, 8))}`,
      'conv1/BatchNorm 16x16x8 8',
      `fully_connected 10 ${String(8 * 8 * 8 * 10 + 10)}`,
    ]);
  });
});

const header = 'import tensorflow as tf\nslim = tf.contrib.slim\n\n';
const sized = 'net.default_image_size = 8\n';

describe('argument scopes', () => {
  const body = (inside: string): string => `${header}def net(x):\n${inside}\n    return x\n\n${sized}`;

  test('give arguments that a call does not give, inner ones first', () => {
    const graph = read(
      body(`    with slim.arg_scope([slim.conv2d], padding='VALID', activation_fn=None):
        with slim.arg_scope([slim.conv2d, slim.fully_connected], biases_initializer=None):
            x = slim.conv2d(x, 4, [3, 3])
        x = slim.conv2d(x, 4, [3, 3], padding='SAME')
    x = slim.conv2d(x, 4, 3)`),
    );
    expect(layersOf(graph)).toEqual([
      `Conv 6x6x4 ${String(conv(3, 3, 4))}`,
      `Conv_1 6x6x4 ${String(conv(3, 4, 4) + 4)}`,
      `Conv_2 6x6x4 ${String(conv(3, 4, 4) + 4)}`,
    ]);
    expect(graph?.ops.filter(({ attributes }) => attributes.kind === 'activation')).toHaveLength(1);
  });

  test('are given on as they were, and used as decorators', () => {
    const text = `${header}def scope():
    with slim.arg_scope([slim.conv2d], biases_initializer=None) as sc:
        return sc

@slim.arg_scope([slim.conv2d], activation_fn=None)
def block(x, width):
    return slim.conv2d(x, width, 1)

def net(x):
    with slim.arg_scope(scope()):
        x = slim.conv2d(x, 4, 1, scope='first')
        x = block(x, 5)
    return x

${sized}`;
    expect(layersOf(read(text))).toEqual(['first 8x8x4 12', 'Conv 8x8x5 20']);
  });

  test("reach functions of the source's own", () => {
    const text = `${header}@slim.add_arg_scope
def unit(x, width=2, scope=None):
    with tf.variable_scope(scope, 'unit', [x]):
        return slim.conv2d(x, width, 1, biases_initializer=None)

def net(x):
    with slim.arg_scope([unit], width=6):
        x = unit(x)
        return unit(x, width=3)

${sized}`;
    expect(layersOf(read(text))).toEqual(['unit/Conv 8x8x6 18', 'unit_1/Conv 8x8x3 18']);
  });

  test('that the file keeps for a function are part of its entry', () => {
    const { graph } = readPython(`${header}def net(x):
    return slim.conv2d(x, 4, 1)

def net_arg_scope():
    with slim.arg_scope([slim.conv2d], biases_initializer=None) as sc:
        return sc

${sized}`);
    expect(graph?.entry.name).toBe('slim.arg_scope(net_arg_scope())(net)');
    expect(layersOf(graph)).toEqual(['Conv 8x8x4 12']);
  });
});

describe('which function of tensors is the model', () => {
  test('a block that `repeat` is handed is a part of the one that repeats it', () => {
    const { graph } = readPython(`${header}def block(x, scale=1.0, scope=None):
    return x + scale * slim.conv2d(x, 4, 1)

def inference(images, keep_probability, phase_train=True):
    x = slim.conv2d(images, 4, 1)
    return slim.repeat(x, 2, block, scale=0.5)

${sized}`);
    expect(graph?.entry.name).toBe('inference(keep_probability=1.0)');
    expect(layersOf(graph).map((layer) => layer.split(' ').at(-1))).toEqual(['16', '20', '20']);
  });

  test("a method's call of it means nothing by the method's own arguments, and is made in the file's scope", () => {
    const { graph } = readPython(`${header}class Net(object):
    def net(self, inputs, is_training=True):
        return ssd_net(inputs, num_classes=self.params, is_training=is_training)

def ssd_net(inputs, num_classes=4, is_training=True):
    return slim.conv2d(inputs, num_classes, 3)

def ssd_arg_scope():
    with slim.arg_scope([slim.conv2d], padding='VALID') as sc:
        return sc

${sized.replace('net', 'ssd_net')}`);
    expect(graph?.entry.name).toBe('slim.arg_scope(ssd_arg_scope())(ssd_net)(is_training=True)');
    expect(layersOf(graph)).toEqual(['Conv 6x6x4 112']);
  });

  test('what a function of tensors keeps is none, beside a placeholder of the program', () => {
    const text = `${header}def net(x):
    y = slim.conv2d(x, 4, 1)
    return slim.conv2d(y, 5, 1)

if __name__ == '__main__':
    image = tf.placeholder(tf.float32, [None, 8, 8, 3])
    out = net(image)
`;
    const { entries } = pythonFrontend.entries(mainDocument, { roots: [], read: () => text });
    expect(entries.map(({ name }) => name)).toEqual(['out', 'net()']);
  });
});

describe('names and shared variables', () => {
  const net = (inside: string): readonly string[] =>
    layersOf(read(`${header}def net(x):\n${inside}\n    return x\n\n${sized}`));

  test('repeat and stack', () => {
    expect(
      net(`    x = slim.repeat(x, 2, slim.conv2d, 4, 1, scope='conv1')
    x = slim.stack(x, slim.conv2d, [(5, 1), (6, 1)], scope='conv2')
    x = slim.stack(slim.flatten(x), slim.fully_connected, [2, 3])`),
    ).toEqual([
      'conv1/conv1_1 8x8x4 16',
      'conv1/conv1_2 8x8x4 20',
      'conv2/conv2_1 8x8x5 25',
      'conv2/conv2_2 8x8x6 36',
      `Stack/fully_connected_1 2 ${String(8 * 8 * 6 * 2 + 2)}`,
      'Stack/fully_connected_2 3 9',
    ]);
  });

  test('a scope that is opened again has the variables that it has', () => {
    const lines = net(`    with tf.variable_scope('tower') as scope:
        a = slim.conv2d(x, 4, 1, scope='conv')
        scope.reuse_variables()
        b = slim.conv2d(x, 4, 1, scope='conv')
    with tf.variable_scope('tower', reuse=True):
        c = slim.conv2d(x, 4, 1, scope='conv')
    x = tf.add_n([a, b, c])`);
    expect(lines).toHaveLength(3);
    const graph = read(`${header}def net(x):
    a = slim.conv2d(x, 4, 1, scope='conv')
    return a + slim.conv2d(x, 4, 1, scope='conv', reuse=True)

${sized}`);
    expect(new Set(graph?.ops.flatMap(({ parameters }) => parameters.map(({ id }) => id))).size).toBe(2);
  });

  test('tf.layers', () => {
    expect(
      net(`    x = tf.layers.conv2d(x, 4, 3, padding='same', activation=tf.nn.relu)
    x = tf.layers.batch_normalization(x, training=True)
    x = tf.layers.conv2d(x, filters=5, kernel_size=(1, 1), use_bias=False)
    x = tf.layers.separable_conv2d(x, 6, 3, name='sep')
    x = tf.layers.max_pooling2d(x, 2, 2)
    x = tf.layers.dense(tf.layers.flatten(x), units=10)`),
    ).toEqual([
      `conv2d 8x8x4 ${String(conv(3, 3, 4) + 4)}`,
      'batch_normalization 8x8x4 8',
      'conv2d_1 8x8x5 20',
      'sep/depthwise 6x6x5 45',
      'sep 6x6x6 36',
      `dense 10 ${String(3 * 3 * 6 * 10 + 10)}`,
    ]);
  });
});

describe('variables of the program', () => {
  const deep = `import tensorflow as tf

def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))

def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))

`;
  const layers = [
    'x = tf.placeholder(tf.float32, [None, 784])',
    'image = tf.reshape(x, [-1, 28, 28, 1])',
    'W1 = weight_variable([5, 5, 1, 32])',
    "h = tf.nn.relu(tf.nn.conv2d(image, W1, [1, 1, 1, 1], 'SAME') + bias_variable([32]))",
    "h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')",
    'keep_prob = tf.placeholder(tf.float32)',
    'flat = tf.nn.dropout(tf.reshape(h, [-1, 14 * 14 * 32]), keep_prob)',
    'logits = tf.matmul(flat, weight_variable([14 * 14 * 32, 10])) + bias_variable([10])',
    'loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=y))',
  ];
  const figures = { params: conv(5, 1, 32) + 32 + 14 * 14 * 32 * 10 + 10, kinds: ['convolution', 'dense'] };
  const figuresOf = (graph: NetworkGraph | undefined): typeof figures => ({
    params: (graph?.ops ?? [])
      .flatMap(({ parameters }) => parameters)
      .reduce((sum, { shape }) => sum + shape.reduce<number>((all, size) => all * Number(size), 1), 0),
    kinds: (graph?.ops ?? []).map(({ attributes }) => attributes.kind).filter((kind) => /^(conv|dense)/.test(kind)),
  });

  test('from a placeholder at the top level', () => {
    const graph = read(`${deep}${layers.join('\n')}\n`);
    expect(graph?.entry.name).toBe('logits');
    expect(figuresOf(graph)).toEqual(figures);
    expect(graph?.values[graph.inputs[0] ?? -1]?.shape).toEqual([1, 784]);
  });

  test('in a function that the program calls', () => {
    const body = layers.map((line) => `    ${line}`).join('\n');
    expect(
      figuresOf(read(`${deep}def main(_):\n${body}\n\nif __name__ == '__main__':\n    tf.app.run(main)\n`)),
    ).toEqual(figures);
  });

  test('kept by a class', () => {
    const body = layers
      .map((line) => `        ${line.replace('logits =', 'self.logits =').replace('=logits', '=self.logits')}`)
      .join('\n');
    const graph = read(`${deep}class Net:\n    def __init__(self):\n${body}\n\nnet = Net()\n`);
    expect(graph?.entry.name).toBe('Net.logits');
    expect(figuresOf(graph)).toEqual(figures);
  });

  test('by name, with the normalisation and the bias of a program of its own', () => {
    const graph = read(`import tensorflow as tf

def conv_bn(x, width, name):
    with tf.variable_scope(name):
        w = tf.get_variable('w', [3, 3, x.get_shape()[-1], width], initializer=tf.contrib.layers.xavier_initializer())
        x = tf.nn.conv2d(x, w, strides=[1, 2, 2, 1], padding='SAME')
        gamma = tf.get_variable('gamma', [width], initializer=tf.ones_initializer())
        beta = tf.get_variable('beta', [width], initializer=tf.zeros_initializer())
        mean, variance = tf.nn.moments(x, [0, 1, 2])
        return tf.nn.relu(tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3))

def net(images):
    x = conv_bn(images, 8, 'c1')
    x = conv_bn(x, 16, 'c2')
    with tf.variable_scope('fc'):
        w = tf.get_variable('w', shape=[16, 10])
        b = tf.get_variable('b', shape=[10])
        return tf.nn.xw_plus_b(tf.reduce_mean(x, [1, 2]), w, b)

net.default_image_size = 32
`);
    expect(layersOf(graph).slice(0, 5)).toEqual([
      `c1 16x16x8 ${String(conv(3, 3, 8))}`,
      'c1/batchnorm 16x16x8 16',
      `c2 8x8x16 ${String(conv(3, 8, 16))}`,
      'c2/batchnorm 8x8x16 32',
      'fc 10 160',
    ]);
  });
});

describe("the model of MorphNet's own README", () => {
  const build = (first: string, second: string, dense: string): string => `import tensorflow as tf
from morph_net.network_regularizers import flop_regularizer
from morph_net.probabilistic_gating import activation_gating

def build_model(inputs, labels, is_training):
    gated_relu = activation_gating.gated_relu_activation()
    net = ${first}
    net = gated_relu(net, is_training=is_training)
    net = ${second}
    net = gated_relu(net, is_training=is_training)
    logits = tf.reduce_mean(net, [1, 2])
    logits = ${dense}
    return logits

inputs, labels = preprocessor()
logits = build_model(inputs, labels, is_training=True)
network_regularizer = flop_regularizer.LogisticSigmoidFlopsRegularizer(
    output_boundary=[logits.op], input_boundary=[inputs.op, labels.op], alive_threshold=0.1)
`;
  test.each([
    [
      'as it stands',
      'tf.layers.conv2d(inputs, kernel=[5, 5], num_outputs=256)',
      'tf.layers.conv2d(net, kernel=[3, 3], num_outputs=1024)',
      'tf.layers.dense(logits, units=1024)',
    ],
    [
      "with TensorFlow's own words",
      'tf.layers.conv2d(inputs, filters=256, kernel_size=[5, 5])',
      'tf.layers.conv2d(net, 1024, 3)',
      'tf.layers.dense(logits, 1024)',
    ],
  ])('%s', (_, first, second, dense) => {
    const graph = read(build(first, second, dense));
    expect(layersOf(graph)).toEqual([
      `conv2d 220x220x256 ${String(conv(5, 3, 256) + 256)}`,
      'gating_logits  256',
      `conv2d_1 218x218x1024 ${String(conv(3, 256, 1024) + 1024)}`,
      'gating_logits_1  1024',
      `dense 1024 ${String(1024 * 1024 + 1024)}`,
    ]);
  });
});

describe('bad input', () => {
  test('what is not understood is unknown, with its place; the layers before it stay', () => {
    const text = `${header}def net(x):
    x = slim.conv2d(x, 4, 1, scope='known')
    x = mystery(x)
    return slim.conv2d(x, 4, 1, scope='behind')

${sized}`;
    const graph = read(text);
    expect(layersOf(graph)).toEqual(['known 8x8x4 16']);
    expect(graph?.unknowns.length).toBeGreaterThan(0);
  });

  test('an unknown argument scope marks the model', () => {
    const graph = read(`${header}from elsewhere import make_scope

def net(x):
    with slim.arg_scope(make_scope()):
        return slim.conv2d(x, 4, 1)

${sized}`);
    expect(graph?.unknowns.length).toBeGreaterThan(0);
  });

  test('a function of tensors in a file of another framework is no model', () => {
    expect(
      readPython('import torch.nn.functional as F\n\ndef net(x, w):\n    return F.conv2d(x, w)\n').graph,
    ).toBeUndefined();
  });
});
