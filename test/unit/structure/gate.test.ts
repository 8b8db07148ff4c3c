// Logistic-sigmoid gates (spec 2.1): masks, probabilities, inference, annealing, and which channel can't be switched off.

import { describe, expect, test } from 'vitest';
import {
  annealedTemperature,
  defaultGate,
  gateProbabilities,
  gateVectors,
  inferenceMask,
  keptChannel,
  logisticNoise,
  trainingMask,
  trainingMaskSlopes,
  wrongGate,
  type GateOptions,
} from '../../../server/src/structure/gate.ts';
import { randomStream } from '../../../server/src/training/engines/random.ts';
import { expectAllNear, expectNear } from '../../support/method-network.ts';

const free: GateOptions = { ...defaultGate, keepAlive: 'none' };
const logits = Float32Array.of(-10, 10, -10, 10);

test('defaults: a logit of 2.5 is a probability of 0.924', () => {
  expect(defaultGate).toMatchObject({
    temperature: 0.001,
    straightThrough: false,
    initialLogit: 2.5,
    softInference: true,
  });
  expectNear(gateProbabilities(Float32Array.of(2.5))[0]!, 0.924142, 1e-5);
});

test('probabilities by logit', () => {
  expectAllNear([...gateProbabilities(Float32Array.of(5.5, 2.5, 0.5, -5.5))], [0.996, 0.924, 0.622, 0.00407], 2e-3);
});

test('the mean of sampled masks is the probability', () => {
  const random = randomStream(7, 'gate');
  const mean = (logit: number): number => {
    const noise = Float32Array.from({ length: 4000 }, () => logisticNoise(random.uniform() + 2 ** -33));
    const mask = trainingMask(new Float32Array(4000).fill(logit), noise, free);
    return mask.reduce((sum, on) => sum + on, 0) / 4000;
  };
  expect(Math.abs(mean(0.5) - 0.6225)).toBeLessThan(0.03);
  expect(Math.abs(mean(-5.5) - 0.00407)).toBeLessThan(0.01);
});

describe('training masks', () => {
  const noise = Float32Array.of(0.3, -0.4, 0, 1);
  const near = Float32Array.of(0.2, -0.1, 0.05, -1.2);
  const soft = { ...free, temperature: 0.5 };

  test('are soft by temperature', () => {
    expectAllNear([...trainingMask(near, noise, soft)], [0.731059, 0.268941, 0.524979, 0.401312]);
  });

  test('are hard with straight-through, and at a temperature of 0', () => {
    expect([...trainingMask(near, noise, { ...soft, straightThrough: true })]).toEqual([1, 0, 1, 0]);
    expect([...trainingMask(near, noise, { ...free, temperature: 0 })]).toEqual([1, 0, 1, 0]);
  });

  test('have the soft mask’s gradient either way, and none at a temperature of 0', () => {
    const step = 1e-3;
    const slopes = trainingMaskSlopes(near, noise, soft);
    const moved = trainingMask(
      near.map((logit) => logit + step),
      noise,
      soft,
    );
    const before = trainingMask(near, noise, soft);
    slopes.forEach((slope, channel) => expect(slope).toBeCloseTo((moved[channel]! - before[channel]!) / step, 2));
    expect([...trainingMaskSlopes(near, noise, { ...soft, straightThrough: true })]).toEqual([...slopes]);
    expect([...trainingMaskSlopes(near, noise, { ...soft, temperature: 0 })]).toEqual([0, 0, 0, 0]);
  });
});

test('inference takes logits above 0, scaled by probability unless told otherwise', () => {
  const mixed = Float32Array.of(2, -1, 0.5, 0);
  expectAllNear([...inferenceMask(mixed, free)], [0.880797, 0, 0.622459, 0]);
  expect([...inferenceMask(mixed, { ...free, softInference: false })]).toEqual([1, 0, 1, 0]);
});

test('the temperature falls to a tenth after each annealing period', () => {
  expectNear(annealedTemperature(1, 1000, 1000), 0.1);
  expectNear(annealedTemperature(0.5, 500, 1000), 0.5 * Math.sqrt(0.1));
  expect(annealedTemperature(1, 0, 1000)).toBe(1);
});

test('a temperature below 0 is refused', () => {
  expect(wrongGate({ ...free, temperature: -1 })).toContain('temperature');
  expect(wrongGate(free)).toBeUndefined();
});

describe('mistake 16: the channel that is always on counts as alive', () => {
  test('the reference keeps the first on without telling the regularizer; here it is told', () => {
    const first = { ...defaultGate, keepAlive: 'first' } as const;
    const mask = trainingMask(logits, new Float32Array(4), first);
    expect([...mask]).toEqual([1, 1, 0, 1]);
    expect([...gateVectors(logits, mask, first).alive]).toEqual([1, 1, 0, 1]);
  });

  test('by default the one with the highest logit stays on', () => {
    const low = Float32Array.of(-3, -1, -2);
    expect(keptChannel(low, defaultGate)).toBe(1);
    expect([...inferenceMask(low, defaultGate)]).toEqual([0, 1, 0]);
    expect(trainingMaskSlopes(low, new Float32Array(3), { ...defaultGate, temperature: 1 })[1]).toBe(0);
  });

  test('none is kept when that is asked for: the reference’s vectors', () => {
    const mask = trainingMask(logits, new Float32Array(4), free);
    expect([...gateVectors(logits, mask, free).alive]).toEqual([0, 1, 0, 1]);
  });
});

test('mistake 16: vectors from probabilities do not change with the sample', () => {
  const choice = { regularizeOnMask: false, maskAsAlive: false };
  const one = gateVectors(logits, Float32Array.of(1, 1, 1, 1), free, choice);
  const other = gateVectors(logits, Float32Array.of(0, 0, 0, 0), free, choice);
  expect(one).toEqual(other);
  expectAllNear([...one.regularization], [4.53979e-5, 0.9999546, 4.53979e-5, 0.9999546]);
});
