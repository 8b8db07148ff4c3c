// Compares the gradients that an ONNX graph computes with finite differences of the same graph's output.

import { expect } from 'vitest';
import { batchShapes } from '../../../../server/src/training/engines/batch-shapes.ts';
import { emitBackward, emitForward } from '../../../../server/src/training/engines/onnx/differentiate.ts';
import { GraphEmitter, type Tensor } from '../../../../server/src/training/engines/onnx/graph-emitter.ts';
import { encodeModel } from '../../../../server/src/training/engines/onnx/onnx-model.ts';
import { loadOnnxRuntime } from '../../../../server/src/training/engines/onnx/onnx-runtime.ts';
import type { Emission } from '../../../../server/src/training/engines/onnx/op-rule.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';

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

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const runtime = loadOnnxRuntime(1);

/**
 * Checks d Σ(output·weights) / d(input, every parameter) at sampled elements, by the plain operators and, where this
 * machine has them, by the blocked ones.
 */
export async function checkGradients(graph: NetworkGraph, options: GradientCheckOptions = {}): Promise<void> {
  for (const channelBlock of new Set([1, (await runtime).channelBlock])) await check(graph, channelBlock, options);
}

async function check(graph: NetworkGraph, channelBlock: number, options: GradientCheckOptions): Promise<void> {
  const { batchSize = 2, distance = 1e-2, clearance = 0.05, samples = 6 } = options;
  const random = randomStream(1, 'gradient check');
  const emitter = new GraphEmitter(channelBlock);
  const [inputId] = graph.inputs;
  const [outputId] = graph.outputs;
  const shapes = batchShapes(graph, batchSize);
  if (inputId === undefined || outputId === undefined || !shapes.ok) throw new Error('The network can not be emitted');
  const images = emitter.input('images', 'float32', shapes.shapes.get(inputId)?.shape ?? []);
  const parameters = new Map<string, Tensor>();
  const buffers = new Map<string, Tensor>();
  for (const parameter of graph.ops.flatMap((op) => op.parameters)) {
    const isBuffer = parameter.role === 'running-mean' || parameter.role === 'running-variance';
    const map = isBuffer ? buffers : parameters;
    if (!map.has(parameter.id))
      map.set(parameter.id, emitter.input(parameter.id, 'float32', parameter.shape.map(Number)));
  }
  const stepCount = emitter.input('count', 'float32', []);
  const emission: Emission = {
    graph: emitter,
    mode: 'training',
    parameters,
    buffers: new Map(buffers),
    dropoutMasks: [],
    stepCount,
  };
  const forward = emitForward(graph, [outputId], batchSize, emission, images);
  const output = forward.values.get(outputId);
  if (output === undefined) throw new Error('The output was not emitted');
  const upstream = emitter.input('upstream', 'float32', output.shape);
  const backward = emitBackward(emission, forward, outputId, upstream, [inputId]);
  const gradientOfInput = backward.values.get(inputId);
  const outputs = new Map<string, Tensor>([['output', output]]);
  if (gradientOfInput !== undefined) outputs.set('images', gradientOfInput);
  for (const [id, gradient] of backward.parameters) outputs.set(id, gradient);
  const { model, names } = emitter.finish(outputs);
  const { open, floatTensor } = await runtime;
  const session = await open(encodeModel(model));

  const clear = (): number => {
    const value = random.normal();
    return value + Math.sign(value) * clearance;
  };
  const data = new Map<string, Float32Array>();
  for (const { name, shape } of model.inputs) {
    const valueAt = name === 'images' ? (options.input ?? clear) : clear;
    data.set(
      name,
      Float32Array.from({ length: count(shape) }, (_, index) => valueAt(index)),
    );
  }
  const run = async (): Promise<ReadonlyMap<string, Float32Array>> => {
    const feeds = Object.fromEntries(
      model.inputs.map(({ name, shape }) => [name, floatTensor(data.get(name) ?? new Float32Array(), shape)]),
    );
    const results = await session.run(feeds);
    return new Map([...names].map(([role, { name }]) => [role, results[name]?.data as Float32Array]));
  };
  const scalar = (result: ReadonlyMap<string, Float32Array>): number => {
    const weights = data.get('upstream') ?? new Float32Array();
    return (result.get('output') ?? new Float32Array()).reduce(
      (sum, value, index) => sum + value * (weights[index] ?? 0),
      0,
    );
  };
  const analytic = await run();
  const checked = [...names.keys()].filter((role) => role !== 'output');
  expect(checked.length).toBeGreaterThan(0);
  for (const role of checked) {
    const values = data.get(role);
    const gradient = analytic.get(role);
    if (values === undefined || gradient === undefined) throw new Error(`No values for ${role}`);
    expect(gradient.length, role).toBe(values.length);
    const scale = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0) / gradient.length) + 1e-3;
    for (let sample = 0; sample < Math.min(samples, values.length); sample += 1) {
      const index = values.length <= samples ? sample : Math.floor(random.uniform() * values.length);
      const original = values[index] ?? 0;
      values[index] = original + distance;
      const above = scalar(await run());
      values[index] = original - distance;
      const below = scalar(await run());
      values[index] = original;
      const numeric = (above - below) / (Math.fround(original + distance) - Math.fround(original - distance));
      expect(
        Math.abs((gradient[index] ?? NaN) - numeric) / scale,
        `block ${String(channelBlock)}, ${role}[${String(index)}]: ${String(gradient[index])} and ${String(numeric)}`,
      ).toBeLessThan(0.01);
    }
  }
  await session.release();
}
