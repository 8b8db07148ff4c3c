// What is left of a network's weights at other widths computes what the network did, where all that went was zero.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { parameterAxesOf } from '../../../../server/src/network/op-traits.ts';
import type { ChannelGrouping } from '../../../../server/src/structure/channel-grouping.ts';
import { chooseSources } from '../../../../server/src/structure/choose-sources.ts';
import { groupChannels } from '../../../../server/src/structure/group-channels.ts';
import { survivingNetwork, type Weights } from '../../../../server/src/structure/surviving-weights.ts';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import { MethodNetwork } from '../../../support/method-network.ts';
import { randomNetwork } from '../../../support/random-network.ts';

const classes = 5;

/** Numbers that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Weights of a network, all of them telling. */
function randomWeights({ ops }: NetworkGraph, random: () => number): Weights {
  const parameters = new Map(ops.flatMap((op) => op.parameters.map((parameter) => [parameter.id, parameter] as const)));
  return new Map(
    [...parameters.values()].map(({ id, role, shape }) => {
      const sizes = shape.map(Number);
      const length = sizes.reduce((product, size) => product * size, 1);
      const value = (): number => (role === 'running-variance' ? 0.5 + random() : 2 * random() - 1);
      return [id, { shape: sizes, data: Float32Array.from({ length }, value) }];
    }),
  );
}

/** The same weights with all that makes a channel set to nothing where `alive` has a 0. */
function masked(grouping: ChannelGrouping, weights: Weights, alive: Uint8Array): Weights {
  const result = new Map([...weights].map(([id, { shape, data }]) => [id, { shape, data: data.slice() }]));
  for (const op of grouping.graph.ops) {
    const channels = grouping.valueChannels[op.outputs[0] ?? -1]?.channels;
    for (const parameter of op.parameters) {
      const tensor = result.get(parameter.id);
      const axis = parameterAxesOf(op, parameter).find(({ end }) => end === 'out');
      if (tensor === undefined || axis === undefined || parameter.role.startsWith('running')) continue;
      const inner = tensor.shape.slice(axis.axis + 1).reduce((product, size) => product * size, 1);
      const size = tensor.shape[axis.axis] ?? 1;
      tensor.data.forEach((_, at) => {
        // A grouped transposed convolution has its groups along the rows.
        const group =
          axis.groups === 1 ? 0 : Math.floor(Math.floor(at / inner / size) / ((tensor.shape[0] ?? 1) / axis.groups));
        const place = group * size + (Math.floor(at / inner) % size);
        if (alive[channels?.[place] ?? -1] === 0) tensor.data[at] = 0;
      });
    }
  }
  return result;
}

const image = Float32Array.from({ length: 48 }, (_, index) => Math.sin(3 * index));

/** The loss of an image for each label, which tells its outputs. */
async function losses(graph: NetworkGraph, weights: Weights): Promise<readonly number[]> {
  const engine = await createOnnxEngine(1);
  const optimizer = { kind: 'sgd', momentum: 0, weightDecay: 0 } as const;
  const session = await engine.compile({ graph, batchSize: 1, optimizer, labelSmoothing: 0, sources: [], seed: 1 });
  try {
    const state = await session.state();
    await session.restore(new Map([...state].map(([name, tensor]) => [name, weights.get(name) ?? tensor])));
    const found: number[] = [];
    for (let label = 0; label < classes; label += 1)
      found.push((await session.evaluate({ images: image, labels: Int32Array.of(label) })).loss);
    return found;
  } finally {
    await session.dispose();
  }
}

async function expectTheSame(graph: NetworkGraph, random: () => number): Promise<void> {
  const grouping = groupChannels(graph);
  const { groups } = chooseSources(grouping, 'auto', 0);
  const alive = new Uint8Array(grouping.groupOfChannel.length).fill(1);
  const widths = new Map<string, number>();
  for (const { id, name, size, fixed } of groups) {
    if (fixed !== undefined) continue;
    const start = grouping.offsets[id] ?? 0;
    for (let channel = start + 1; channel < start + size; channel += 1) alive[channel] = random() < 0.6 ? 1 : 0;
    widths.set(name, alive.subarray(start, start + size).filter((one) => one === 1).length);
  }
  const weights = masked(grouping, randomWeights(graph, random), alive);
  const slim = survivingNetwork(grouping, widths, weights);
  if (!slim.ok) throw new Error(slim.error);
  const [before, after] = [await losses(graph, weights), await losses(slim.value.graph, slim.value.weights)];
  for (const [label, loss] of before.entries()) expect(after[label]).toBeCloseTo(loss, 3);
}

test('random networks of all relations between channels', async () => {
  // The statistics of a group norm are of dead channels too.
  const networks = randomNetwork(10).filter(({ ops }) => !ops.some((op) => op.attributes.kind === 'group-norm'));
  await fc.assert(
    fc.asyncProperty(networks, fc.nat(1e6), (graph, seed) => expectTheSame(graph, randomFrom(seed))),
    { numRuns: 40 },
  );
});

test('the strongest channels stay, in their order', () => {
  const net = new MethodNetwork();
  const hidden = net.layer('hidden', net.input([1, 3, 4, 4]), 4, 3);
  const graph = net.finish(net.dense('head', net.mean('mean', hidden), classes));
  const weights = new Map(randomWeights(graph, randomFrom(1)));
  const scale = graph.ops.flatMap((op) => op.parameters).find(({ role }) => role === 'scale')!.id;
  weights.set(scale, { shape: [4], data: Float32Array.of(0.1, -3, 0.2, 2) });
  const slim = survivingNetwork(groupChannels(graph), new Map([['hidden', 2]]), weights);
  expect(slim.ok && [...slim.value.weights.get(scale)!.data]).toEqual([-3, 2]);
  const head = weights.get('head.weight')!.data;
  expect(slim.ok && [...slim.value.weights.get('head.weight')!.data]).toEqual(
    Array.from({ length: classes }, (_, row) => [head[4 * row + 1], head[4 * row + 3]]).flat(),
  );
});

test("another network's weights, and wider layers, are refused", () => {
  const net = new MethodNetwork();
  const hidden = net.layer('hidden', net.input([1, 3, 4, 4]), 4, 3);
  const graph = net.finish(net.dense('head', net.mean('mean', hidden), classes));
  const grouping = groupChannels(graph);
  const weights = randomWeights(graph, randomFrom(1));
  expect(survivingNetwork(grouping, new Map([['hidden', 5]]), weights)).toEqual({
    ok: false,
    error: 'hidden is to have more channels than it has, and no weights are there for them',
  });
  const other = new Map([...weights, ['head.weight', { shape: [5, 3], data: new Float32Array(15) }]]);
  expect(survivingNetwork(grouping, new Map([['hidden', 2]]), other)).toEqual({
    ok: false,
    error: 'head.weight is 5×3 among the weights and 5×4 in the model',
  });
});
