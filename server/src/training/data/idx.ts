// IDX files, the form of MNIST and its kin (http://yann.lecun.com/exdb/mnist): plain or gzipped.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Result } from '../../common/problem.ts';
import { badFile, countClasses, reasonOf, type ImagesInMemory, type ReadRequest, type ReadSet } from './data-set.ts';

const imagesMagic = 0x803;
const labelsMagic = 0x801;

const remedy =
  'Choose the folder with the four files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or as .gz';

const trainingPart = /^train/i;
const testPart = /^(t10k|test)/i;

/** The file of a folder for a part and kind, whichever way it is spelled. */
function findFile(folder: string, names: readonly string[], part: RegExp, kind: RegExp): string | undefined {
  const found = names.find((name) => part.test(name) && kind.test(name));
  return found === undefined ? undefined : join(folder, found);
}

function readBytes(path: string): Result<Buffer> {
  try {
    const bytes = readFileSync(path);
    return { ok: true, value: path.endsWith('.gz') ? gunzipSync(bytes) : bytes };
  } catch (error) {
    return badFile(path, `can not be read (${reasonOf(error)})`, remedy);
  }
}

interface ReadPart {
  readonly images: ImagesInMemory;
  readonly height: number;
  readonly width: number;
}

function readPart(folder: string, names: readonly string[], part: RegExp, title: string): Result<ReadPart> {
  const imagesPath = findFile(folder, names, part, /images|idx3/i);
  const labelsPath = findFile(folder, names, part, /labels|idx1/i);
  if (imagesPath === undefined || labelsPath === undefined)
    return badFile(folder, `has no ${title} images and labels in IDX form`, remedy);
  const [images, labels] = [readBytes(imagesPath), readBytes(labelsPath)];
  if (!images.ok) return images;
  if (!labels.ok) return labels;
  const wrong =
    wrongHeader(imagesPath, images.value, imagesMagic, 16) ?? wrongHeader(labelsPath, labels.value, labelsMagic, 8);
  if (wrong) return wrong;
  const count = images.value.readUInt32BE(4);
  const [height, width] = [images.value.readUInt32BE(8), images.value.readUInt32BE(12)];
  if (count * height * width === 0) return badFile(imagesPath, 'has no images', remedy);
  const needed = 16 + count * height * width;
  if (images.value.length < needed) {
    return badFile(
      imagesPath,
      `is cut off: its header promises ${String(needed)} bytes, but there are ${String(images.value.length)}`,
      'Fetch it again',
    );
  }
  if (labels.value.readUInt32BE(4) !== count || labels.value.length < 8 + count) {
    return badFile(labelsPath, `has other labels than ${imagesPath} has images`, 'Fetch both again');
  }
  const pixels = new Uint8Array(images.value.buffer, images.value.byteOffset + 16, count * height * width);
  return {
    ok: true,
    value: {
      images: { kind: 'memory', count, pixels, labels: new Uint8Array(labels.value.subarray(8, 8 + count)) },
      height,
      width,
    },
  };
}

function wrongHeader(path: string, bytes: Buffer, magic: number, length: number): Result<never> | undefined {
  if (bytes.length >= length && bytes.readUInt32BE(0) === magic) return undefined;
  return badFile(path, `does not begin like an IDX file (0x${magic.toString(16).padStart(8, '0')})`, remedy);
}

/** Reads a folder of IDX files; without any test file there is no test part. */
export function readIdx({ path: folder }: ReadRequest): Result<ReadSet> {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return badFile(folder, 'is no folder that can be read', remedy);
  }
  const training = readPart(folder, names, trainingPart, 'training');
  if (!training.ok) return training;
  const { images, height, width } = training.value;
  const shared = { name: `IDX images in ${folder}`, shape: [1, height, width], training: images } as const;
  if (!names.some((name) => testPart.test(name) && /idx/i.test(name)))
    return { ok: true, value: { ...shared, classes: countClasses(images) } };
  const test = readPart(folder, names, testPart, 'test');
  if (!test.ok) return test;
  if (test.value.height !== height || test.value.width !== width)
    return badFile(folder, 'has training and test images of different sizes', remedy);
  const classes = countClasses(images, test.value.images);
  return { ok: true, value: { ...shared, classes, test: test.value.images } };
}
