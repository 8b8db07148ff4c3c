// Time and memory of a training step, ours against PyTorch's, in one run: the two take turns step by step, so that
// whatever else the machine does meets both. They start from the same weights, and their losses are compared first.
//
//   npm run bench:training [-- --networks=resnet-20,vgg-like --steps=10 --threads=2 --batch=64]
//
// Python: $MORPHNET_PYTHON, what `pytorch:install` made, else python3. Exit status: 0 within the limits, 1 beyond one or losses that differ,
// 77 this machine has no PyTorch.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import type { TrainingSession } from '../server/src/training/engines/engine.ts';
import { createOnnxEngine } from '../server/src/training/engines/onnx/onnx-engine.ts';
import { randomStream } from '../server/src/training/engines/random.ts';
import { classes, imageShape, type TrainingNetworkName, trainingNetworks } from './training-networks.ts';
import { findPython } from './python-with-pytorch.ts';

const skipped = 77;
const memoryLimit = 2.5;
/**
 * Relative difference of the first losses, of which the second is the first to feel the gradients. Both sides compute
 * in 32 bits but in different orders, and a deep network soon makes much of that, so later losses say nothing.
 */
const lossTolerance = 2e-3;
const comparedSteps = 2;
const python = findPython();

const { values: options } = parseArgs({
  options: {
    networks: { type: 'string', default: Object.keys(trainingNetworks).join(',') },
    steps: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(availableParallelism()) },
    batch: { type: 'string', default: '64' },
    /** Internal: be the process that trains with our engine in the given folder. */
    worker: { type: 'string' },
  },
});
const threads = Number(options.threads);
const batchSize = Number(options.batch);

function isNetworkName(name: string): name is TrainingNetworkName {
  return name in trainingNetworks;
}

function batch() {
  const random = randomStream(7, 'bench');
  const pixels = imageShape.reduce((product, size) => product * size, batchSize);
  return {
    images: Float32Array.from({ length: pixels }, () => random.normal()),
    labels: Int32Array.from({ length: batchSize }, (_, index) => index % classes),
  };
}

/** Opens a session; the regulariser's sources are all batch norms, so that its cost is part of the step. */
async function openSession(name: TrainingNetworkName): Promise<TrainingSession> {
  const engine = await createOnnxEngine(threads);
  const graph = trainingNetworks[name].draw();
  const sources = graph.ops.flatMap((op) =>
    op.attributes.kind === 'batch-norm'
      ? [{ op: op.id, kind: 'gamma' as const, l1Fraction: 0, channels: op.attributes.channels }]
      : [],
  );
  const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 } as const;
  return engine.compile({ graph, batchSize, optimizer, labelSmoothing: 0, sources, seed: 1 });
}

