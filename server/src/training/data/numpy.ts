// Images and labels as NumPy arrays: an `.npz` archive, or `.npy` files side by side. Which array is what follows from
// the names that Keras, MedMNIST and most scripts give (x_train, y_train, train_images, test_labels, images, labels).

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Result } from '../../common/problem.ts';
import {
  badFile,
  reasonOf,
  type ImageShape,
  type ImagesInMemory,
  type ReadRequest,
  type ReadSet,
  type Target,
} from './data-set.ts';
import { readNpy, type NpyArray } from './npy.ts';
import { openNpz } from './npz.ts';
import { pixelsOf } from './numpy-images.ts';
import { targetOf, targetRemedy, type ReadTarget } from './numpy-targets.ts';

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

export async function readNumpy({ path, input, outputs }: ReadRequest): Promise<Result<ReadSet>> {
  const arrays = await openArrays(path);
  if (!arrays.ok) return arrays;
  try {
    return await readArrays(path, arrays.value, input, outputs);
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
type Role = 'images' | 'targets';

interface Meaning {
  readonly part: Part;
  readonly role: Role;
  /** What else the name says: `age` of y_age_train, `1` of y1. */
  readonly own: string;
}

const parts: readonly (readonly [RegExp, Part])[] = [
  [/train/, 'training'],
  [/test/, 'test'],
  [/val/, 'validation'],
];
const roles: readonly (readonly [RegExp, Role])[] = [
  [/^(x|images?|imgs?|data|features)$/, 'images'],
  [/^(y|labels?|targets?|class(es)?|masks?)$/, 'targets'],
];

/** What an array's name says it is: `x_train`, `trainImages`, `testLabels`, `X`. */
function meaningOf(name: string): Meaning | undefined {
  const part = parts.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1] ?? 'training';
  const words = name
    .replaceAll(/(?<=[a-z])(?=[A-Z\d])/g, '_')
    .toLowerCase()
    .replaceAll(/train(ing)?|test|val(id(ation)?)?/g, '_')
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '');
  for (const [pattern, role] of roles) {
    const at = words.findIndex((word) => pattern.test(word));
    if (at >= 0) return { part, role, own: words.filter((_, index) => index !== at).join('_') };
  }
  return undefined;
}

/** The arrays of a part: images, and of each target its name in the set and its array. */
interface PartArrays {
  readonly images: string;
  readonly targets: readonly (readonly [own: string, array: string])[];
}

async function readArrays(
  path: string,
  arrays: Arrays,
  input: ImageShape,
  outputs: readonly ImageShape[],
): Promise<Result<ReadSet>> {
  const byMeaning = new Map<string, string>();
  const targetNames = new Map<Part, Map<string, string>>();
  for (const name of arrays.names) {
    const meaning = meaningOf(name);
    if (meaning === undefined) continue;
    const { part, role, own } = meaning;
    const known = targetNames.get(part) ?? new Map<string, string>();
    const other = role === 'images' ? byMeaning.get(part) : known.get(own);
    if (other !== undefined) {
      const what = role === 'images' ? 'images' : 'labels';
      return badFile(
        path,
        `has two arrays that could be ${part} ${what}: ${other} and ${name}`,
        `Rename one. ${remedy}`,
      );
    }
    if (role === 'images') byMeaning.set(part, name);
    else targetNames.set(part, known.set(own, name));
  }
  const arraysOf = (part: Part): PartArrays | undefined => {
    const images = byMeaning.get(part);
    const targets = [...(targetNames.get(part) ?? [])].sort(([left], [right]) => (left < right ? -1 : 1));
    return images === undefined || targets.length === 0 ? undefined : { images, targets };
  };
  const training = arraysOf('training');
  if (training === undefined) {
    const there = arrays.names.length === 0 ? 'no arrays' : `the arrays ${arrays.names.join(', ')}`;
    return badFile(path, `has ${there}, of which none are training images with their labels`, remedy);
  }
  const testArrays = arraysOf('test') ?? arraysOf('validation');
  const missing = training.targets.find(([own]) => testArrays?.targets.every(([other]) => other !== own) === true);
  if (missing !== undefined)
    return badFile(path, `has no array for the test images like ${missing[1]} for the training images`, remedy);
  const read: ReadPart[] = [];
  for (const part of [training, ...(testArrays ? [testArrays] : [])]) {
    const found = await readPart(arrays, part, input, outputs);
    if (!found.ok) return found;
    read.push(found.value);
  }
  const targets = jointTargets(read);
  if (!targets.ok) return badFile(path, targets.error, 'Save both again');
  const [first, test] = read;
  if (first === undefined) throw new Error('No part was read');
  const isPlain =
    targets.value.every(({ kind, shape }) => kind === 'classes' && shape.length === 0) && read[0]?.targets.length === 1;
  const isLeftOut = arraysOf('test') !== undefined && arraysOf('validation') !== undefined;
  return {
    ok: true,
    value: {
      name: `NumPy arrays in ${path}`,
      shape: input,
      classes: targets.value.find(({ shape }) => shape.length === 0)?.classes ?? 0,
      ...(!isPlain && { targets: targets.value }),
      training: imagesOf(first, isPlain),
      ...(test && { test: imagesOf(test, isPlain) }),
      ...(isLeftOut && { notices: [`The validation arrays of ${path} are left out: it has test arrays`] }),
    },
  };
}

