// Compares the gradients that the engines compute with finite differences of the output, and with each other.

import { expect } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import {
  channelBlocks,
  differentiatedByOnnx,
  differentiatedByTfjs,
  type DifferentiatedNetwork,
  type Values,
} from './differentiated-network.ts';

export interface GradientCheckOptions {
  readonly batchSize?: number;
  /** Distance of the central difference. Large for linear ops (exact at any distance), small for curved ones. */
  readonly distance?: number;
  /** Values of the input; by default normal numbers that stay clear of 0 by `clearance`. */
  readonly input?: (index: number) => number;
  readonly clearance?: number;
  /** How many elements of each tensor are moved. */
  readonly samples?: number;
}

/** Relative to a gradient's root mean square. */
const differenceTolerance = 0.01;
const engineTolerance = 2e-4;

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/**
 * Checks d Σ(output·upstream) / d(input, every parameter): at sampled elements against finite differences, for the onnx
 * engine by its plain operators and, where this machine has them, by the blocked ones, and for the tfjs engine; and at
 * all elements for these engines against each other.
 */
export async function checkGradients(graph: NetworkGraph, options: GradientCheckOptions = {}): Promise<void> {
  const { batchSize = 2 } = options;
  const networks = [await differentiatedByTfjs(graph, batchSize)];
  for (const block of await channelBlocks()) networks.push(await differentiatedByOnnx(graph, batchSize, block));
  const results: Values[] = [];
  for (const network of networks) {
    const values = drawnValues(networks, options);
    const found = await network.run(values);
    await checkAgainstDifferences(network, values, found, options);
    results.push(found);
    await network.dispose();
  }
  const [first, ...others] = results;
  for (const other of others) expectAlike(other, first ?? new Map());
}

/** A value for everything that one of the networks reads, the same for all. */
function drawnValues(
  networks: readonly DifferentiatedNetwork[],
  options: GradientCheckOptions,
): Map<string, Float32Array> {
  const { clearance = 0.05 } = options;
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of networks.flatMap(({ inputs }) => inputs)) {
    const random = randomStream(1, `gradient check ${name}`);
    const clear = (): number => {
      const value = random.normal();
      return value + Math.sign(value) * clearance;
    };
    const valueAt = name === 'images' ? (options.input ?? clear) : clear;
    values.set(
      name,
      Float32Array.from({ length: count(shape) }, (_, index) => valueAt(index)),
    );
  }
  return values;
}

function rootMeanSquare(gradient: Float32Array): number {
  return Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0) / gradient.length) + 1e-3;
}

async function checkAgainstDifferences(
  network: DifferentiatedNetwork,
  data: Map<string, Float32Array>,
  analytic: Values,
  options: GradientCheckOptions,
): Promise<void> {
  const { distance = 1e-2 } = options;
  const samples = network.samples ?? options.samples ?? 6;
  const random = randomStream(1, 'gradient check');
  const scalar = async (): Promise<number> => {
    const weights = data.get('upstream') ?? new Float32Array();
    const output = await network.output(data);
    return output.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0);
  };
  const checked = [...analytic.keys()].filter((role) => role !== 'output');
  expect(checked.length).toBeGreaterThan(0);
  for (const role of checked) {
    const values = data.get(role);
    const gradient = analytic.get(role);
    if (values === undefined || gradient === undefined) throw new Error(`No values for ${role}`);
    expect(gradient.length, role).toBe(values.length);
    const scale = rootMeanSquare(gradient);
    for (let sample = 0; sample < Math.min(samples, values.length); sample += 1) {
      const index = values.length <= samples ? sample : Math.floor(random.uniform() * values.length);
      const original = values[index] ?? 0;
      values[index] = original + distance;
      const above = await scalar();
      values[index] = original - distance;
      const below = await scalar();
      values[index] = original;
      const numeric = (above - below) / (Math.fround(original + distance) - Math.fround(original - distance));
      expect(
        Math.abs((gradient[index] ?? NaN) - numeric) / scale,
        `${network.name}, ${role}[${String(index)}]: ${String(gradient[index])} and ${String(numeric)}`,
      ).toBeLessThan(differenceTolerance);
    }
  }
}

/** Outputs and gradients of two engines, element by element. */
function expectAlike(actual: Values, expected: Values): void {
  expect([...actual.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [role, values] of expected) {
    const others = actual.get(role) ?? new Float32Array();
    expect(others.length, role).toBe(values.length);
    const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - (others[index] ?? NaN))), 0);
    expect(worst / rootMeanSquare(values), role).toBeLessThan(engineTolerance);
  }
}
