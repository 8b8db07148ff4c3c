// Normalised batches: figures worked out by hand, every image once an epoch, and the same batch for the same step.

import { describe, expect, it } from 'vitest';
import { Batches } from '../../../../server/src/training/data/batches.ts';
import { normalizationOf, type DataSet, type LabelledImages } from '../../../../server/src/training/data/data-set.ts';

/** Images of two channels of one pixel; image i has the label i and the pixels (i, 255 − i). */
function numbered(count: number): LabelledImages {
  const indices = Array.from({ length: count }, (_, index) => index);
  return {
    count,
    pixels: Uint8Array.from(indices.flatMap((index) => [index, 255 - index])),
    labels: Uint8Array.from(indices),
  };
}

function dataSet(training: LabelledImages, test = numbered(5)): DataSet {
  return { name: 'numbers', shape: [2, 1, 1], classes: 256, training, test };
}

const asTheyAre = { mean: [0, 0], deviation: [1 / 255, 1 / 255] };

/** The labels of steps, each a batch. */
function labelsOf(batches: Batches, steps: readonly number[]): number[][] {
  return steps.map((step) => [...batches.training(step).labels]);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('normalisation', () => {
  it('is the mean and the deviation of each channel', () => {
    // Channel 0: 0, 51, 102, 255 are 0, 0.2, 0.4, 1; mean 0.4; squares 0, 0.04, 0.16, 1, mean 0.3; 0.3 − 0.16 = 0.14.
    // Channel 1 is 255 throughout: nothing varies.
    const pixels = Uint8Array.of(0, 255, 51, 255, 102, 255, 255, 255);
    const { mean, deviation } = normalizationOf(dataSet({ count: 4, pixels, labels: new Uint8Array(4) }));
    expect(mean[0]).toBeCloseTo(0.4, 12);
    expect(deviation[0]).toBeCloseTo(Math.sqrt(0.14), 12);
    expect([mean[1], deviation[1]]).toEqual([1, 1]);
  });

  it('is applied by channel', () => {
    const pixels = Uint8Array.of(51, 102);
    const set = dataSet({ count: 1, pixels, labels: Uint8Array.of(0) });
    const { images } = new Batches(set, { mean: [0.5, 0.1], deviation: [0.25, 2] }, 1, 1).training(0);
    // (0.2 − 0.5) / 0.25 and (0.4 − 0.1) / 2
    expect(images[0]).toBeCloseTo(-1.2, 6);
    expect(images[1]).toBeCloseTo(0.15, 6);
  });
});

describe('training batches', () => {
  it('show every image once an epoch, in another order each', () => {
    const batches = new Batches(dataSet(numbered(12)), asTheyAre, 4, 7);
    const epochs = [0, 1, 2].map((epoch) => labelsOf(batches, [3 * epoch, 3 * epoch + 1, 3 * epoch + 2]).flat());
    for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual(upTo(12));
    expect(new Set(epochs.map(String)).size).toBe(3);
  });

  it('keep images and labels together', () => {
    const { images, labels } = new Batches(dataSet(numbered(12)), asTheyAre, 12, 7).training(0);
    expect([...images].map(Math.round)).toEqual([...labels].flatMap((label) => [label, 255 - label]));
  });

  it('leave out what fills no batch, but not the same images in every epoch', () => {
    const batches = new Batches(dataSet(numbered(10)), asTheyAre, 4, 7);
    const leftOut = upTo(10).map((epoch) => {
      const shown = labelsOf(batches, [2 * epoch, 2 * epoch + 1]).flat();
      expect(new Set(shown).size).toBe(8);
      return upTo(10)
        .filter((image) => !shown.includes(image))
        .join();
    });
    expect(new Set(leftOut).size).toBeGreaterThan(1);
  });

  it('follow from the seed and the step, wherever a run begins', () => {
    const make = (seed: number): Batches => new Batches(dataSet(numbered(10)), asTheyAre, 4, seed);
    const steps = upTo(9);
    const straight = labelsOf(make(7), steps);
    const resumed = make(7);
    expect(labelsOf(resumed, steps.slice(5))).toEqual(straight.slice(5));
    // Backwards through epochs as well.
    expect(labelsOf(resumed, steps.slice(0, 5))).toEqual(straight.slice(0, 5));
    expect(labelsOf(make(8), steps)).not.toEqual(straight);
  });
});

describe('test batches', () => {
  const batches = new Batches(dataSet(numbered(8), numbered(5)), asTheyAre, 2, 1);
  const labels = (limit: number): number[][] => Array.from(batches.test(limit), (batch) => [...batch.labels]);

  it('show every image once, in order, with a smaller one at the end', () => {
    expect(labels(100)).toEqual([[0, 1], [2, 3], [4]]);
    expect(Array.from(batches.test(100), ({ images }) => images.length)).toEqual([4, 4, 2]);
  });

  it('stop at the limit', () => {
    expect(labels(3)).toEqual([[0, 1], [2]]);
  });
});
