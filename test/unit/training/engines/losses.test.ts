// Losses of pixels, elements and several outputs, and the gradients of a weight by them, against what PyTorch 2 prints in float64.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { OutputLoss, TargetNumbers } from '../../../../server/src/training/engines/engine.ts';
import { SmallNetwork } from './small-network.ts';
import { testedEngines } from './tested-engines.ts';

/** F.conv2d(x, w) of x = sin(i) as (2, 2, 2, 3) by w = cos(i) as (3, 2, 1, 1), as many times an output as there are losses. */
function network(outputs: number, ending?: 'softmax' | 'sigmoid'): NetworkGraph {
  const net = new SmallNetwork([2, 2, 3]);
  const scores = net.convolution('conv', net.input, 3, 1);
  const last =
    ending === 'softmax'
      ? net.add('end', { kind: 'softmax', axis: 1, log: false }, [scores])
      : ending === 'sigmoid'
        ? net.activation('end', scores, 'sigmoid')
        : scores;
  return net.build(...Array.from({ length: outputs }, () => last));
}

const counted = (length: number, value: (index: number) => number): number[] =>
  Array.from({ length }, (_, index) => value(index));
const images = Float32Array.from(counted(24, Math.sin));
const weight = Float32Array.from(counted(6, Math.cos));
/** -1 does not count. */
const labels = Int32Array.from(counted(12, (index) => (index % 4) - 1));
const numbers = Float32Array.from(counted(36, (index) => Math.sin(3 * index)));
const bits = Float32Array.from(counted(36, (index) => index % 2));
const gappedBits = Float32Array.from(counted(36, (index) => (index % 3) - 1));

interface Case {
  readonly name: string;
  readonly losses: readonly Omit<OutputLoss, 'output'>[];
  readonly targets: readonly TargetNumbers[];
  readonly labelSmoothing?: number;
  readonly ending?: 'softmax' | 'sigmoid';
  readonly loss: number;
  readonly gradient: readonly number[];
}

/** With each, the call that gave the figures; `y` is the output. */
const cases: readonly Case[] = [
  {
    name: 'F.cross_entropy(y, labels, ignore_index=-1)',
    losses: [{ kind: 'cross-entropy', weight: 1 }],
    targets: [labels],
    loss: 1.3386003,
    gradient: [0.1547229, 0.1697679, -0.1734132, -0.1881905, 0.0186903, 0.0184226],
  },
  {
    name: 'F.nll_loss(y.softmax(1).log(), labels, ignore_index=-1)',
    losses: [{ kind: 'cross-entropy', weight: 1 }],
    targets: [labels],
    ending: 'softmax',
    loss: 1.3386003,
    gradient: [0.1547229, 0.1697679, -0.1734132, -0.1881905, 0.0186903, 0.0184226],
  },
  {
    name: 'F.cross_entropy(y, labels, ignore_index=-1, label_smoothing=0.1)',
    losses: [{ kind: 'cross-entropy', weight: 1 }],
    targets: [labels],
    labelSmoothing: 0.1,
    loss: 1.3469036,
    gradient: [0.1598376, 0.1736272, -0.1732765, -0.187266, 0.0134389, 0.0136388],
  },
  {
    name: 'F.l1_loss(y, numbers)',
    losses: [{ kind: 'l1', weight: 1 }],
    targets: [numbers],
    loss: 0.9451183,
    gradient: [0.1992309, 0.1823108, -0.1677336, -0.1963881, 0.0019932, 0.0023337],
  },
  {
    name: 'F.mse_loss(y, numbers)',
    losses: [{ kind: 'mse', weight: 1 }],
    targets: [numbers],
    loss: 1.2496205,
    gradient: [0.4912006, 0.4815785, -0.4557902, -0.4580835, -0.1338415, -0.1215801],
  },
  {
    name: 'F.binary_cross_entropy_with_logits(y, bits)',
    losses: [{ kind: 'binary-cross-entropy', weight: 1 }],
    targets: [bits],
    loss: 0.7774677,
    gradient: [0.0571582, 0.0547856, -0.0473095, -0.0486689, -0.0130978, -0.012409],
  },
  {
    name: 'F.binary_cross_entropy(y.sigmoid()[bits >= 0], bits[bits >= 0])',
    losses: [{ kind: 'binary-cross-entropy', weight: 1 }],
    targets: [gappedBits],
    ending: 'sigmoid',
    loss: 0.7954229,
    gradient: [0.0745785, 0.0664245, -0.0574247, -0.0526547, -0.0165747, -0.0144036],
  },
  {
    name: 'F.cross_entropy(y, labels, ignore_index=-1) + 0.5 * F.mse_loss(y, numbers)',
    losses: [
      { kind: 'cross-entropy', weight: 1 },
      { kind: 'mse', weight: 0.5 },
    ],
    targets: [labels, numbers],
    loss: 1.9634106,
    gradient: [0.4003232, 0.4105572, -0.4013084, -0.4172323, -0.0482304, -0.0423675],
  },
];

