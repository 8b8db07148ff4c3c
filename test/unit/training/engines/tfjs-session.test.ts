// What is particular to TensorFlow.js: every tensor has to be freed by hand.

import { describe, expect, it } from 'vitest';
import type { Optimizer, StepRequest, TrainingSession } from '../../../../server/src/training/engines/engine.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { tfjsEngineOn } from '../../../../server/src/training/engines/tfjs/tfjs-engine.ts';
import type { RegularizerSource } from '../../../../server/src/structure/channel-group.ts';
import { SmallNetwork } from './small-network.ts';
import { tfjsBackend } from './tfjs-backend.ts';

const sgd: Optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 1e-3 };
const adam: Optimizer = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-3 };

/** One of each that keeps tensors in a way of its own: a fork, a pool, a dropout, a shared batch norm, a free parameter. */
function forked() {
  const net = new SmallNetwork([2, 6, 6]);
  const x = net.activation(
    'relu',
    net.batchNorm('bn', net.convolution('conv', net.input, 4, 3, { padding: 1 })),
    'relu',
  );
  const left = net.activation('silu', net.batchNorm('bn2', net.convolution('left', x, 4, 1)), 'silu');
  const both = net.add('cat', { kind: 'concat', axis: 1 }, [net.sum('sum', x, left), x]);
  const free = net.add(
    'free',
    { kind: 'constant', shape: [1, 8, 1, 1] },
    [],
    [{ id: 'free', role: 'other', shape: [8] }],
  );
  const scaled = net.add('scaled', { kind: 'elementwise', operator: 'multiply' }, [net.maxPool('pool', both, 2), free]);
  const vector = net.add('drop', { kind: 'dropout', rate: 0.3 }, [net.globalMean('mean', scaled)]);
  net.dense('unused', vector, 2);
  return net.build(net.dense('fc', net.add('same', { kind: 'identity' }, [vector]), 3));
}

const sources: readonly RegularizerSource[] = [
  { op: 2, kind: 'gamma', l1Fraction: 0, channels: 4 },
  { op: 1, kind: 'group-lasso', l1Fraction: 0.3, channels: 4 },
];

function stepRequest(seed: number): StepRequest {
  const random = randomStream(seed, 'batch');
  return {
    images: Float32Array.from({ length: 4 * 72 }, () => random.normal()),
    labels: Int32Array.of(0, 1, 2, 0),
    learningRate: 0.01,
    coefficients: new Map([
      [2, new Float32Array(4).fill(0.1)],
      [1, new Float32Array(4).fill(0.2)],
    ]),
  };
}

describe('memory', () => {
  it.each([
    ['SGD with momentum', sgd],
    ['plain SGD', { ...sgd, momentum: 0 }],
    ['Adam', adam],
  ])('has as many tensors after a step as before it, with %s', async (_, optimizer) => {
    const backend = await tfjsBackend;
    const engine = tfjsEngineOn(backend, { version: '4', threads: 1, device: 'cpu' });
    const count = (): number => backend.tf.memory().numTensors;
    const empty = count();
    const session: TrainingSession = await engine.compile({
      graph: forked(),
      batchSize: 4,
      optimizer,
      labelSmoothing: 0.1,
      sources,
      seed: 1,
    });
    const opened = count();
    expect(opened).toBe(empty + (await session.state()).size - 1);
    for (let step = 0; step < 3; step += 1) {
      await session.step(stepRequest(step));
      expect(count()).toBe(opened);
    }
    await session.evaluate(stepRequest(9));
    session.regularizationVectors();
    await session.restore(await session.state());
    expect(count()).toBe(opened);
    await session.dispose();
    expect(count()).toBe(empty);
  });
});