/** Writes the initial weights and the batch for PyTorch. */
async function writeTensors(folder: string, name: TrainingNetworkName): Promise<void> {
  const session = await openSession(name);
  const { images, labels } = batch();
  const tensors = [
    ...[...session.state()].map(([key, tensor]) => ({ name: key, type: 'float32', ...tensor })),
    { name: 'images', type: 'float32', shape: [batchSize, ...imageShape], data: images },
    { name: 'labels', type: 'int32', shape: [batchSize], data: labels },
  ];
  const entries = tensors.map(({ name: key, type, shape, data }, index) => {
    const file = `${String(index)}.bin`;
    writeFileSync(join(folder, file), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { name: key, type, shape, file };
  });
  writeFileSync(join(folder, 'tensors.json'), JSON.stringify(entries));
  await session.dispose();
}

/** Our side of the conversation that training_networks.py has on the other. */
async function work(name: string): Promise<void> {
  if (!isNetworkName(name)) throw new Error(`No network ${name}`);
  const session = await openSession(name);
  const data = batch();
  console.log(JSON.stringify({ version: (await createOnnxEngine(threads)).info.version }));
  for await (const line of createInterface({ input: process.stdin })) {
    const losses: number[] = [];
    const milliseconds: number[] = [];
    for (let step = 0; step < Number(line); step += 1) {
      const begin = performance.now();
      losses.push((await session.step({ ...data, learningRate: 0.01, coefficients: new Map() })).loss);
      session.regularizationVectors();
      milliseconds.push(performance.now() - begin);
    }
    console.log(JSON.stringify({ losses, milliseconds }));
  }
  console.log(JSON.stringify({ peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
}

const helloSchema = v.object({ version: v.string() });
const stepsSchema = v.object({ losses: v.array(v.number()), milliseconds: v.array(v.number()) });
const goodbyeSchema = v.object({ peakMegabytes: v.number() });

/** A process that trains when asked. */
class Trainer {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, words: readonly string[]) {
    this.#process = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#process.stdout === null) throw new Error('No output to read');
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async hello(): Promise<string> {
    return v.parse(helloSchema, await this.#answer()).version;
  }

  async steps(count: number) {
    this.#process.stdin?.write(`${String(count)}\n`);
    return v.parse(stepsSchema, await this.#answer());
  }

  async goodbye(): Promise<number> {
    this.#process.stdin?.end();
    return v.parse(goodbyeSchema, await this.#answer()).peakMegabytes;
  }

  async #answer(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('A trainer ended early');
    return JSON.parse(line.value);
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Measures one network and says whether it kept to its limits. */
async function measure(name: TrainingNetworkName): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-training-'));
  try {
    await writeTensors(folder, name);
    const script = join(import.meta.dirname, 'bench-training.ts');
    const flags = [`--worker=${name}`, `--threads=${options.threads}`, `--batch=${options.batch}`];
    const ours = new Trainer(process.execPath, [...process.execArgv, script, ...flags]);
    const ourVersion = await ours.hello();
    const pytorch = new Trainer(python, [
      join(import.meta.dirname, 'training_networks.py'),
      folder,
      name,
      options.threads,
    ]);
    const pytorchVersion = await pytorch.hello();

    const first = { ours: await ours.steps(comparedSteps), pytorch: await pytorch.steps(comparedSteps) };
    const differences = first.ours.losses.map((loss, index) => {
      const other = first.pytorch.losses[index] ?? NaN;
      return Math.abs(loss - other) / Math.abs(other);
    });
    const times = { ours: [] as number[], pytorch: [] as number[] };
    for (let step = 0; step < Number(options.steps); step += 1) {
      times.ours.push(...(await ours.steps(1)).milliseconds);
      times.pytorch.push(...(await pytorch.steps(1)).milliseconds);
    }
    const [ourPeak, pytorchPeak] = [await ours.goodbye(), await pytorch.goodbye()];

    const ratio = median(times.ours) / median(times.pytorch);
    const { limit } = trainingNetworks[name];
    const agree = differences.every((difference) => difference < lossTolerance);
    const milliseconds = (values: readonly number[]): string =>
      `${median(values).toFixed(0)} ms (fastest ${Math.min(...values).toFixed(0)})`;
    console.log(
      [
        `${name}: batch ${String(batchSize)}, ${String(threads)} threads`,
        `  onnxruntime ${ourVersion}: ${milliseconds(times.ours)} a step, peak ${ourPeak.toFixed(0)} MB`,
        `  PyTorch ${pytorchVersion}: ${milliseconds(times.pytorch)} a step, peak ${pytorchPeak.toFixed(0)} MB`,
        `  ratio ${ratio.toFixed(2)} (limit ${String(limit)}), memory ${(ourPeak / pytorchPeak).toFixed(2)} (limit ${String(memoryLimit)})`,
        `  losses of ${String(comparedSteps)} steps ${agree ? 'agree' : 'DIFFER'}, by at most ${Math.max(...differences).toExponential(1)}`,
      ].join('\n'),
    );
    return agree && ratio <= limit && ourPeak <= memoryLimit * pytorchPeak;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<number> {
  if (options.worker !== undefined) {
    await work(options.worker);
    return 0;
  }
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) {
    console.error(`${python} has no PyTorch to compare with; name another by MORPHNET_PYTHON.`);
    return skipped;
  }
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`);
  const kept: boolean[] = [];
  for (const name of options.networks.split(',')) {
    if (!isNetworkName(name))
      throw new Error(`No network ${name}; there are ${Object.keys(trainingNetworks).join(', ')}`);
    kept.push(await measure(name));
  }
  return kept.every(Boolean) ? 0 : 1;
}

void main().then((status) => {
  process.exitCode = status;
});
