// Single steps against values worked out by hand (in 64 bits, from the formulas that PyTorch documents).

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { RegularizerSource } from '../../../../server/src/structure/channel-group.ts';
import type {
  Batch,
  CompileRequest,
  Engine,
  TensorState,
  TrainingSession,
} from '../../../../server/src/training/engines/engine.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { SmallNetwork } from './small-network.ts';
import { testedEngines } from './tested-engines.ts';

const plainSgd = { kind: 'sgd', momentum: 0, weightDecay: 0 } as const;

type Open = (graph: NetworkGraph, rest?: Partial<CompileRequest>) => Promise<TrainingSession>;

function openerOf(engine: Promise<Engine>): Open {
  return async (graph, rest = {}) => {
    const request = { graph, batchSize: 4, optimizer: plainSgd, labelSmoothing: 0, sources: [], seed: 3, ...rest };
    return (await engine).compile(request);
  };
}

function randomBatch(shape: readonly number[], size: number, classes: number, seed = 1): Batch {
  const random = randomStream(seed, 'batch');
  const count = shape.reduce((product, each) => product * each, size);
  return {
    images: Float32Array.from({ length: count }, () => random.normal() + 0.5),
    labels: Int32Array.from({ length: size }, (_, index) => index % classes),
  };
}

/** A state with some tensors replaced. */
function changed(state: TensorState, values: Readonly<Record<string, readonly number[]>>): TensorState {
  const copy = new Map(state);
  for (const [name, data] of Object.entries(values))
    copy.set(name, { shape: copy.get(name)?.shape ?? [], data: Float32Array.from(data) });
  return copy;
}

function values(state: TensorState, name: string): number[] {
  const tensor = state.get(name);
  if (tensor === undefined) throw new Error(`No ${name} among ${[...state.keys()].join(', ')}`);
  return [...tensor.data];
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => {
    expect(
      Math.abs(value - (expected[index] ?? NaN)),
      `element ${String(index)}: ${String(value)}, expected ${String(expected[index])}`,
    ).toBeLessThan(tolerance * (1 + Math.abs(expected[index] ?? 0)));
  });
}

const features = 5;
const classes = 3;

function dense(): NetworkGraph {
  const network = new SmallNetwork([features]);
  return network.build(network.dense('fc', network.input, classes));
}

/** Loss and gradients of the dense network. */
function denseGradients(
  weight: readonly number[],
  bias: readonly number[],
  { images, labels }: Batch,
  smoothing: number,
) {
  const batch = labels.length;
  const ofWeight = weight.map(() => 0);
  const ofBias = bias.map(() => 0);
  let loss = 0;
  let correct = 0;
  for (let row = 0; row < batch; row += 1) {
    const x = [...images.subarray(row * features, (row + 1) * features)];
    const logits = bias.map((b, k) => x.reduce((sum, value, j) => sum + value * (weight[k * features + j] ?? 0), b));
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    if (logits.indexOf(Math.max(...logits)) === labels[row]) correct += 1;
    logits.forEach((logit, k) => {
      const target = (k === labels[row] ? 1 - smoothing : 0) + smoothing / classes;
      loss -= (target * (logit - Math.log(total))) / batch;
      const gradient = (Math.exp(logit) / total - target) / batch;
      ofBias[k] = (ofBias[k] ?? 0) + gradient;
      x.forEach((value, j) => {
        ofWeight[k * features + j] = (ofWeight[k * features + j] ?? 0) + gradient * value;
      });
    });
  }
  return { loss, correct, ofWeight, ofBias };
}

