// Images and labels as NumPy arrays: an `.npz` archive, or `.npy` files side by side. Which array is what follows from
// the names that Keras, MedMNIST and most scripts give (x_train, y_train, train_images, test_labels, images, labels).

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Result } from '../../common/problem.ts';
import {
  badFile,
  countClasses,
  reasonOf,
  type ImageShape,
  type ImagesInMemory,
  type ReadRequest,
  type ReadSet,
} from './data-set.ts';
import { formatArrayShape, readNpy, type NpyArray } from './npy.ts';
import { openNpz } from './npz.ts';

const remedy =
  'Save the images as x_train and their labels as y_train (and x_test, y_test where there are test images), as arrays in one .npz or as .npy files in one folder';

/** Named arrays, wherever they are. */
interface Arrays {
  readonly names: readonly string[];
  /** The file that an array is in, for messages. */
  fileOf(name: string): string;
  read(name: string): Promise<Result<NpyArray>>;
  close(): void;
}

export async function readNumpy({ path, input }: ReadRequest): Promise<Result<ReadSet>> {
  const arrays = await openArrays(path);
  if (!arrays.ok) return arrays;
  try {
    return await readArrays(path, arrays.value, input);
  } finally {
    arrays.value.close();
  }
}

async function openArrays(path: string): Promise<Result<Arrays>> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return badFile(path, 'does not exist', remedy);
  if (stats.isDirectory()) return { ok: true, value: arraysIn(path) };
  if (path.toLowerCase().endsWith('.npy')) return { ok: true, value: arraysIn(dirname(path)) };
  const archive = await openNpz(path);
  if (!archive.ok) return badFile(path, archive.error, remedy);
  const { names, read, close } = archive.value;
  return {
    ok: true,
    value: {
      names,
      close,
      fileOf: (name) => `${name} in ${path}`,
      async read(name) {
        const content = await read(name);
        if (!content.ok) return badFile(path, content.error, 'Save it again');
        const array = readNpy(content.value);
        return array.ok ? array : badFile(`${name} in ${path}`, array.error, 'Save it again');
      },
    },
  };
}

function arraysIn(folder: string): Arrays {
  const fileOf = (name: string): string => join(folder, `${name}.npy`);
  return {
    names: readdirSync(folder)
      .flatMap((file) => /^(.*)\.npy$/.exec(file)?.[1] ?? [])
      .sort(),
    close: () => undefined,
    fileOf,
    read(name) {
      let bytes: Buffer;
      try {
        bytes = readFileSync(fileOf(name));
      } catch (error) {
        return Promise.resolve(badFile(fileOf(name), `can not be read (${reasonOf(error)})`, remedy));
      }
      const array = readNpy(bytes);
      return Promise.resolve(array.ok ? array : badFile(fileOf(name), array.error, 'Save it again'));
    },
  };
}

type Part = 'training' | 'validation' | 'test';
type Role = 'images' | 'labels';

const parts: readonly (readonly [RegExp, Part])[] = [
  [/train/, 'training'],
  [/test/, 'test'],
  [/val/, 'validation'],
];
const roles: readonly (readonly [RegExp, Role])[] = [
  [/^(x|images?|imgs?|data|features)$/, 'images'],
  [/^(y|labels?|targets?|class(es)?)$/, 'labels'],
];

/** What an array's name says it is: `x_train`, `trainImages`, `testLabels`, `X`. */
function meaningOf(name: string): { readonly part: Part; readonly role: Role } | undefined {
  const part = parts.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1] ?? 'training';
  const words = name
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toLowerCase()
    .replaceAll(/train(ing)?|test|val(id(ation)?)?/g, '_')
    .split(/[^a-z]+/);
  const role = roles.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1];
  return role && { part, role };
}

async function readArrays(path: string, arrays: Arrays, input: ImageShape): Promise<Result<ReadSet>> {
  const byMeaning = new Map<string, string>();
  for (const name of arrays.names) {
    const meaning = meaningOf(name);
    if (meaning === undefined) continue;
    const key = `${meaning.part} ${meaning.role}`;
    const other = byMeaning.get(key);
    if (other !== undefined)
      return badFile(path, `has two arrays that could be ${key}: ${other} and ${name}`, `Rename one. ${remedy}`);
    byMeaning.set(key, name);
  }
  const pair = (part: Part): readonly [string, string] | undefined => {
    const [images, labels] = [byMeaning.get(`${part} images`), byMeaning.get(`${part} labels`)];
    return images === undefined || labels === undefined ? undefined : [images, labels];
  };
  const trainingPair = pair('training');
  if (trainingPair === undefined) {
    const there = arrays.names.length === 0 ? 'no arrays' : `the arrays ${arrays.names.join(', ')}`;
    return badFile(path, `has ${there}, of which none are training images with their labels`, remedy);
  }
  const testPair = pair('test') ?? pair('validation');
  const training = await readPart(arrays, trainingPair, input);
  if (!training.ok) return training;
  const shared = { name: `NumPy arrays in ${path}`, shape: input, training: training.value };
  if (testPair === undefined) return { ok: true, value: { ...shared, classes: countClasses(training.value) } };
  const test = await readPart(arrays, testPair, input);
  if (!test.ok) return test;
  const isLeftOut = pair('test') !== undefined && pair('validation') !== undefined;
  return {
    ok: true,
    value: {
      ...shared,
      classes: countClasses(training.value, test.value),
      test: test.value,
      ...(isLeftOut && { notices: [`The validation arrays of ${path} are left out: it has test arrays`] }),
    },
  };
}

