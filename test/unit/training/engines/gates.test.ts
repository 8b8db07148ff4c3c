// Gates in training: what they let through, the gradients of their logits against finite differences, and resuming.

import { describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { RegularizerSource } from '../../../../server/src/structure/channel-group.ts';
import { trainedGate, type TrainedGate } from '../../../../server/src/structure/gate.ts';
import type {
  CompileRequest,
  StepRequest,
  TensorState,
  TrainingSession,
} from '../../../../server/src/training/engines/engine.ts';
import { gateName } from '../../../../server/src/training/engines/gates.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { SmallNetwork } from './small-network.ts';
import { testedEngines } from './tested-engines.ts';

const batchSize = 3;
const classes = 3;
const plainSgd = { kind: 'sgd', momentum: 0, weightDecay: 0 } as const;
const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;
const soft: TrainedGate = { ...trainedGate, temperature: 0.7, straightThrough: false, keepAlive: 'none' };

/** A convolution with a gate, one with a norm and a gate behind it, and a dense layer with a gate. */
function gatedNetwork(): { readonly graph: NetworkGraph; readonly ops: readonly number[] } {
  const net = new SmallNetwork([2, 5, 5]);
  const first = net.activation('relu1', net.convolution('conv1', net.input, 16, 3, { bias: true }), 'relu');
  const normed = net.batchNorm('norm', net.convolution('conv2', first, 16, 1));
  const mean = net.globalMean('mean', net.activation('relu2', normed, 'relu'));
  const hidden = net.dense('hidden', mean, 5);
  const graph = net.build(net.dense('head', net.activation('tanh', hidden, 'tanh'), classes));
  const id = (name: string): number => graph.ops.findIndex((op) => op.name === name);
  return { graph, ops: [id('conv1'), id('norm'), id('hidden')] };
}

const channelsOf = [16, 16, 5];

function sourcesOf(ops: readonly number[], gate: TrainedGate): readonly RegularizerSource[] {
  return ops.map((op, index) => ({ op, kind: 'gate', l1Fraction: 0, channels: channelsOf[index] ?? 0, gate }));
}

function step(learningRate: number, coefficients: StepRequest['coefficients'] = new Map()): StepRequest {
  const random = randomStream(3, 'images');
  return {
    images: Float32Array.from({ length: batchSize * 50 }, () => random.normal()),
    labels: Int32Array.from({ length: batchSize }, (_, index) => index % classes),
    learningRate,
    coefficients,
  };
}

/** The state with a tensor's values drawn or given. */
function withTensor(state: TensorState, name: string, valueAt: (index: number) => number): TensorState {
  const entry = state.get(name);
  if (entry === undefined) throw new Error(`No ${name}`);
  return new Map([...state, [name, { ...entry, data: entry.data.map((_, index) => valueAt(index)) }]]);
}

describe.each(testedEngines)('$name', ({ engine }) => {
  const open = async (gate: TrainedGate, rest: Partial<CompileRequest> = {}): Promise<TrainingSession> => {
    const { graph, ops } = gatedNetwork();
    return (await engine).compile({
      graph,
      batchSize,
      optimizer: plainSgd,
      labelSmoothing: 0,
      sources: sourcesOf(ops, gate),
      seed: 5,
      ...rest,
    });
  };

  /** Logits near 0, where masks are soft. */
  const spread = (state: TensorState): TensorState => {
    const random = randomStream(8, 'logits');
    return gatedNetwork().ops.reduce((found, op) => withTensor(found, gateName(op), () => random.normal()), state);
  };

  it('moves logits against the loss: gradients by finite differences', async () => {
    const session = await open(soft);
    const start = spread(await session.state());
    const lossAt = async (state: TensorState): Promise<number> => {
      await session.restore(state);
      return (await session.step(step(0))).loss;
    };
    // Gates move five times as fast as weights.
    const rate = 0.02;
    await session.restore(start);
    await session.step(step(rate));
    const moved = await session.state();
    for (const op of gatedNetwork().ops) {
      const before = start.get(gateName(op))?.data ?? new Float32Array();
      const after = moved.get(gateName(op))?.data ?? new Float32Array();
      for (const index of [0, 1, before.length - 1]) {
        const shifted = (by: number): TensorState =>
          withTensor(start, gateName(op), (at) => (before[at] ?? 0) + (at === index ? by : 0));
        const slope = ((await lossAt(shifted(0.02))) - (await lossAt(shifted(-0.02)))) / 0.04;
        expect(
          ((before[index] ?? 0) - (after[index] ?? 0)) / (5 * rate),
          `${String(op)}[${String(index)}]`,
        ).toBeCloseTo(slope, 3);
      }
    }
    await session.dispose();
  });

  // Adam does not make equal steps of it.
  it.each([plainSgd, adam])(
    'moves logits against the regularizer by the slope of the probability: %o',
    async (optimizer) => {
      const coefficients = new Map(
        gatedNetwork().ops.map((op, i) => [op, new Float32Array(channelsOf[i] ?? 0).fill(3)]),
      );
      const after = async (given: StepRequest['coefficients']): Promise<TensorState> => {
        const session = await open(soft, { optimizer });
        await session.restore(spread(await session.state()));
        await session.step(step(0.02, given));
        const state = await session.state();
        await session.dispose();
        return state;
      };
      const [plain, regularized] = [await after(new Map()), await after(coefficients)];
      const session = await open(soft);
      const start = spread(await session.state());
      for (const op of gatedNetwork().ops) {
        const logits = start.get(gateName(op))?.data ?? new Float32Array();
        logits.forEach((logit, index) => {
          const p = 1 / (1 + Math.exp(-logit));
          const difference =
            (plain.get(gateName(op))?.data[index] ?? 0) - (regularized.get(gateName(op))?.data[index] ?? 0);
          expect(difference).toBeCloseTo(5 * 0.02 * 3 * p * (1 - p), 5);
        });
      }
      await session.dispose();
    },
  );

  it('gives probabilities as regularization vectors, with the kept channel on for good', async () => {
    const session = await open({ ...soft, keepAlive: 'highest' });
    const [conv = -1] = gatedNetwork().ops;
    await session.restore(withTensor(await session.state(), gateName(conv), (index) => [-3, -1, -2][index] ?? -9));
    const vector = session.regularizationVectors().get(conv) ?? new Float32Array();
    [1 / (1 + Math.exp(3)), 1, 1 / (1 + Math.exp(2)), 1 / (1 + Math.exp(9))].forEach((p, index) => {
      expect(vector[index]).toBeCloseTo(p, 6);
    });
    await session.dispose();
  });

  it('regularizes on the mask of the step that comes, where that is asked for', async () => {
    const session = await open({ ...soft, straightThrough: true, regularizeOnMask: true });
    await session.restore(spread(await session.state()));
    const first = session.regularizationVectors();
    const values = [...first.values()].flatMap((vector) => [...vector]);
    expect(new Set(values)).toEqual(new Set([0, 1]));
    await session.step(step(0));
    expect([...session.regularizationVectors().values()].flatMap((vector) => [...vector])).not.toEqual(values);
    await session.dispose();
  });

  it('lets nothing through where the logits of a layer are low, in training and after it', async () => {
    const session = await open({ ...trainedGate, keepAlive: 'none' });
    const { ops } = gatedNetwork();
    const hidden = ops[2] ?? -1;
    const closed = withTensor(await session.state(), gateName(hidden), () => -30);
    const bias = withTensor(closed, 'head.bias', (index) => [1, 0, -1][index] ?? 0);
    await session.restore(bias);
    // Only the head's biases are left: the cross-entropy of their softmax, one label each.
    const total = Math.log(Math.exp(1) + 1 + Math.exp(-1));
    expect((await session.step(step(0))).loss).toBeCloseTo(total, 5);
    await session.restore(bias);
    expect((await session.evaluate(step(0))).loss).toBeCloseTo(total, 5);
    await session.dispose();
  });

  it('goes on from a state as if it had not stopped', async () => {
    const optimizer = adam;
    const gate = { ...trainedGate, annealingSteps: 10 };
    const whole = await open(gate, { optimizer });
    await whole.step(step(0.01));
    const kept = await whole.state();
    await whole.step(step(0.01));
    const resumed = await open(gate, { optimizer });
    await resumed.restore(kept);
    expect(resumed.regularizationVectors()).not.toEqual(whole.regularizationVectors());
    await resumed.step(step(0.01));
    expect(await resumed.state()).toEqual(await whole.state());
    const [conv = -1] = gatedNetwork().ops;
    expect(kept.has(gateName(conv)) && kept.has(`first-moment/${gateName(conv)}`)).toBe(true);
    await whole.dispose();
    await resumed.dispose();
  });
});
