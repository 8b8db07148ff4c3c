// Crops and flips: a picture small enough to shift by hand, and views that follow from seed and step alone.

import { expect, test } from 'vitest';
import { drawView, viewsOf, type View } from '../../../../server/src/training/data/augmentation.ts';
import { Batches } from '../../../../server/src/training/data/batches.ts';

/** Each byte as itself, but black as −1, as normalisation makes it another number than 0. */
const values = Float32Array.from({ length: 256 }, (_, byte) => (byte === 0 ? -1 : byte));
const picture = Uint8Array.of(1, 2, 3, 4, 5, 6);

function seen(view: Partial<View>): number[] {
  const target = new Float32Array(6);
  drawView({ top: 0, left: 0, isMirrored: false, ...view }, picture, 2, 3, values, target);
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

test('training images are augmented, with their labels kept, and test images are not', () => {
  const part = { count: 2, pixels: Uint8Array.from({ length: 32 }, (_, i) => i + 1), labels: Uint8Array.of(3, 4) };
  const dataSet = { name: 'small', shape: [1, 4, 4] as const, classes: 5, training: part, test: part };
  const asTheyAre = { mean: [0], deviation: [1 / 255] };
  const plain = new Batches(dataSet, asTheyAre, 2, 1);
  const augmented = new Batches(dataSet, asTheyAre, 2, 1, 'crop-flip');
  const before = plain.training(0);
  const after = augmented.training(0);
  expect([...after.labels]).toEqual([...before.labels]);
  const views = viewsOf(1, 0, 2);
  const table = Float32Array.from({ length: 256 }, (_, byte) => byte);
  for (const [place, label] of [...after.labels].entries()) {
    const expected = new Float32Array(16);
    const start = (label - 3) * 16;
    drawView(views[place]!, part.pixels.subarray(start, start + 16), 4, 4, table, expected);
    const image = after.images.subarray(place * 16, place * 16 + 16);
    // A byte goes to 0 to 1 and back.
    expected.forEach((value, i) => expect(image[i]).toBeCloseTo(value, 4));
  }
  const tested = [...plain.test(2)].map(({ images }) => [...images]);
  expect([...augmented.test(2)].map(({ images }) => [...images])).toEqual(tested);
});
