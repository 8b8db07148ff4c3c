// Time and memory of a training step, our engines' against PyTorch's, in one run: all take turns step by step, so that
// whatever else the machine does meets each. They start from the same weights, and their losses are compared first. Then,
// engine by engine, steps with the MorphNet regulariser take turns with steps without.
//
//   npm run bench:training [-- --networks=resnet-20,vgg-like --engines=onnx,tfjs --steps=10 --threads=2 --batch=64]
//
// The engine tfjs takes part where its library is: in $MORPHNET_TFJS_PATH, or built by `npm run test:tfjs-native`.
// Python: $MORPHNET_PYTHON, what `pytorch:install` made, else python3. Exit status: 0 within the limits, 1 beyond one or losses that differ,
// 77 this machine has no PyTorch.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import type { TrainingSession } from '../server/src/training/engines/engine.ts';
import { type EngineName, listEngines } from '../server/src/training/engines/choose-engine.ts';
import type { Engine } from '../server/src/training/engines/engine.ts';
import { randomStream } from '../server/src/training/engines/random.ts';
import { classes, imageShape, limitOf, type TrainingNetworkName, trainingNetworks } from './training-networks.ts';
import { nativeTfjs } from './native-tfjs.ts';
import { findPython } from './python-with-pytorch.ts';
import { timeRegularizer, type RegularizerTimes } from './regularizer-cost.ts';

const skipped = 77;
/** Of the embedded engine's peak to PyTorch's. */
const memoryLimit = 2.5;
/** Of what the regulariser adds to the step of an engine. */
const regularizerLimit = 0.05;
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
    engines: { type: 'string', default: 'onnx,tfjs' },
    steps: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(availableParallelism()) },
    batch: { type: 'string', default: '64' },
    /** Internal: be the process that trains this network with the first of the engines. */
    worker: { type: 'string' },
    /** Internal: the process times steps with and without the regulariser. */
    regularizer: { type: 'boolean', default: false },
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

/** The engines that were asked for, as far as they load. */
async function findEngines(): Promise<readonly Engine[]> {
  const tfjsPath = process.env['MORPHNET_TFJS_PATH'] ?? (existsSync(nativeTfjs) ? nativeTfjs : undefined);
  const wanted = new Set(options.engines.split(','));
  return (await listEngines({ threads, tfjsPath }, threads, (name) => wanted.has(name))).flatMap(
    ({ engine }) => engine ?? [],
  );
}

const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 } as const;

/** Opens a session; the regulariser's sources are all batch norms, so that its cost is part of the step. */
async function openSession(engine: Engine, name: TrainingNetworkName): Promise<TrainingSession> {
  const graph = trainingNetworks[name].draw();
  const sources = graph.ops.flatMap((op) =>
    op.attributes.kind === 'batch-norm'
      ? [{ op: op.id, kind: 'gamma' as const, l1Fraction: 0, channels: op.attributes.channels }]
      : [],
  );
  return engine.compile({ graph, batchSize, optimizer, labelSmoothing: 0, sources, seed: 1 });
}

