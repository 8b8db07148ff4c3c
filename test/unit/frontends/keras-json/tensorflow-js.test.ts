// Models that TensorFlow.js itself writes: it says how many weights they have and what each layer gives.

import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { sessionOver, uriOf } from '../../../support/analysis-session.ts';
import { layer } from '../../../support/keras-json.ts';

const { layers, input, model, sequential } = tf;

/** The manifest that `model.save` writes beside the weights. */
function manifestOf(net: tf.LayersModel): string {
  return JSON.stringify({
    format: 'layers-model',
    generatedBy: 'TensorFlow.js tfjs-layers v4.22.0',
    convertedBy: null,
    modelTopology: net.toJSON(undefined, false),
    weightsManifest: [],
  });
}

function read(text: string): { readonly graph: NetworkGraph; readonly problems: readonly string[] } {
  const document = uriOf('model.json');
  const { models, problems } = sessionOver(new Map([['model.json', text]])).analyze(document);
  return { graph: models[0]!.graph, problems: problems.map(({ message }) => message) };
}

/** Weights of all kinds, as `countParams` counts them. */
function countParams({ ops }: NetworkGraph): number {
  const weights = new Map(ops.flatMap(({ parameters }) => parameters.map(({ id, shape }) => [id, shape] as const)));
  return [...weights.values()].reduce(
    (sum, shape) => sum + shape.reduce<number>((all, size) => all * Number(size), 1),
    0,
  );
}

function shapeOf({ ops, values }: NetworkGraph, name: string): readonly unknown[] | undefined {
  const last = ops.findLast((op) => op.name === name || op.name.startsWith(`${name}/`));
  return last && values[last.outputs[0]!]!.shape.slice(1);
}

const image = (): tf.SymbolicTensor => input({ shape: [16, 16, 3] });
const apply = (layer: tf.layers.Layer, given: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor =>
  layer.apply(given) as tf.SymbolicTensor;

const models: Readonly<Record<string, () => tf.LayersModel>> = {
  'a line of convolutions': () =>
    sequential({
      layers: [
        layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 5, activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2, strides: 2 }),
        layers.batchNormalization(),
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
        layers.separableConv2d({ filters: 12, kernelSize: 3, strides: 2 }),
        layers.flatten(),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 10, activation: 'softmax' }),
      ],
    }),
  'ways that part and meet': () => {
    const given = image();
    const left = apply(layers.conv2d({ filters: 6, kernelSize: 3, padding: 'same', activation: 'elu' }), given);
    const right = apply(layers.conv2d({ filters: 6, kernelSize: 1, useBias: false }), given);
    const sum = apply(layers.add(), [left, right]);
    const beside = apply(layers.concatenate(), [sum, given]);
    const small = apply(layers.averagePooling2d({ poolSize: [2, 2] }), beside);
    const big = apply(layers.upSampling2d({ size: [2, 2] }), small);
    return model({ inputs: given, outputs: [apply(layers.globalMaxPooling2d({}), big), sum] });
  },
  'a model in a model, and a shared layer': () => {
    const inner = sequential({ layers: [layers.dense({ units: 6, inputShape: [5], activation: 'tanh' })] });
    const shared = layers.dense({ units: 5 });
    const [one, other] = [input({ shape: [5] }), input({ shape: [5] })];
    const both = apply(layers.multiply(), [apply(shared, one), apply(shared, other)]);
    return model({ inputs: [one, other], outputs: apply(inner, both) });
  },
  'texts, both ways': () =>
    sequential({
      layers: [
        layers.embedding({ inputDim: 50, outputDim: 8, inputLength: 12 }),
        layers.bidirectional({
          layer: layers.lstm({ units: 7, returnSequences: true }),
          mergeMode: 'concat',
        }),
        layers.timeDistributed({ layer: layers.dense({ units: 4 }) }),
        layers.gru({ units: 3 }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    }),
  'an image made larger': () =>
    sequential({
      layers: [
        layers.dense({ units: 4 * 4 * 6, inputShape: [10] }),
        layers.reshape({ targetShape: [4, 4, 6] }),
        layers.conv2dTranspose({ filters: 5, kernelSize: 4, strides: 2, padding: 'same' }),
        layers.leakyReLU({ alpha: 0.1 }),
        layers.prelu({}),
        layers.zeroPadding2d({
          padding: [
            [1, 2],
            [0, 1],
          ],
        }),
        layers.cropping2D({
          cropping: [
            [1, 0],
            [0, 1],
          ],
        }),
        layers.layerNormalization(),
        layers.permute({ dims: [3, 1, 2] }),
      ],
    }),
};

test.for(Object.entries(models))('%s', async ([, make]) => {
  await tf.setBackend('cpu');
  const net = make();
  const text = manifestOf(net);
  const { graph, problems } = read(text);
  expect(problems).toEqual([]);
  expect(countParams(graph)).toBe(net.countParams());
  for (const layer of net.layers) {
    const [, ...sizes] = (layer.getOutputAt(0) as tf.SymbolicTensor).shape;
    const own = shapeOf(graph, layer.name);
    if (own !== undefined && layer.getClassName() !== 'InputLayer') expect(own, layer.name).toEqual(sizes);
  }
  // What was read is what TensorFlow.js makes of the same file.
  const loaded = await tf.models.modelFromJSON((JSON.parse(text) as { modelTopology: tf.io.ModelJSON }).modelTopology);
  expect(loaded.countParams()).toBe(net.countParams());
});

test('weights that do not fit the topology any more are named', () => {
  const topology = {
    class_name: 'Sequential',
    config: { layers: [layer('Dense', 'out', { units: 3, batch_input_shape: [null, 4] })] },
  };
  const manifest = (width: number): string =>
    JSON.stringify({
      modelTopology: topology,
      weightsManifest: [
        {
          paths: ['group1-shard1of1.bin'],
          weights: [
            { name: 'out/kernel', shape: [4, width], dtype: 'float32' },
            { name: 'out/bias', shape: [width], dtype: 'float32' },
          ],
        },
      ],
    });
  expect(read(manifest(3)).problems).toEqual([]);
  expect(read(manifest(5)).problems).toEqual([
    'The weights in group1-shard1of1.bin fit this topology no more: out/kernel is stored as 4×5, and its layer has 12 numbers there (and 1 more). Train the model again, or write the widths back.',
  ]);
});
