// CIFAR-10 and CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html) in both forms that they come in: binary records of label
// bytes and 3 × 32 × 32 pixels; and Python's pickles, which torchvision unpacks and which are read without running them.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../../common/problem.ts';
import { badFile, reasonOf, type ImagesInMemory, type ReadRequest, type ReadSet } from './data-set.ts';
import { pickledBytes, pickledNumbers, readPickle } from './pickle.ts';

const pixelsPerImage = 3 * 32 * 32;

interface Variant {
  readonly title: string;
  readonly classes: number;
  /** Label bytes of a record; the last one is the class. */
  readonly labelBytes: number;
  readonly training: RegExp;
  readonly test: string;
  /** The same as pickles, and the name of the labels in them. */
  readonly pickledTraining: RegExp;
  readonly pickledTest: string;
  readonly pickledLabels: string;
  readonly remedy: string;
}

const cifar10: Variant = {
  title: 'CIFAR-10',
  classes: 10,
  labelBytes: 1,
  training: /^data_batch_\d+\.bin$/,
  test: 'test_batch.bin',
  pickledTraining: /^data_batch_\d+$/,
  pickledTest: 'test_batch',
  pickledLabels: 'labels',
  remedy:
    'Choose the folder cifar-10-batches-bin or cifar-10-batches-py, with data_batch_1 to data_batch_5 (or some of them) and test_batch',
};

/** A record's first label is one of 20 coarse classes, its second the class. */
const cifar100: Variant = {
  title: 'CIFAR-100',
  classes: 100,
  labelBytes: 2,
  training: /^train\.bin$/,
  test: 'test.bin',
  pickledTraining: /^train$/,
  pickledTest: 'test',
  pickledLabels: 'fine_labels',
  remedy: 'Choose the folder cifar-100-binary or cifar-100-python, with train and test',
};

function readBatches(
  paths: readonly string[],
  { title, labelBytes, classes, remedy }: Variant,
): Result<ImagesInMemory> {
  const recordLength = labelBytes + pixelsPerImage;
  const batches: Buffer[] = [];
  for (const path of paths) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      return badFile(path, `can not be read (${reasonOf(error)})`, remedy);
    }
    if (bytes.length === 0 || bytes.length % recordLength !== 0) {
      return badFile(
        path,
        `is not made of records of ${String(recordLength)} bytes, so it is cut off or no ${title} batch`,
        'Fetch it again',
      );
    }
    batches.push(bytes);
  }
  const count = batches.reduce((sum, batch) => sum + batch.length / recordLength, 0);
  const pixels = new Uint8Array(count * pixelsPerImage);
  const labels = new Uint8Array(count);
  let image = 0;
  for (const [index, batch] of batches.entries()) {
    for (let offset = 0; offset < batch.length; offset += recordLength) {
      const label = batch[offset + labelBytes - 1] ?? 0;
      if (label >= classes) {
        const record = String(offset / recordLength);
        const problem = `has the label ${String(label)} in record ${record}, but ${title} has the labels 0 to ${String(classes - 1)}`;
        return badFile(paths[index] ?? '', problem, remedy);
      }
      labels[image] = label;
      pixels.set(batch.subarray(offset + labelBytes, offset + recordLength), image * pixelsPerImage);
      image++;
    }
  }
  return { ok: true, value: { kind: 'memory', count, pixels, labels } };
}

/** Batches as Python's `cPickle` wrote them: a dictionary with the images as rows of one array, and a list of labels. */
function readPickles(
  paths: readonly string[],
  { title, classes, pickledLabels, remedy }: Variant,
): Result<ImagesInMemory> {
  const batches: { readonly pixels: Uint8Array; readonly labels: readonly number[] }[] = [];
  for (const path of paths) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      return badFile(path, `can not be read (${reasonOf(error)})`, remedy);
    }
    const pickle = readPickle(bytes);
    if (!pickle.ok) return badFile(path, pickle.error, 'Fetch it again');
    const content = pickle.value instanceof Map ? pickle.value : new Map<unknown, unknown>();
    const pixels = pickledBytes(content.get('data'));
    const labels = pickledNumbers(content.get(pickledLabels));
    if (pixels === undefined || labels === undefined || pixels.length !== labels.length * pixelsPerImage)
      return badFile(path, `is no ${title} batch: it has no images with as many ${pickledLabels}`, remedy);
    const wrong = labels.find((label) => label < 0 || label >= classes);
    if (wrong !== undefined)
      return badFile(
        path,
        `has the label ${String(wrong)}, but ${title} has the labels 0 to ${String(classes - 1)}`,
        remedy,
      );
    batches.push({ pixels, labels });
  }
  const count = batches.reduce((sum, { labels }) => sum + labels.length, 0);
  const pixels = new Uint8Array(count * pixelsPerImage);
  let image = 0;
  for (const batch of batches) {
    pixels.set(batch.pixels, image * pixelsPerImage);
    image += batch.labels.length;
  }
  const labels = Uint8Array.from(batches.flatMap((batch) => batch.labels));
  return { ok: true, value: { kind: 'memory', count, pixels, labels } };
}

/** Reads a folder; without the test batch there is no test part. */
function read(folder: string, variant: Variant): Result<ReadSet> {
  const { title, classes, remedy } = variant;
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return badFile(folder, 'is no folder that can be read', remedy);
  }
  const binary = names.filter((name) => variant.training.test(name)).sort();
  const batches = binary.length > 0 ? binary : names.filter((name) => variant.pickledTraining.test(name)).sort();
  if (batches.length === 0) return badFile(folder, `has no ${title} batches`, remedy);
  const paths = batches.map((name) => join(folder, name));
  const readAll = binary.length > 0 ? readBatches : readPickles;
  const testName = binary.length > 0 ? variant.test : variant.pickledTest;
  const training = readAll(paths, variant);
  if (!training.ok) return training;
  const shared = { name: `${title} in ${folder}`, shape: [3, 32, 32], classes, training: training.value } as const;
  if (!names.includes(testName)) return { ok: true, value: shared };
  const test = readAll([join(folder, testName)], variant);
  return test.ok ? { ok: true, value: { ...shared, test: test.value } } : test;
}

/** Training batches may be missing but for one. */
export function readCifar10({ path }: ReadRequest): Result<ReadSet> {
  return read(path, cifar10);
}

export function readCifar100({ path }: ReadRequest): Result<ReadSet> {
  return read(path, cifar100);
}
