// The example's drawings: files that the data set's reader takes, the same each time, classes that can be told apart.

import { expect, test } from 'vitest';
import { shapeImages } from '../../../client/src/example/shape-images.ts';
import { readSet } from '../../support/data-sets.ts';
import { writeFiles } from '../../support/idx-files.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

test('they are MNIST’s four files, the same each time', () => {
  const files = shapeImages(8, 4);
  expect(files.map(({ name, bytes }) => [name, bytes.length])).toEqual([
    ['train-images-idx3-ubyte', 16 + 8 * 784],
    ['train-labels-idx1-ubyte', 8 + 8],
    ['t10k-images-idx3-ubyte', 16 + 4 * 784],
    ['t10k-labels-idx1-ubyte', 8 + 4],
  ]);
  expect(shapeImages(8, 4)).toEqual(files);
  expect([...(files[1]?.bytes.subarray(8) ?? [])]).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
});

test('a lying bar is wider than high, a standing one higher than wide', () => {
  const [images] = shapeImages(4, 0);
  const extent = (index: number): readonly number[] => {
    const pixels = images?.bytes.subarray(16 + 784 * index, 16 + 784 * (index + 1)) ?? new Uint8Array(0);
    const drawn = [...pixels.keys()].filter((at) => (pixels[at] ?? 0) >= 170);
    const size = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
    return [size(drawn.map((at) => at % 28)), size(drawn.map((at) => Math.floor(at / 28)))];
  };
  const [width = 0, height = 0] = extent(0);
  expect(width).toBeGreaterThan(height);
  const [narrow = 0, high = 0] = extent(1);
  expect(high).toBeGreaterThan(narrow);
});

test('the trainer reads them as images of four classes', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, Object.fromEntries(shapeImages(8, 4).map(({ name, bytes }) => [name, bytes])));
  const set = await readSet({ kind: 'idx', path: folder });
  expect(set.classes).toBe(4);
});