describe.each(testedEngines)('$name', ({ engine }) => {
  const open = openerOf(engine);

  describe('optimisers', () => {
    it.each([0, 0.1])('SGD with momentum, weights decaying, label smoothing %d', async (labelSmoothing) => {
      const session = await open(dense(), {
        optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.01 },
        labelSmoothing,
      });
      let weight = values(await session.state(), 'fc.weight');
      let bias = values(await session.state(), 'fc.bias');
      let [weightVelocity, biasVelocity] = [weight.map(() => 0), bias.map(() => 0)];
      for (const [index, learningRate] of [0.5, 0.2, 0.1].entries()) {
        const batch = randomBatch([features], 4, classes, index);
        const expected = denseGradients(weight, bias, batch, labelSmoothing);
        const result = await session.step({ ...batch, learningRate, coefficients: new Map() });
        expectClose([result.loss, result.correct ?? NaN], [expected.loss, expected.correct]);
        weightVelocity = weightVelocity.map(
          (old, i) => 0.9 * old + (expected.ofWeight[i] ?? 0) + 0.01 * (weight[i] ?? 0),
        );
        biasVelocity = biasVelocity.map((old, i) => 0.9 * old + (expected.ofBias[i] ?? 0));
        weight = weight.map((old, i) => old - learningRate * (weightVelocity[i] ?? 0));
        bias = bias.map((old, i) => old - learningRate * (biasVelocity[i] ?? 0));
      }
      expectClose(values(await session.state(), 'fc.weight'), weight);
      expectClose(values(await session.state(), 'fc.bias'), bias);
      await session.dispose();
    });

    it('Adam with its bias corrections', async () => {
      const adam = { kind: 'adam', beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weightDecay: 0 } as const;
      const session = await open(dense(), { optimizer: adam });
      let weight = values(await session.state(), 'fc.weight');
      let bias = values(await session.state(), 'fc.bias');
      const moments = {
        weight: weight.map(() => [0, 0] as [number, number]),
        bias: bias.map(() => [0, 0] as [number, number]),
      };
      for (let t = 1; t <= 3; t += 1) {
        const batch = randomBatch([features], 4, classes, t);
        const { ofWeight, ofBias } = denseGradients(weight, bias, batch, 0);
        await session.step({ ...batch, learningRate: 0.01, coefficients: new Map() });
        const update = (old: number, gradient: number, pair: [number, number]): number => {
          pair[0] = adam.beta1 * pair[0] + (1 - adam.beta1) * gradient;
          pair[1] = adam.beta2 * pair[1] + (1 - adam.beta2) * gradient ** 2;
          const [mean, power] = [pair[0] / (1 - adam.beta1 ** t), pair[1] / (1 - adam.beta2 ** t)];
          return old - (0.01 * mean) / (Math.sqrt(power) + adam.epsilon);
        };
        weight = weight.map((old, i) => update(old, ofWeight[i] ?? 0, moments.weight[i] ?? [0, 0]));
        bias = bias.map((old, i) => update(old, ofBias[i] ?? 0, moments.bias[i] ?? [0, 0]));
      }
      expectClose(values(await session.state(), 'fc.weight'), weight);
      expectClose(values(await session.state(), 'fc.bias'), bias);
      await session.dispose();
    });
  });

  describe('batch norm', () => {
    const shape = [16, 3, 2];

    /** Mean and unbiased variance of each channel of a batch. */
    function statistics({ images, labels }: Batch) {
      const area = 6;
      return Array.from({ length: 16 }, (_, channel) => {
        const own = [...images].filter((__, index) => Math.floor(index / area) % 16 === channel);
        const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
        expect(own).toHaveLength(labels.length * area);
        return { mean, variance: own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1) };
      });
    }

    /** A batch norm on the image itself, or behind a convolution that hands the image on. */
    function network(behindConvolution: boolean, momentum: number | undefined): NetworkGraph {
      const net = new SmallNetwork(shape);
      const x = behindConvolution ? net.convolution('conv', net.input, 16, 1) : net.input;
      const normalized = net.batchNorm('bn', x, { momentum });
      return net.build(net.dense('fc', net.globalMean('mean', net.activation('relu', normalized, 'relu')), classes));
    }

    const identity = Array.from({ length: 256 }, (_, index) => (index % 17 === 0 ? 1 : 0));

    it.each([
      [false, 0.1],
      [false, undefined],
      [true, 0.1],
      [true, undefined],
    ])('keeps running statistics (behind a convolution: %s, momentum %s)', async (behindConvolution, momentum) => {
      const session = await open(network(behindConvolution, momentum));
      if (behindConvolution) await session.restore(changed(await session.state(), { 'conv.weight': identity }));
      let mean = new Array<number>(16).fill(0);
      let variance = new Array<number>(16).fill(1);
      for (let step = 1; step <= 3; step += 1) {
        const batch = randomBatch(shape, 4, classes, step);
        await session.step({ ...batch, learningRate: 0, coefficients: new Map() });
        const share = momentum ?? 1 / step;
        const own = statistics(batch);
        mean = mean.map((old, i) => (1 - share) * old + share * (own[i]?.mean ?? NaN));
        variance = variance.map((old, i) => (1 - share) * old + share * (own[i]?.variance ?? NaN));
      }
      expectClose(values(await session.state(), 'bn.running_mean'), mean);
      expectClose(values(await session.state(), 'bn.running_var'), variance);
      await session.dispose();
    });

    it('keeps its digits when the mean is far from 0', async () => {
      const session = await open(network(false, 1));
      const batch = randomBatch(shape, 4, classes);
      const far = { ...batch, images: batch.images.map((value) => value + 1000) };
      await session.step({ ...far, learningRate: 0, coefficients: new Map() });
      expectClose(
        values(await session.state(), 'bn.running_var'),
        statistics(far).map(({ variance }) => variance),
        1e-3,
      );
      await session.dispose();
    });

    it('evaluates by the running statistics, whatever else is in the batch', async () => {
      const session = await open(network(true, 0.1));
      const whole = randomBatch(shape, 4, classes);
      await session.step({ ...whole, learningRate: 0.1, coefficients: new Map() });
      const perImage = shape.reduce((product, size) => product * size, 1);
      const single = async (index: number) =>
        session.evaluate({
          images: whole.images.slice(index * perImage, (index + 1) * perImage),
          labels: whole.labels.slice(index, index + 1),
        });
      const singles = [await single(0), await single(1), await single(2), await single(3)];
      const together = await session.evaluate(whole);
      expectClose([together.loss], [singles.reduce((sum, { loss }) => sum + loss / 4, 0)]);
      expect(together.correct).toBe(singles.reduce((sum, { correct = NaN }) => sum + correct, 0));
      await session.dispose();
    });

    it('starts its scales at 1 with a little noise, so that no two are the same', async () => {
      const session = await open(network(true, 0.1));
      const scales = values(await session.state(), 'bn.weight');
      expect(new Set(scales).size).toBe(16);
      expect(Math.max(...scales.map((scale) => Math.abs(scale - 1)))).toBeLessThan(0.05);
      await session.dispose();
    });
  });

  describe('regularizer', () => {
    /** How a parameter moves because of coefficients: the step with them less the step without, by the learning rate. */
    async function gradientOf(
      graph: NetworkGraph,
      source: RegularizerSource,
      name: string,
      start: readonly number[],
      coefficients: readonly number[],
    ) {
      const after: number[][] = [];
      for (const given of [new Map([[source.op, Float32Array.from(coefficients)]]), new Map<number, Float32Array>()]) {
        const session = await open(graph, { sources: [source] });
        await session.restore(changed(await session.state(), { [name]: start }));
        const batch = randomBatch([2, 3, 3], 4, classes);
        await session.step({ ...batch, learningRate: 0.5, coefficients: given });
        after.push(values(await session.state(), name));
        await session.dispose();
      }
      return (after[0] ?? []).map((value, index) => ((after[1]?.[index] ?? NaN) - value) / 0.5);
    }

    it('pulls scales by the sign of gamma', async () => {
      const net = new SmallNetwork([2, 3, 3]);
      const graph = net.build(
        net.dense('fc', net.globalMean('mean', net.batchNorm('bn', net.convolution('conv', net.input, 3, 3))), classes),
      );
      const source = { op: 2, kind: 'gamma', l1Fraction: 0, channels: 3 } as const;
      expectClose(await gradientOf(graph, source, 'bn.weight', [0.5, -2, 0], [0.3, 0.2, 0.1]), [0.3, -0.2, 0]);
    });

    it.each([0, 0.4])(
      'pulls filters by the group lasso, and an all-zero filter not at all (L1 share %d)',
      async (l1Fraction) => {
        const net = new SmallNetwork([2, 3, 3]);
        const graph = net.build(
          net.dense('fc', net.globalMean('mean', net.convolution('conv', net.input, 3, 1)), classes),
        );
        const source = { op: 1, kind: 'group-lasso', l1Fraction, channels: 3 } as const;
        // Spec vector 46: the gradient of the norm of (1, 2) is (.316228, .632456).
        const expected = [
          0.5 * ((1 - l1Fraction) * 0.316228 + l1Fraction / 2),
          0.5 * ((1 - l1Fraction) * 0.632456 + l1Fraction / 2),
          0,
          0,
          -0.1 * ((1 - l1Fraction) * 0.316228 + l1Fraction / 2),
          0.1 * ((1 - l1Fraction) * 0.632456 + l1Fraction / 2),
        ];
        expectClose(await gradientOf(graph, source, 'conv.weight', [1, 2, 0, 0, -1, 2], [0.5, 0.7, 0.1]), expected);
      },
    );

    it('knows where a transposed convolution has its output channels', async () => {
      const net = new SmallNetwork([2, 3, 3]);
      const up = net.add(
        'up',
        {
          kind: 'transposed-convolution',
          inChannels: 2,
          outChannels: 4,
          kernel: [1, 1],
          stride: [1, 1],
          groups: 2,
          padding: [
            { before: 0, after: 0 },
            { before: 0, after: 0 },
          ],
          outputPadding: [0, 0],
          dilation: [1, 1],
          channelAxis: 1,
        },
        [net.input],
        [{ id: 'up.weight', role: 'weight', shape: [2, 2, 1, 1] }],
      );
      const graph = net.build(net.dense('fc', net.globalMean('mean', up), classes));
      const source = { op: 1, kind: 'group-lasso', l1Fraction: 0, channels: 4 } as const;
      expectClose(
        await gradientOf(graph, source, 'up.weight', [1, -2, 3, 0], [0.1, 0.2, 0.3, 0.4]),
        [0.1, -0.2, 0.3, 0],
      );
      const session = await open(graph, { sources: [source] });
      await session.restore(changed(await session.state(), { 'up.weight': [1, -2, 3, 0] }));
      expectClose([...(session.regularizationVectors().get(1) ?? [])], [1, 2, 3, 0]);
      await session.dispose();
    });

    it('gives the norms of the specification (vector 42)', async () => {
      const net = new SmallNetwork([2]);
      const graph = net.build(net.dense('fc', net.input, 3));
      const session = await open(graph, { sources: [{ op: 1, kind: 'group-lasso', l1Fraction: 0, channels: 3 }] });
      await session.restore(changed(await session.state(), { 'fc.weight': [1, 4, 2, 5, 3, 6] }));
      expectClose([...(session.regularizationVectors().get(1) ?? [])], [2.915476, 3.807887, 4.743416]);
      await session.dispose();
    });

    it('treats a batch norm without a scale as scales of 1', async () => {
      const net = new SmallNetwork([2, 3, 3]);
      const graph = net.build(
        net.dense('fc', net.globalMean('mean', net.batchNorm('bn', net.input, { hasScale: false })), classes),
      );
      const source = { op: 1, kind: 'gamma', l1Fraction: 0, channels: 2 } as const;
      const session = await open(graph, { sources: [source] });
      expect([...(session.regularizationVectors().get(1) ?? [])]).toEqual([1, 1]);
      const step = {
        ...randomBatch([2, 3, 3], 4, classes),
        learningRate: 0.1,
        coefficients: new Map([[1, Float32Array.of(1, 1)]]),
      };
      expect((await session.step(step)).loss).toBeGreaterThan(0);
      await session.dispose();
    });
  });

  describe('session', () => {
    it('takes a final softmax for the loss’s own', async () => {
      const losses: number[] = [];
      for (const ending of ['none', 'softmax', 'log-softmax and reshape'] as const) {
        const net = new SmallNetwork([features]);
        const logits = net.dense('fc', net.input, classes);
        const log = ending !== 'softmax';
        const soft = ending === 'none' ? logits : net.add('soft', { kind: 'softmax', axis: 1, log }, [logits]);
        const session = await open(net.build(ending === 'none' ? logits : net.flatten('flat', soft)));
        losses.push(
          (await session.step({ ...randomBatch([features], 4, classes), learningRate: 0.1, coefficients: new Map() }))
            .loss,
        );
        await session.dispose();
      }
      expect(losses[1]).toBe(losses[0]);
      expect(losses[2]).toBe(losses[0]);
    });

    it('drops other units in other steps and under other seeds, and the same ones in the same', async () => {
      const net = new SmallNetwork([8]);
      const graph = net.build(net.dense('fc', net.add('drop', { kind: 'dropout', rate: 0.5 }, [net.input]), classes));
      const losses = async (seed: number): Promise<number[]> => {
        const session = await open(graph, { seed });
        const start = { 'fc.weight': Array.from({ length: 24 }, (_, index) => Math.sin(index)), 'fc.bias': [0, 0, 0] };
        await session.restore(changed(await session.state(), start));
        const step = { ...randomBatch([8], 4, classes), learningRate: 0, coefficients: new Map() };
        const found = [(await session.step(step)).loss, (await session.step(step)).loss];
        await session.dispose();
        return found;
      };
      const first = await losses(1);
      expect(await losses(1)).toEqual(first);
      expect(first[0]).not.toBe(first[1]);
      expect((await losses(2))[0]).not.toBe(first[0]);
    });

    it('refuses a state that is not its own', async () => {
      const session = await open(dense());
      const state = await session.state();
      const lacking = new Map(state);
      lacking.delete('fc.bias');
      await expect(session.restore(lacking)).rejects.toThrow('tensors');
      const renamed = new Map([...lacking, ['fc.other', { shape: [3], data: new Float32Array(3) }]] as const);
      await expect(session.restore(renamed)).rejects.toThrow('fc.bias');
      const reshaped = new Map([...state, ['fc.bias', { shape: [4], data: new Float32Array(4) }]] as const);
      await expect(session.restore(reshaped)).rejects.toThrow('fc.bias');
      await session.dispose();
    });

    it('refuses batches of the wrong size', async () => {
      const session = await open(dense());
      const step = { ...randomBatch([features], 3, classes), learningRate: 0.1, coefficients: new Map() };
      await expect(session.step(step)).rejects.toThrow('4 labels');
      await session.dispose();
    });

    it('leaves parameters alone that the output does not depend on', async () => {
      const net = new SmallNetwork([features]);
      net.dense('unused', net.input, 2);
      const session = await open(net.build(net.dense('fc', net.input, classes)), {
        optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
      });
      const before = values(await session.state(), 'unused.weight');
      await session.step({ ...randomBatch([features], 4, classes), learningRate: 0.1, coefficients: new Map() });
      await session.step({ ...randomBatch([features], 4, classes), learningRate: 0.1, coefficients: new Map() });
      expect(values(await session.state(), 'unused.weight')).toEqual(before);
      await session.dispose();
    });
  });
});