/** Writes the initial weights and the batch for PyTorch. */
async function writeTensors(folder: string, engine: Engine, name: TrainingNetworkName): Promise<void> {
  const session = await openSession(engine, name);
  const { images, labels } = batch();
  const tensors = [
    ...[...(await session.state())].map(([key, tensor]) => ({ name: key, type: 'float32', ...tensor })),
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
  const [engine] = await findEngines();
  if (engine === undefined) throw new Error(`${options.engines} can not be loaded`);
  if (options.regularizer) {
    const request = { graph: trainingNetworks[name].draw(), batchSize, optimizer, labelSmoothing: 0, seed: 1 };
    console.log(JSON.stringify(await timeRegularizer(engine, request, batch(), Number(options.steps))));
    process.exit(0);
  }
  const session = await openSession(engine, name);
  const data = batch();
  console.log(JSON.stringify({ version: `${engine.info.name} ${engine.info.version}` }));
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
const regularizerSchema = v.object({ plain: v.array(v.number()), regularized: v.array(v.number()) });
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

  async regularizerTimes(): Promise<RegularizerTimes> {
    return v.parse(regularizerSchema, await this.#answer());
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

/** A process that takes part, with what it has shown. */
interface Contender {
  /** PyTorch has none of ours. */
  readonly engine: EngineName | undefined;
  readonly version: string;
  readonly trainer: Trainer;
  readonly firstLosses: readonly number[];
  readonly milliseconds: number[];
}

async function contender(engine: EngineName | undefined, trainer: Trainer): Promise<Contender> {
  const version = await trainer.hello();
  const { losses } = await trainer.steps(comparedSteps);
  return { engine, version, trainer, firstLosses: losses, milliseconds: [] };
}

/** This program as one of the processes. */
function worker(network: TrainingNetworkName, engine: EngineName, ...more: readonly string[]): Trainer {
  const flags = [
    `--worker=${network}`,
    `--engines=${engine}`,
    `--threads=${options.threads}`,
    `--batch=${options.batch}`,
  ];
  const script = join(import.meta.dirname, 'bench-training.ts');
  return new Trainer(process.execPath, [...process.execArgv, script, ...flags, ...more]);
}

/** Says what the regulariser adds to a step, and whether it kept to its limit. */
async function measureRegularizer(network: TrainingNetworkName, engine: EngineName): Promise<boolean> {
  const steps = `--steps=${options.steps}`;
  const { plain, regularized } = await worker(network, engine, '--regularizer', steps).regularizerTimes();
  // Of the pairs, as two steps beside each other meet the same machine.
  const added = median(regularized.map((time, pair) => time - (plain[pair] ?? NaN))) / median(plain);
  const addedToFastest = Math.min(...regularized) / Math.min(...plain) - 1;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  console.log(
    `  ${engine}: the regulariser adds ${percent(added)} to a step of ${median(plain).toFixed(0)} ms, ${percent(addedToFastest)} to the fastest (limit ${percent(regularizerLimit)})`,
  );
  // What it really adds is in both; what else the machine does is hardly ever.
  return Math.min(added, addedToFastest) <= regularizerLimit;
}

/** Measures one network and says whether all kept to their limits. */
async function measure(name: TrainingNetworkName, engines: readonly Engine[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-training-'));
  try {
    const [first] = engines;
    if (first === undefined) throw new Error(`${options.engines} can not be loaded`);
    await writeTensors(folder, first, name);
    const ours: Contender[] = [];
    for (const { info } of engines) ours.push(await contender(info.name, worker(name, info.name)));
    const pythonScript = join(import.meta.dirname, 'training_networks.py');
    const pytorch = await contender(undefined, new Trainer(python, [pythonScript, folder, name, options.threads]));
    const all = [...ours, pytorch];
    for (let step = 0; step < Number(options.steps); step += 1) {
      for (const { trainer, milliseconds } of all) milliseconds.push(...(await trainer.steps(1)).milliseconds);
    }
    console.log(`${name}: batch ${String(batchSize)}, ${String(threads)} threads`);
    const format = (values: readonly number[]): string =>
      `${median(values).toFixed(0)} ms (fastest ${Math.min(...values).toFixed(0)})`;
    const pytorchPeak = await pytorch.trainer.goodbye();
    console.log(
      `  PyTorch ${pytorch.version}: ${format(pytorch.milliseconds)} a step, peak ${pytorchPeak.toFixed(0)} MB`,
    );
    const kept: boolean[] = [];
    for (const { engine, version, trainer, firstLosses, milliseconds } of ours) {
      const peak = await trainer.goodbye();
      const ratio = median(milliseconds) / median(pytorch.milliseconds);
      const limit = engine && limitOf(name, engine);
      const mayTake = engine === 'onnx' ? memoryLimit : undefined;
      const difference = Math.max(
        ...firstLosses.map((loss, index) => Math.abs(loss / (pytorch.firstLosses[index] ?? NaN) - 1)),
      );
      const written = (value: number | undefined): string => (value === undefined ? '' : ` (limit ${String(value)})`);
      console.log(
        [
          `  ${version}: ${format(milliseconds)} a step, peak ${peak.toFixed(0)} MB`,
          `    ratio ${ratio.toFixed(2)}${written(limit)}, memory ${(peak / pytorchPeak).toFixed(2)}${written(mayTake)}`,
          `    losses of ${String(comparedSteps)} steps ${difference < lossTolerance ? 'agree' : 'DIFFER'}, by at most ${difference.toExponential(1)}`,
        ].join('\n'),
      );
      kept.push(
        difference < lossTolerance && ratio <= (limit ?? Infinity) && peak <= (mayTake ?? Infinity) * pytorchPeak,
      );
    }
    for (const { info } of engines) kept.push(await measureRegularizer(name, info.name));
    return kept.every(Boolean);
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
  const engines = await findEngines();
  const kept: boolean[] = [];
  for (const name of options.networks.split(',')) {
    if (!isNetworkName(name))
      throw new Error(`No network ${name}; there are ${Object.keys(trainingNetworks).join(', ')}`);
    kept.push(await measure(name, engines));
  }
  return kept.every(Boolean) ? 0 : 1;
}

void main().then((status) => {
  process.exitCode = status;
});
