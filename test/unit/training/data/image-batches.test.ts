// Batches of image files from real decoding threads: the same whatever the threads' number and timing, resumable at any
// step, with unreadable files replaced, named and limited.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildNodeBundle } from '../../../../scripts/bundles.ts';
import { neverCancelled } from '../../../../server/src/common/cancellation.ts';
import { openBatches, type Batches, type BatchSettings } from '../../../../server/src/training/data/batches.ts';
import { viewsOf } from '../../../../server/src/training/data/augmentation.ts';
import type { DataSet } from '../../../../server/src/training/data/data-set.ts';
import {
  buildDecoder,
  listedFiles,
  openedBatches,
  readSet,
  testBatches,
  trainingBatch,
  valueOf,
} from '../../../support/data-sets.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const shape = [3, 4, 4] as const;
const perClass = 12;
let decoder: URL;
let folder = '';

/** A flat picture whose red says which it is. */
const picture = (red: number, blue: number): Promise<Buffer> =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: red, g: 100, b: blue } } })
    .png()
    .toBuffer();

/** Two classes of flat pictures: `a` with red 10, 20, …, `b` with red 15, 25, …; blue is 0 or 255 by turns. */
beforeAll(async () => {
  decoder = await buildDecoder('image-batches-test');
  folder = mkdtempSync(join(tmpdir(), 'morphnet-images-'));
  for (const [offset, name] of ['a', 'b'].entries()) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < perClass; i++) {
      const path = join(folder, name, `${String(i).padStart(2, '0')}.png`);
      writeFileSync(path, await picture(10 + 10 * i + 5 * offset, 255 * (i % 2)));
    }
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (badFiles = 0): Promise<DataSet> =>
  readSet({ kind: 'images', path: folder, validation: 0.25, badFiles }, shape, decoder);

async function open(dataSet: DataSet, settings: Partial<BatchSettings> = {}): Promise<Batches> {
  const batches = await openedBatches(dataSet, { size: 4, seed: 3, threads: 1, ...settings });
  onTestFinished(() => batches.close());
  return batches;
}

async function stepsOf(batches: Batches, steps: readonly number[]): Promise<unknown[]> {
  const all = [];
  for (const step of steps) all.push(await trainingBatch(batches, step));
  return all;
}

describe('batches of files', () => {
  it('have the pictures of their labels, normalised by the training part', async () => {
    const dataSet = await read();
    const files = listedFiles(dataSet.training);
    expect(files.length).toBe(18);
    // A file's red from its name, as the pictures were made.
    const reds = files.map(([path, label]) => 10 + 10 * Number(/(\d+)\.png$/.exec(path)?.[1]) + 5 * label);
    const mean = reds.reduce((sum, red) => sum + red, 0) / reds.length;
    const deviation = Math.sqrt(reds.reduce((sum, red) => sum + (red - mean) ** 2, 0) / reds.length);
    const { images, labels } = await trainingBatch(await open(dataSet, { size: 18 }), 0);
    const seen = labels.map((label, place) => {
      const pixels = images.slice(48 * place, 48 * place + 48);
      expect(new Set(pixels.slice(0, 16)).size).toBe(1);
      // Green does not vary: it is left where its mean is 0.
      expect(pixels.slice(16, 32)).toEqual(new Array(16).fill(0));
      return [Math.round((pixels[0] ?? 0) * deviation + mean), label];
    });
    const expected = files.map(([, label], index) => [reds[index], label]);
    expect(seen.sort()).toEqual(expected.sort());
  });

  it('are the same from one thread and from three, from kept images and anew, and from any step on', async () => {
    const dataSet = await read();
    const augmentation = 'crop-flip' as const;
    const steps = Array.from({ length: 14 }, (_, step) => step);
    const one = await stepsOf(await open(dataSet, { augmentation }), steps);
    const three = await open(dataSet, { augmentation, threads: 3 });
    expect(await stepsOf(three, steps)).toEqual(one);
    // Back and forth over what was asked for ahead.
    expect(await stepsOf(three, [9, 2, 3, 13, 0])).toEqual([9, 2, 3, 13, 0].map((step) => one[step]));
    expect(await stepsOf(await open(dataSet, { augmentation, keptBytes: 0 }), steps)).toEqual(one);
    const { state } = three;
    const resumed = await open(dataSet, { augmentation, saved: state });
    expect(resumed.state).toBe(state);
    expect(await stepsOf(resumed, steps.slice(6))).toEqual(one.slice(6));
    expect(one.length).toBe(new Set(one.map((batch) => JSON.stringify(batch))).size);
  });

  it('are shifted and mirrored as their views say, over black', async () => {
    const dataSet = await read();
    const plain = await trainingBatch(await open(dataSet), 0);
    const augmented = await trainingBatch(await open(dataSet, { augmentation: 'crop-flip' }), 0);
    expect(augmented.labels).toEqual(plain.labels);
    for (const [place, view] of viewsOf(3, 0, 4).entries()) {
      const [before, after] = [plain, augmented].map(({ images }) => images.slice(48 * place, 48 * place + 16));
      // Flat pictures: what is seen of one is a rectangle of its value.
      const inside = (4 - Math.abs(view.top)) * (4 - Math.abs(view.left));
      expect(after?.filter((value) => value === before?.[0]).length).toBe(inside);
    }
  });

  it('to test with show every image once, in order', async () => {
    const dataSet = await read();
    const tested = await testBatches(await open(dataSet), 100);
    expect(tested.map(({ labels }) => labels.length)).toEqual([4, 2]);
    expect(tested.flatMap(({ labels }) => labels)).toEqual(listedFiles(dataSet.test).map(([, label]) => label));
  });
});

describe('unreadable files', () => {
  /** The data set with one training file damaged for the test. */
  async function damaged(badFiles: number): Promise<{ dataSet: DataSet; path: string }> {
    const dataSet = await read(badFiles);
    const path = listedFiles(dataSet.training)[2]?.[0] ?? '';
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 40));
    onTestFinished(() => writeFileSync(path, whole));
    return { dataSet, path };
  }

  it('are named once and replaced by others of their batch, the same for any number of threads', async () => {
    const { dataSet, path } = await damaged(0.05);
    const batches = await open(dataSet);
    const named = batches.takeUnreadable();
    expect(named.map((file) => file.path)).toEqual([path]);
    expect(named[0]?.reason).toMatch(/\S/);
    const steps = [0, 1, 2, 3, 4, 5, 6, 7];
    const seen = await stepsOf(batches, steps);
    expect(batches.takeUnreadable()).toEqual([]);
    expect(await stepsOf(await open(dataSet, { threads: 3 }), steps)).toEqual(seen);
    // A run that goes on knows the file already.
    const resumed = await open(dataSet, { saved: batches.state });
    expect(resumed.takeUnreadable()).toEqual([]);
    expect(await stepsOf(resumed, steps)).toEqual(seen);
    // Four epochs of four batches: whole ones, in which some image stands twice where the damaged one was due.
    const doubled = [];
    for (const step of Array.from({ length: 16 }, (_, index) => index)) {
      const { images, labels } = await trainingBatch(resumed, step);
      expect(labels.length).toBe(4);
      const distinct = new Set(labels.map((_, place) => images.slice(48 * place, 48 * place + 48).join()));
      if (distinct.size < 4) doubled.push(step);
    }
    expect(doubled.length).toBeGreaterThan(0);
    expect(doubled.length).toBeLessThanOrEqual(4);
  });

  it('stop the run above the limit, with the list', async () => {
    const { dataSet, path } = await damaged(0.04);
    // One of 24 files is more than 4 %.
    const batch = await (await open(dataSet)).training(0);
    expect(!batch.ok && batch.error).toMatch(/^1 of 24 image files can't be read, and at most 4 % may be so: /);
    expect(!batch.ok && batch.error).toContain(`${path} (`);
    expect(!batch.ok && batch.error).toContain('data.badFiles');
  });

  it('among test images are left out', async () => {
    const dataSet = await read(1);
    const path = listedFiles(dataSet.test)[1]?.[0] ?? '';
    const whole = readFileSync(path);
    writeFileSync(path, 'no picture');
    onTestFinished(() => writeFileSync(path, whole));
    const batches = await open(dataSet);
    const tested = await testBatches(batches, 100);
    expect(tested.map(({ labels }) => labels.length)).toEqual([3, 2]);
    expect(batches.takeUnreadable().map((file) => file.path)).toEqual([path]);
  });
});

it('a machine without the decoder’s library is told so, with a way out', async () => {
  // Outside the repository nothing is found in node_modules.
  const script = join(temporaryFolder(), 'image-decoder.cjs');
  await buildNodeBundle('image-decoder', script);
  const reference = { kind: 'images', path: folder } as const;
  const dataSet = await readSet(reference, shape, pathToFileURL(script));
  const opened = await openBatches(dataSet, { size: 4, seed: 1, threads: 2 }, neverCancelled);
  expect(!opened.ok && opened.error).toMatch(/^The image decoder \(sharp\) can not be loaded on this machine: .*NumPy/);
});

it('taking the figures can be cancelled', async () => {
  const opened = valueOf(
    await openBatches(await read(), { size: 4, seed: 1, threads: 1 }, { isCancellationRequested: true }),
  );
  expect(opened).toBeUndefined();
});
