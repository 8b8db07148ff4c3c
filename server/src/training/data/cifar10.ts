// CIFAR-10 in its binary form (https://www.cs.toronto.edu/~kriz/cifar.html): records of a label byte and 3 × 32 × 32 pixels.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../../common/problem.ts';
import { badFile, countClasses, type DataSet, type LabelledImages } from './data-set.ts';

const pixelsPerImage = 3 * 32 * 32;
const recordLength = 1 + pixelsPerImage;

const remedy =
  'Choose the folder cifar-10-batches-bin, with data_batch_1.bin to data_batch_5.bin (or some of them) and test_batch.bin';

function readBatches(paths: readonly string[]): Result<LabelledImages> {
  const batches: Buffer[] = [];
  for (const path of paths) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      return badFile(path, `can not be read (${error instanceof Error ? error.message : String(error)})`, remedy);
    }
    if (bytes.length === 0 || bytes.length % recordLength !== 0) {
      return badFile(
        path,
        `is not made of records of ${String(recordLength)} bytes, so it is cut off or no CIFAR-10 batch`,
        'Fetch it again',
      );
    }
    batches.push(bytes);
  }
  const count = batches.reduce((sum, batch) => sum + batch.length / recordLength, 0);
  const pixels = new Uint8Array(count * pixelsPerImage);
  const labels = new Uint8Array(count);
  let image = 0;
  for (const batch of batches) {
    for (let offset = 0; offset < batch.length; offset += recordLength) {
      labels[image] = batch[offset] ?? 0;
      pixels.set(batch.subarray(offset + 1, offset + recordLength), image * pixelsPerImage);
      image++;
    }
  }
  return { ok: true, value: { count, pixels, labels } };
}

/** Reads a folder of CIFAR-10's binary batches; training batches may be missing but for one. */
export function readCifar10(folder: string): Result<DataSet> {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return badFile(folder, 'is no folder that can be read', remedy);
  }
  const batches = names.filter((name) => /^data_batch_\d+\.bin$/.test(name)).sort();
  if (batches.length === 0 || !names.includes('test_batch.bin'))
    return badFile(folder, 'has no CIFAR-10 batches', remedy);
  const training = readBatches(batches.map((name) => join(folder, name)));
  if (!training.ok) return training;
  const test = readBatches([join(folder, 'test_batch.bin')]);
  if (!test.ok) return test;
  const wrong = countClasses(training.value, test.value);
  if (wrong > 10)
    return badFile(folder, `has the label ${String(wrong - 1)}, but CIFAR-10 has the labels 0 to 9`, remedy);
  return {
    ok: true,
    value: {
      name: `CIFAR-10 in ${folder}`,
      shape: [3, 32, 32],
      classes: 10,
      training: training.value,
      test: test.value,
    },
  };
}
