// The engine as the training loop sees it: it learns, it repeats itself bit by bit, its state is complete.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type {
  Batch,
  CompileRequest,
  Engine,
  Optimizer,
  TensorState,
  TrainingSession,
} from '../../../../server/src/training/engines/engine.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { SmallNetwork } from './small-network.ts';
import { testedEngines } from './tested-engines.ts';

const sgd: Optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 };
const adam: Optimizer = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

async function open(
  engine: Promise<Engine>,
  graph: NetworkGraph,
  rest: Partial<CompileRequest> = {},
): Promise<TrainingSession> {
  return (await engine).compile({
    graph,
    batchSize: 8,
    optimizer: sgd,
    labelSmoothing: 0,
    sources: [],
    seed: 1,
    ...rest,
  });
}

/** Images whose class shows in their brightness on one side, with noise. */
function easyBatch(shape: readonly number[], size: number, classes: number, seed: number): Batch {
  const random = randomStream(seed, 'images');
  const perImage = shape.reduce((product, each) => product * each, 1);
  const labels = Int32Array.from({ length: size }, (_, index) => index % classes);
  const images = Float32Array.from({ length: size * perImage }, (_, index) => {
    const label = Math.floor(index / perImage) % classes;
    const isMarked = Math.floor(((index % perImage) / perImage) * classes) === label;
    return random.normal() * 0.5 + (isMarked ? 1 : 0);
  });
  return { images, labels };
}

function leNet(): NetworkGraph {
  const n = new SmallNetwork([1, 12, 12]);
  const first = n.maxPool(
    'pool1',
    n.activation('relu1', n.batchNorm('bn1', n.convolution('conv1', n.input, 4, 5, { padding: 2 })), 'relu'),
    2,
  );
  const second = n.maxPool(
    'pool2',
    n.activation('relu2', n.batchNorm('bn2', n.convolution('conv2', first, 8, 3, { padding: 1 })), 'relu'),
    2,
  );
  const hidden = n.activation('relu3', n.dense('fc1', n.flatten('flat', second), 16), 'relu');
  const dropped = n.add('drop', { kind: 'dropout', rate: 0.2 }, [hidden]);
  return n.build(n.dense('fc2', dropped, 3));
}

function residual(): NetworkGraph {
  const n = new SmallNetwork([3, 8, 8]);
  let x = n.activation('relu', n.batchNorm('bn', n.convolution('conv', n.input, 16, 3, { padding: 1 })), 'relu');
  for (const [index, width] of [16, 32].entries()) {
    const stride = width === 16 ? 1 : 2;
    const name = `layer${String(index)}`;
    const inner = n.activation(
      `${name}.relu1`,
      n.batchNorm(`${name}.bn1`, n.convolution(`${name}.conv1`, x, width, 3, { padding: 1, stride })),
      'relu',
    );
    const outer = n.batchNorm(`${name}.bn2`, n.convolution(`${name}.conv2`, inner, width, 3, { padding: 1 }));
    const shortcut =
      stride === 1 ? x : n.batchNorm(`${name}.bn3`, n.convolution(`${name}.short`, x, width, 1, { stride }));
    x = n.activation(`${name}.relu2`, n.sum(`${name}.sum`, outer, shortcut), 'relu');
  }
  return n.build(n.dense('fc', n.globalMean('mean', x), 3));
}

function depthwise(): NetworkGraph {
  const n = new SmallNetwork([3, 8, 8]);
  let x = n.activation(
    'act',
    n.batchNorm('bn', n.convolution('conv', n.input, 16, 3, { padding: 1, stride: 2 })),
    'relu6',
  );
  for (const index of [0, 1]) {
    const name = `block${String(index)}`;
    const wide = n.activation(
      `${name}.act1`,
      n.batchNorm(`${name}.bn1`, n.convolution(`${name}.expand`, x, 32, 1)),
      'relu6',
    );
    const own = n.activation(
      `${name}.act2`,
      n.batchNorm(`${name}.bn2`, n.convolution(`${name}.own`, wide, 32, 3, { padding: 1, groups: 32 })),
      'relu6',
    );
    x = n.sum(`${name}.sum`, x, n.batchNorm(`${name}.bn3`, n.convolution(`${name}.project`, own, 16, 1)));
  }
  return n.build(
    n.add('softmax', { kind: 'softmax', axis: -1, log: false }, [n.dense('fc', n.globalMean('mean', x), 3)]),
  );
}

const networks = { leNet: leNet(), residual: residual(), depthwise: depthwise() };
const imageShape = { leNet: [1, 12, 12], residual: [3, 8, 8], depthwise: [3, 8, 8] };
const names = ['leNet', 'residual', 'depthwise'] as const;

async function train(
  session: TrainingSession,
  name: (typeof names)[number],
  from: number,
  to: number,
  rate = 0.05,
): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step += 1) {
    const batch = easyBatch(imageShape[name], 8, 3, step);
    losses.push((await session.step({ ...batch, learningRate: rate, coefficients: new Map() })).loss);
  }
  return losses;
}

function expectSameState(a: TensorState, b: TensorState): void {
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [name, { shape, data }] of a) {
    expect(b.get(name)?.shape, name).toEqual(shape);
    expect(new Uint8Array(b.get(name)?.data.buffer ?? new ArrayBuffer(0)), name).toEqual(new Uint8Array(data.buffer));
  }
}

/** In plain JavaScript a convolution takes a thousand times as long, so there only the smallest network is trained. */
const cases = testedEngines.flatMap((tested) =>
  names.filter((name) => !tested.isSlow || name === 'leNet').map((name) => ({ ...tested, network: name })),
);

describe.each(cases)('$name, $network', ({ engine, network: name, isSlow }) => {
  const optimizers = [
    ['SGD', sgd, 0.05],
    ['Adam', adam, 0.005],
  ] as const;
  it.each(isSlow ? optimizers.slice(0, 1) : optimizers)('learns with %s', async (_, optimizer, rate) => {
    const session = await open(engine, networks[name], { optimizer });
    const losses = await train(session, name, 0, 40, rate);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(losses[0]).toBeGreaterThan(0.9);
    expect(mean(losses.slice(-5))).toBeLessThan(0.4);
    const evaluated = await session.evaluate(easyBatch(imageShape[name], 6, 3, 1000));
    expect(evaluated.correct).toBeGreaterThanOrEqual(5);
    expect(evaluated.loss).toBeLessThan(0.7);
    await session.dispose();
  });

  it('repeats itself bit by bit, also across a saved and restored state', async () => {
    const whole = await open(engine, networks[name], { optimizer: adam });
    const wholeLosses = await train(whole, name, 0, 4);
    const first = await open(engine, networks[name], { optimizer: adam });
    const losses = await train(first, name, 0, 2);
    const saved = await first.state();
    await train(first, name, 2, 3); // what happens after the copy must not change it
    const second = await open(engine, networks[name], { optimizer: adam, seed: 1 });
    await second.restore(saved);
    expect([...losses, ...(await train(second, name, 2, 4))]).toEqual(wholeLosses);
    expectSameState(await second.state(), await whole.state());
    await Promise.all([whole, first, second].map((session) => session.dispose()));
  });
});
