// `npm run bench:data`: how long training waits for its images, as a share of the step. A real engine trains ResNet-20 on
// generated JPEG files, with decoded images kept and without, and on generated CIFAR-10 batches.
//
//   npm run bench:data [-- --files 3000 --width 320 --batch 64 --steps 40 --threads 1]
//
// Exit status: 0 when every wait is below 5 % of the step, else 1.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { openBatches, type BatchSettings } from '../server/src/training/data/batches.ts';
import { readDataSet } from '../server/src/training/data/read-data-set.ts';
import { createOnnxEngine } from '../server/src/training/engines/onnx/onnx-engine.ts';
import { randomStream } from '../server/src/training/engines/random.ts';
import { valueOf } from '../test/support/data-sets.ts';
import { buildNodeBundle, root } from './bundles.ts';
import { classes, imageShape, trainingNetworks } from './training-networks.ts';

const limit = 0.05;
/** Steps before the clock counts: the first ones allocate, and wait for the first batches. */
const warmUp = 5;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '3000' },
    width: { type: 'string', default: '320' },
    batch: { type: 'string', default: '64' },
    steps: { type: 'string', default: '40' },
    /** Of the engine; by default as in a run, which leaves a core. */
    threads: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
  },
});
const [files, width, batchSize, steps, threads] = [
  Number(values.files),
  Number(values.width),
  Number(values.batch),
  Number(values.steps),
  Number(values.threads),
];

/** Pictures with shapes and grain, as large as photographs of their size: about 40 kB at 320 × 240. */
async function writePictures(folder: string): Promise<void> {
  const height = Math.round((width * 3) / 4);
  const random = randomStream(1, 'pictures');
  // A picture's grain is a piece of one field of noise: drawing it anew for each would take minutes.
  const grain = Uint8Array.from({ length: 4 * 3 * width * height }, () => Math.floor(48 * random.uniform()));
  for (let index = 0; index < files; index++) {
    const at = Math.floor(random.uniform() * 3 * grain.length * 0.25);
    const [cx, cy, tone] = [random.uniform() * width, random.uniform() * height, Math.floor(random.uniform() * 128)];
    const pixels = new Uint8Array(3 * width * height);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const light = (x - cx) ** 2 + (y - cy) ** 2 < (height / 3) ** 2 ? 80 : 0;
        for (let channel = 0; channel < 3; channel++) {
          const place = 3 * (y * width + x) + channel;
          pixels[place] = tone + light + (grain[at + place] ?? 0) - 16 * channel * (light === 0 ? 0 : 1);
        }
      }
    const target = join(folder, `class${String(index % classes)}`);
    mkdirSync(target, { recursive: true });
    const image = sharp(pixels, { raw: { width, height, channels: 3 } });
    writeFileSync(join(target, `${String(index)}.jpg`), await image.jpeg({ quality: 90 }).toBuffer());
  }
}

/** 10,000 training records and 1,000 to test with. */
function writeCifar(folder: string): void {
  const random = randomStream(2, 'cifar');
  const records = (count: number): Uint8Array =>
    Uint8Array.from({ length: 3073 * count }, (_, place) =>
      place % 3073 === 0 ? Math.floor(random.uniform() * 10) : Math.floor(random.uniform() * 256),
    );
  mkdirSync(folder);
  writeFileSync(join(folder, 'data_batch_1.bin'), records(10_000));
  writeFileSync(join(folder, 'test_batch.bin'), records(1_000));
}

interface Waits {
  readonly openMs: number;
  readonly stepMs: number;
  readonly waitMs: number;
  readonly worstMs: number;
}

/** Trains some steps and takes the time of each, of which the wait for its batch is a part. */
async function measure(
  path: string,
  decoder: URL,
  changes: Pick<BatchSettings, 'keptBytes' | 'augmentation'>,
): Promise<Waits> {
  const dataSet = valueOf(await readDataSet({ kind: 'auto', path }, { input: imageShape, decoder }));
  const engine = await createOnnxEngine(threads);
  const graph = trainingNetworks['resnet-20'].draw();
  const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 } as const;
  const session = await engine.compile({ graph, batchSize, optimizer, labelSmoothing: 0, sources: [], seed: 1 });
  const opening = performance.now();
  const batches = valueOf(await openBatches(dataSet, { size: batchSize, seed: 1, ...changes }, neverCancelled));
  if (batches === undefined) throw new Error('Nobody cancels this');
  const openMs = performance.now() - opening;
  let [total, waited, worst] = [0, 0, 0];
  for (let step = 0; step < warmUp + steps; step++) {
    const started = performance.now();
    const batch = valueOf(await batches.training(step));
    const wait = performance.now() - started;
    await session.step({ ...batch, learningRate: 0.01, coefficients: new Map() });
    // As the loop does, which listens for its parent.
    await new Promise((resolve) => setImmediate(resolve));
    if (step < warmUp) continue;
    total += performance.now() - started;
    waited += wait;
    worst = Math.max(worst, wait);
  }
  await batches.close();
  await session.dispose();
  return { openMs, stepMs: total / steps, waitMs: waited / steps, worstMs: worst };
}

const folder = mkdtempSync(join(tmpdir(), 'morphnet-bench-data-'));
try {
  const script = join(root, '.cache', 'bench-data', 'image-decoder.cjs');
  await buildNodeBundle('image-decoder', script);
  const decoder = pathToFileURL(script);
  const [pictures, cifar] = [join(folder, 'pictures'), join(folder, 'cifar')];
  console.log(`Writing ${values.files} JPEG files of ${values.width} pixels' width, and CIFAR-10 batches`);
  await writePictures(pictures);
  writeCifar(cifar);
  console.log(
    `ResNet-20, batch ${values.batch}, 3×32×32, onnx with ${values.threads} threads on ${String(availableParallelism())} cores, ${values.steps} steps`,
  );
  const augmentation = 'crop-flip' as const;
  const cases = [
    ['JPEG files, decoded for every step', pictures, { augmentation, keptBytes: 0 }],
    ['JPEG files, decoded once', pictures, { augmentation }],
    ['CIFAR-10', cifar, { augmentation }],
  ] as const;
  for (const [title, path, changes] of cases) {
    const { openMs, stepMs, waitMs, worstMs } = await measure(path, decoder, changes);
    const share = waitMs / stepMs;
    console.log(
      `${title}: figures in ${(openMs / 1000).toFixed(1)} s; step ${stepMs.toFixed(0)} ms, of which wait ${waitMs.toFixed(2)} ms = ${(100 * share).toFixed(2)} % (longest ${worstMs.toFixed(1)} ms)${share < limit ? '' : ', which is too much'}`,
    );
    if (share >= limit) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