describe.for(testedEngines)('$name', ({ engine }) => {
  it.for(cases)('$name', async ({ losses, targets, labelSmoothing = 0, ending, loss, gradient }) => {
    const graph = network(losses.length, ending);
    const session = await (
      await engine
    ).compile({
      graph,
      losses: losses.map((each, output) => ({ ...each, output })),
      batchSize: 2,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      labelSmoothing,
      sources: [],
      seed: 1,
    });
    const state = new Map(await session.state());
    state.set('conv.weight', { shape: [3, 2, 1, 1], data: weight });
    await session.restore(state);
    const batch = { images, labels: new Int32Array(2), targets };
    const evaluated = await session.evaluate(batch);
    if (labelSmoothing === 0) expect(evaluated.loss).toBeCloseTo(loss, 5);
    const result = await session.step({ ...batch, learningRate: 1, coefficients: new Map() });
    expect(result.loss).toBeCloseTo(loss, 5);
    expect(result.correct === undefined).toBe(losses.every(({ kind }) => kind === 'l1' || kind === 'mse'));
    expect(evaluated.correct ?? -1).toBeCloseTo(result.correct ?? -1, 5);
    const after = (await session.state()).get('conv.weight')?.data ?? new Float32Array();
    for (const [index, wanted] of gradient.entries())
      expect((weight[index] ?? NaN) - (after[index] ?? NaN), `weight ${String(index)}`).toBeCloseTo(wanted, 5);
    await session.dispose();
  });

  it('an image alone and in a batch gives the same figures, whatever does not count of it', async () => {
    const session = await (
      await engine
    ).compile({
      graph: network(1),
      losses: [{ output: 0, kind: 'cross-entropy', weight: 1 }],
      batchSize: 2,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      labelSmoothing: 0,
      sources: [],
      seed: 1,
    });
    const of = (image: number) =>
      session.evaluate({
        images: images.slice(12 * image, 12 * (image + 1)),
        labels: new Int32Array(1),
        targets: [labels.slice(6 * image, 6 * (image + 1))],
      });
    const whole = await session.evaluate({ images, labels: new Int32Array(2), targets: [labels] });
    // Of each image's six pixels these count.
    const pixels = [0, 1].map((image) => labels.slice(6 * image, 6 * (image + 1)).filter((label) => label >= 0).length);
    const [first, second] = [await of(0), await of(1)];
    const [few = 0, many = 0] = pixels;
    expect(whole.loss).toBeCloseTo((first.loss * few + second.loss * many) / (few + many), 5);
    const hits = ((first.correct ?? NaN) * few + (second.correct ?? NaN) * many) / (few + many);
    expect(whole.correct).toBeCloseTo(2 * hits, 5);
    await session.dispose();
  });
});
