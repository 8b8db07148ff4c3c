// The same network, written in PyTorch, Keras and TF-slim, from the same weights: the same channels are alive at every step.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { readPython } from '../../../support/python-model.ts';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import { runConfig } from '../../../support/run-folder.ts';
import { runOf } from './small-run.ts';

const pytorch = `import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(6, momentum=0.1, eps=1e-5)
        self.inner = nn.Conv2d(6, 8, 3, padding=1, bias=False)
        self.inner_norm = nn.BatchNorm2d(8, momentum=0.1, eps=1e-5)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.stem(x)))
        x = torch.relu(self.inner_norm(self.inner(x)))
        return self.head(x.mean((2, 3)))

net = Net()
net(torch.randn(1, 1, 8, 8))
`;

const keras = `import keras
from keras import layers

image = keras.Input((8, 8, 1))
x = layers.Conv2D(6, 3, padding="same", use_bias=False)(image)
x = layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
x = layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
net = keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
`;

const slim = `# morphnet: entry=net input=8x8x1
import tensorflow as tf
import tf_slim as slim

def net(image):
    with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm,
                        normalizer_params={'scale': True, 'decay': 0.9, 'epsilon': 1e-5}):
        x = slim.conv2d(image, 6, 3)
        x = slim.conv2d(x, 8, 3)
    return slim.fully_connected(tf.reduce_mean(x, [1, 2]), 3, activation_fn=None)
`;

/** The network with its weights named in order, so that all are drawn alike, and started by one rule. */
function comparable(text: string): NetworkGraph {
  const { graph } = readPython(text);
  if (graph === undefined) throw new Error('The network was not read');
  let count = 0;
  const ops = graph.ops.map((op) => ({
    ...op,
    parameters: op.parameters.map(({ role, shape }) => ({ id: `weight ${String(count++)}`, role, shape })),
  }));
  return { ...graph, ops };
}

describe('a network in three frameworks', () => {
  const texts = { pytorch, keras, slim };
  // Engines agree with each other: see engines-agree.test.ts.
  const engine = createOnnxEngine(1);
  it.each([
    ['by gammas', { algorithm: 'gamma', optimizer: 'adam', learningRate: 0.02 }],
    ['by gammas, with SGD', { algorithm: 'gamma', optimizer: 'sgd', learningRate: 0.05 }],
    ['by group lasso', { algorithm: 'group-lasso', optimizer: 'adam', learningRate: 0.02 }],
  ] as const)('has the same channels alive at every step %s', async (_, changes) => {
    const config = runConfig({ ...changes, steps: 60, aliveEvery: 5, checkpointEvery: 1000, batchSize: 8 });
    const runs = await Promise.all(
      Object.values(texts).map(async (text) => runOf(await engine, comparable(text), config)),
    );
    const [first, ...others] = runs.map(({ alive }) => alive.map((each) => each.alive));
    const total = (alive: readonly number[] | undefined): number => (alive ?? []).reduce((sum, each) => sum + each, 0);
    expect(total(first?.at(-1))).toBeLessThan(total(first?.[0]));
    for (const other of others) expect(other).toEqual(first);
  });
});