async function readPart(
  arrays: Arrays,
  [imagesName, labelsName]: readonly [string, string],
  input: ImageShape,
): Promise<Result<ImagesInMemory>> {
  const images = await arrays.read(imagesName);
  if (!images.ok) return images;
  const labels = await arrays.read(labelsName);
  if (!labels.ok) return labels;
  const pixels = pixelsOf(images.value, input);
  if (!pixels.ok) return badFile(arrays.fileOf(imagesName), pixels.error, remedyOf(input));
  const classes = classesOf(labels.value);
  if (!classes.ok)
    return badFile(arrays.fileOf(labelsName), classes.error, 'Save one class number, from 0, for each image');
  const count = images.value.shape[0] ?? 0;
  if (classes.value.length !== count) {
    return badFile(
      arrays.fileOf(labelsName),
      `has ${String(classes.value.length)} labels, but ${arrays.fileOf(imagesName)} has ${String(count)} images`,
      'Save both again',
    );
  }
  if (count === 0) return badFile(arrays.fileOf(imagesName), 'has no images', remedy);
  return { ok: true, value: { kind: 'memory', count, pixels: pixels.value, labels: classes.value } };
}

function remedyOf([channels, height, width]: ImageShape): string {
  const [c, h, w] = [String(channels), String(height), String(width)];
  return `The network takes images of ${c}×${h}×${w}: save them as (count, ${c}, ${h}, ${w}) or (count, ${h}, ${w}, ${c}), or set the model’s input in morphnet.json`;
}

/** Strides of image, channel, row and column for the layout that fits the input; channels first where both do. */
function imageStrides(
  { shape, strides }: NpyArray,
  [channels, height, width]: ImageShape,
): readonly number[] | undefined {
  const [, ...sizes] = shape;
  const [image = 0, a = 0, b = 0, c = 0] = strides;
  const fits = (...wanted: readonly number[]): boolean =>
    sizes.length === wanted.length && sizes.every((size, index) => size === wanted[index]);
  if (fits(channels, height, width)) return [image, a, b, c];
  if (fits(height, width, channels)) return [image, c, a, b];
  if (channels === 1 && fits(height, width)) return [image, 0, a, b];
  // Flattened, channels first.
  if (fits(channels * height * width)) return [image, a * height * width, a * width, a];
  return undefined;
}

/** The array as images: bytes stay bytes, all other numbers become 32-bit floats. */
function pixelsOf(array: NpyArray, input: ImageShape): Result<Uint8Array | Float32Array> {
  const strides = imageStrides(array, input);
  if (strides === undefined) return { ok: false, error: `has the shape ${formatArrayShape(array.shape)}` };
  const [count = 0] = array.shape;
  const [channels, height, width] = input;
  const [imageStride = 0, channelStride = 0, rowStride = 0, columnStride = 0] = strides;
  const { elements, type } = array;
  const size = count * channels * height * width;
  const pixels = type === 'u1' ? new Uint8Array(size) : new Float32Array(size);
  let target = 0;
  for (let image = 0; image < count; image++)
    for (let channel = 0; channel < channels; channel++)
      for (let row = 0; row < height; row++) {
        const start = image * imageStride + channel * channelStride + row * rowStride;
        for (let column = 0; column < width; column++) {
          const value = Number(elements[start + column * columnStride] ?? 0);
          if (!Number.isFinite(value))
            return { ok: false, error: `has a pixel that is no finite number, in image ${String(image)}` };
          pixels[target++] = value;
        }
      }
  return { ok: true, value: pixels };
}

function classesOf({ shape, elements }: NpyArray): Result<Int32Array> {
  const [count = 0, ...rest] = shape;
  if (shape.length === 0 || rest.some((size) => size !== 1))
    return { ok: false, error: `has the shape ${formatArrayShape(shape)}` };
  const labels = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const label = Number(elements[index] ?? 0);
    if (!Number.isInteger(label) || label < 0 || label >= 2 ** 31)
      return { ok: false, error: `has the label ${String(label)} at index ${String(index)}` };
    labels[index] = label;
  }
  return { ok: true, value: labels };
}