interface ReadPart {
  readonly count: number;
  readonly pixels: Uint8Array | Float32Array;
  readonly targets: readonly ReadTarget[];
}

/** The part as a data set has it: labels are the first target of classes, by which a part for validation is drawn. */
function imagesOf({ count, pixels, targets }: ReadPart, isPlain: boolean): ImagesInMemory {
  const classes = targets.find(({ target }) => target.kind === 'classes' && target.shape.length === 0)?.values;
  const labels = classes instanceof Int32Array ? classes : new Uint8Array(count);
  return { kind: 'memory', count, pixels, labels, ...(!isPlain && { targets: targets.map(({ values }) => values) }) };
}

/** What both parts have in common, with all their classes. */
function jointTargets([first, ...others]: readonly ReadPart[]): Result<readonly Target[]> {
  const targets: Target[] = [];
  for (const [index, { target }] of (first?.targets ?? []).entries()) {
    const all = [target, ...others.flatMap(({ targets: more }) => more[index]?.target ?? [])];
    const forms = new Set(all.map(({ kind, shape }) => `${kind} ${shape.join('×')}`));
    if (forms.size > 1)
      return {
        ok: false,
        error: `has targets ${target.name} that differ in training and test: ${[...forms].join(' and ')}`,
      };
    targets.push({ ...target, classes: Math.max(...all.map(({ classes }) => classes)) });
  }
  return { ok: true, value: targets };
}

async function readPart(
  arrays: Arrays,
  part: PartArrays,
  input: ImageShape,
  outputs: readonly ImageShape[],
): Promise<Result<ReadPart>> {
  const images = await arrays.read(part.images);
  if (!images.ok) return images;
  const count = images.value.shape[0] ?? 0;
  const targets: ReadTarget[] = [];
  for (const [own, name] of part.targets) {
    const array = await arrays.read(name);
    if (!array.ok) return array;
    const target = targetOf(array.value, own, outputs);
    if (!target.ok) return badFile(arrays.fileOf(name), target.error, targetRemedy);
    const entries = array.value.shape[0] ?? 0;
    if (entries !== count) {
      return badFile(
        arrays.fileOf(name),
        `has ${String(entries)} labels, but ${arrays.fileOf(part.images)} has ${String(count)} images`,
        'Save both again',
      );
    }
    targets.push(target.value);
  }
  const pixels = pixelsOf(images.value, input);
  if (!pixels.ok) return badFile(arrays.fileOf(part.images), pixels.error, remedyOf(input));
  if (count === 0) return badFile(arrays.fileOf(part.images), 'has no images', remedy);
  return { ok: true, value: { count, pixels: pixels.value, targets } };
}

function remedyOf([channels, height, width]: ImageShape): string {
  const [c, h, w] = [String(channels), String(height), String(width)];
  return `The network takes images of ${c}×${h}×${w}: save them as (count, ${c}, ${h}, ${w}) or (count, ${h}, ${w}, ${c}), or set the model’s input in morphnet.json`;
}
