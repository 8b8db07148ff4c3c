// The part for validation: a share of every class, no image in both parts, and the same images for the same seed.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ImagesInMemory } from '../../../../server/src/training/data/data-set.ts';
import { splitOff } from '../../../../server/src/training/data/split.ts';

const part = (labels: readonly number[]): ImagesInMemory => ({
  kind: 'memory',
  count: labels.length,
  pixels: new Uint8Array(labels.length),
  labels: Int32Array.from(labels),
});
const placesOf = (labels: readonly number[], fraction: number, seed = 1): { training: number[]; test: number[] } => {
  const { training, test } = splitOff(part(labels), fraction, seed);
  return { training: [...(training.places ?? [])], test: [...(test.places ?? [])] };
};

test('every class gives its share, and every image is in one part', () => {
  const classes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 60 });
  fc.assert(
    fc.property(classes, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (labels, fraction) => {
      const { training, test } = placesOf(labels, fraction);
      expect([...training, ...test].sort((a, b) => a - b)).toEqual([...labels.keys()]);
      // Both in the order of the images.
      for (const places of [training, test]) expect(places).toEqual(places.toSorted((a, b) => a - b));
      for (const label of new Set(labels)) {
        const count = labels.filter((other) => other === label).length;
        const kept = test.filter((place) => labels[place] === label).length;
        if (count === 1) expect(kept).toBe(0);
        else {
          expect(kept).toBeGreaterThanOrEqual(1);
          expect(kept).toBeLessThan(count);
          if (kept > 1 && kept < count - 1) expect(Math.abs(kept - fraction * count)).toBeLessThanOrEqual(0.5);
        }
      }
    }),
  );
});

test('the seed decides which', () => {
  const labels = Array.from({ length: 50 }, (_, index) => index % 2);
  expect(placesOf(labels, 0.3, 1)).toEqual(placesOf(labels, 0.3, 1));
  expect(placesOf(labels, 0.3, 2)).not.toEqual(placesOf(labels, 0.3, 1));
  // It is a choice, not the first ones.
  expect(placesOf(labels, 0.3, 1).test).not.toEqual(Array.from({ length: 15 }, (_, index) => index));
});
