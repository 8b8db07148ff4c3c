// Crops and flips: a picture small enough to shift by hand, and views that follow from seed and step alone.

import { expect, test } from 'vitest';
import { drawView, viewsOf, type View } from '../../../../server/src/training/data/augmentation.ts';
import { openedBatches, testBatches, trainingBatch } from '../../../support/data-sets.ts';

const picture = Float32Array.of(1, 2, 3, 4, 5, 6);

function seen(view: Partial<View>): number[] {
  const target = new Float32Array(6);
  drawView({ top: 0, left: 0, isMirrored: false, ...view }, picture, 2, 3, -1, target);
  return [...target];
}

test.for<readonly [string, Partial<View>, readonly number[]]>([
  ['as it is', {}, [1, 2, 3, 4, 5, 6]],
  ['mirrored', { isMirrored: true }, [3, 2, 1, 6, 5, 4]],
  ['from one row further down', { top: 1 }, [4, 5, 6, -1, -1, -1]],
  ['from one row further up', { top: -1 }, [-1, -1, -1, 1, 2, 3]],
  ['from two columns further right', { left: 2 }, [3, -1, -1, 6, -1, -1]],
  ['mirrored and further left', { left: -1, isMirrored: true }, [2, 1, -1, 5, 4, -1]],
  ['from outside', { top: 4, left: -4 }, [-1, -1, -1, -1, -1, -1]],
])('a picture %s', ([, view, expected]) => {
  expect(seen(view)).toEqual(expected);
});

test('every shift of up to four pixels occurs, and about half are mirrored', () => {
  const views = viewsOf(1, 0, 5000);
  const shifts = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
  expect([...new Set(views.map(({ top }) => top))].sort((a, b) => a - b)).toEqual(shifts);
  expect([...new Set(views.map(({ left }) => left))].sort((a, b) => a - b)).toEqual(shifts);
  const mirrored = views.filter(({ isMirrored }) => isMirrored).length;
  // Five standard deviations of a fair coin thrown 5,000 times.
  expect(Math.abs(mirrored - 2500)).toBeLessThan(177);
});

test('a step has the same views again, another step and another seed have others', () => {
  expect(viewsOf(1, 7, 8)).toEqual(viewsOf(1, 7, 8));
  expect(viewsOf(1, 8, 8)).not.toEqual(viewsOf(1, 7, 8));
  expect(viewsOf(2, 7, 8)).not.toEqual(viewsOf(1, 7, 8));
});

test('training images are augmented, with their labels kept, and test images are not', async () => {
  const pixels = Float32Array.from({ length: 32 }, (_, i) => i + 1);
  const part = { kind: 'memory', count: 2, pixels, labels: Uint8Array.of(3, 4) } as const;
  const shape = [1, 4, 4] as const;
  const dataSet = { name: 'small', shape, classes: 5, training: part, test: part, badFiles: 0, notices: [] };
  const plain = await openedBatches(dataSet, { size: 2, seed: 1 });
  const augmented = await openedBatches(dataSet, { size: 2, seed: 1, augmentation: 'crop-flip' });
  const before = await trainingBatch(plain, 0);
  const after = await trainingBatch(augmented, 0);
  expect(after.labels).toEqual(before.labels);
  const views = viewsOf(1, 0, 2);
  // Of 1 to 32 the mean is 16.5 and the variance (32² − 1) / 12.
  const normalized = (value: number): number => (value - 16.5) / Math.sqrt(1023 / 12);
  for (const [place, label] of after.labels.entries()) {
    const expected = new Float32Array(16);
    const start = (label - 3) * 16;
    drawView(views[place]!, pixels.subarray(start, start + 16), 4, 4, 0, expected);
    const image = after.images.slice(place * 16, place * 16 + 16);
    expected.forEach((value, i) => expect(image[i]).toBeCloseTo(normalized(value), 5));
  }
  expect(await testBatches(augmented, 2)).toEqual(await testBatches(plain, 2));
});
