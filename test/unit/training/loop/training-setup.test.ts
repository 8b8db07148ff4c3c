// What can't be trained is refused with a sentence that names both sides and the remedy.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { DataSet } from '../../../../server/src/training/data/data-set.ts';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import { asNetworkGraph, misfitOf, optimizerOf } from '../../../../server/src/training/loop/training-setup.ts';
import { SmallNetwork } from '../engines/small-network.ts';

const engine = await createOnnxEngine(1);

/** A classifier with a head of this many outputs. */
function classifier(shape: readonly number[], outputs: number): NetworkGraph {
  const net = new SmallNetwork(shape);
  return net.build(net.dense('head', net.flatten('flatten', net.input), outputs));
}

function images(shape: DataSet['shape'], classes: number, count = 8): DataSet {
  const size = shape.reduce((product, extent) => product * extent, count);
  const part = { kind: 'memory', count, pixels: new Uint8Array(size), labels: new Uint8Array(count) } as const;
  return { name: 'the digits', shape, classes, training: part, test: part, badFiles: 0, notices: [] };
}

describe('what does not fit', () => {
  it('is nothing for a network, data and an engine that go together', () => {
    expect(misfitOf(classifier([1, 4, 4], 10), images([1, 4, 4], 10), engine, { batchSize: 8 })).toBeUndefined();
    // More outputs than classes do no harm.
    expect(misfitOf(classifier([1, 4, 4], 11), images([1, 4, 4], 10), engine, { batchSize: 8 })).toBeUndefined();
  });

  it.for<readonly [string, NetworkGraph, DataSet, readonly string[]]>([
    [
      'the size of images',
      classifier([3, 4, 4], 10),
      images([1, 4, 4], 10),
      ['takes 3×4×4', 'the digits are 1×4×4', '# morphnet: input=1x4x4'],
    ],
    [
      'the number of classes',
      classifier([1, 4, 4], 9),
      images([1, 4, 4], 10),
      ['tells 9 classes', 'has 10', '10 outputs'],
    ],
    [
      'too few images',
      classifier([1, 4, 4], 9),
      images([1, 4, 4], 9, 7),
      ['takes 8 images', 'has 7', 'batch size to at most 7'],
    ],
  ])('is said of %s', ([, graph, data, parts]) => {
    const message = misfitOf(graph, data, engine, { batchSize: 8 });
    for (const part of parts) expect(message).toContain(part);
  });

  it('is said of outputs that are no classes', () => {
    const net = new SmallNetwork([1, 4, 4]);
    const map = net.build(net.convolution('conv', net.input, 2, 1));
    expect(misfitOf(map, images([1, 4, 4], 2), engine, { batchSize: 8 })).toMatch(
      /its output is 2×4×4\. Runs train networks whose outputs are .*; for anything else .* your own training script/,
    );
    const two = new SmallNetwork([1, 4, 4]);
    const flat = two.flatten('flatten', two.input);
    const heads = two.build(two.dense('a', flat, 2), two.dense('b', flat, 2));
    expect(misfitOf(heads, images([1, 4, 4], 2), engine, { batchSize: 8 })).toContain('one output, but it has 2');
  });

  it('is said of layers that the engine can not train, by their names', () => {
    const net = new SmallNetwork([2, 4, 4]);
    const embedding = net.add(
      'strange',
      { kind: 'opaque', operation: 'strange', reason: 'unknown code', shapes: [[1, 2, 4, 4]] },
      [net.input],
    );
    const graph = net.build(net.dense('head', net.globalMean('mean', embedding), 2));
    const message = misfitOf(graph, images([2, 4, 4], 2), engine, { batchSize: 8 });
    expect(message).toContain("The engine onnx can't train this network. strange: ");
  });
});

it('optimisers have the usual constants', () => {
  expect(optimizerOf('sgd', 0.1)).toEqual({ kind: 'sgd', momentum: 0.9, weightDecay: 0.1 });
  expect(optimizerOf('adam', 0)).toEqual({ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
});

it('a network from a file is one of this version', () => {
  const graph = classifier([1, 4, 4], 2);
  expect(asNetworkGraph(JSON.parse(JSON.stringify(graph)))).toEqual({ ok: true, value: graph });
  for (const content of [null, 3, [], {}, { ...graph, version: 2 }, { version: 1, ops: {} }]) {
    expect(asNetworkGraph(content)).toMatchObject({ ok: false });
  }
});
