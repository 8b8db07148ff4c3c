// Normalised batches: figures worked out by hand, every image once an epoch, and the same batch for the same step.

import { describe, expect, it } from 'vitest';
import type { Batches } from '../../../../server/src/training/data/batches.ts';
import type { DataSet, ImagesInMemory } from '../../../../server/src/training/data/data-set.ts';
import { normalizationOf } from '../../../../server/src/training/data/normalization.ts';
import { openedBatches, testBatches, trainingBatch } from '../../../support/data-sets.ts';

/** Images of two channels of one pixel; image i has the label i and the pixels (i, 255 − i). */
function numbered(count: number): ImagesInMemory {
  const indices = Array.from({ length: count }, (_, index) => index);
  return {
    kind: 'memory',
    count,
    pixels: Uint8Array.from(indices.flatMap((index) => [index, 255 - index])),
    labels: Uint8Array.from(indices),
  };
}

function dataSet(training: ImagesInMemory, test = numbered(5)): DataSet {
  return { name: 'numbers', shape: [2, 1, 1], classes: 256, training, test, badFiles: 0, notices: [] };
}

const open = (training: ImagesInMemory, size: number, seed = 7): Promise<Batches> =>
  openedBatches(dataSet(training), { size, seed });

/** The labels of steps, each a batch. */
async function labelsOf(batches: Batches, steps: readonly number[]): Promise<number[][]> {
  const all = [];
  for (const step of steps) all.push((await trainingBatch(batches, step)).labels);
  return all;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('normalisation', () => {
  // Channel 0: 0, 51, 102, 255 are 0, 0.2, 0.4, 1; mean 0.4; squares 0, 0.04, 0.16, 1, mean 0.3; 0.3 − 0.16 = 0.14.
  // Channel 1 is 255 throughout: nothing varies.
  const pixels = Uint8Array.of(0, 255, 51, 255, 102, 255, 255, 255);
  const part = { kind: 'memory', count: 4, pixels, labels: new Uint8Array(4) } as const;

  it('is the mean and the deviation of each channel', () => {
    const { mean, deviation } = normalizationOf(part, [2, 1, 1]);
    expect(mean[0]).toBeCloseTo(0.4, 12);
    expect(deviation[0]).toBeCloseTo(Math.sqrt(0.14), 12);
    expect([mean[1], deviation[1]]).toEqual([1, 1]);
  });

  it('is that of the part’s own images', () => {
    const { mean, deviation } = normalizationOf({ ...part, count: 2, places: Uint32Array.of(3, 1) }, [2, 1, 1]);
    // 1 and 0.2
    expect(mean[0]).toBeCloseTo(0.6, 12);
    expect(deviation[0]).toBeCloseTo(0.4, 12);
  });

  it('is of numbers as they are, also far from 0', () => {
    // 16,777,210 to 16,777,216 are whole in 32 bits, and lose everything when squared in them.
    const numbers = Float32Array.of(16_777_210, 7, 16_777_212, 7, 16_777_214, 7, 16_777_216, 7);
    const { mean, deviation } = normalizationOf({ ...part, pixels: numbers }, [2, 1, 1]);
    expect(mean).toEqual([16_777_213, 7]);
    expect(deviation[0]).toBeCloseTo(Math.sqrt(5), 9);
    expect(deviation[1]).toBe(1);
  });

  it('is applied by channel', async () => {
    const batches = await open(part, 4);
    const { images } = await trainingBatch(batches, 0);
    const first = images.filter((_, index) => index % 2 === 0).sort((a, b) => a - b);
    const expected = [0, 0.2, 0.4, 1].map((value) => (value - 0.4) / Math.sqrt(0.14));
    expected.forEach((value, index) => expect(first[index]).toBeCloseTo(value, 6));
    expect(images.filter((_, index) => index % 2 === 1)).toEqual([0, 0, 0, 0]);
  });
});

describe('training batches', () => {
  it('show every image once an epoch, in another order each', async () => {
    const batches = await open(numbered(12), 4);
    const epochs = [];
    for (const epoch of [0, 1, 2])
      epochs.push((await labelsOf(batches, [3 * epoch, 3 * epoch + 1, 3 * epoch + 2])).flat());
    for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual(upTo(12));
    expect(new Set(epochs.map(String)).size).toBe(3);
  });

  it('keep images and labels together', async () => {
    const { images, labels } = await trainingBatch(await open(numbered(12), 12), 0);
    // 0 to 11: mean 5.5, variance (12² − 1) / 12; the other channel runs the other way.
    labels.forEach((label, place) => {
      const value = (label - 5.5) / Math.sqrt(143 / 12);
      expect(images[2 * place]).toBeCloseTo(value, 5);
      expect(images[2 * place + 1]).toBeCloseTo(-value, 5);
    });
  });

  it('leave out what fills no batch, but not the same images in every epoch', async () => {
    const batches = await open(numbered(10), 4);
    const leftOut = [];
    for (const epoch of upTo(10)) {
      const shown = (await labelsOf(batches, [2 * epoch, 2 * epoch + 1])).flat();
      expect(new Set(shown).size).toBe(8);
      const others = upTo(10).filter((image) => !shown.includes(image));
      leftOut.push(others.join());
    }
    expect(new Set(leftOut).size).toBeGreaterThan(1);
  });

  it('follow from the seed and the step, wherever a run begins', async () => {
    const steps = upTo(9);
    const straight = await labelsOf(await open(numbered(10), 4), steps);
    const resumed = await open(numbered(10), 4);
    expect(await labelsOf(resumed, steps.slice(5))).toEqual(straight.slice(5));
    // Backwards through epochs as well.
    expect(await labelsOf(resumed, steps.slice(0, 5))).toEqual(straight.slice(0, 5));
    expect(await labelsOf(await open(numbered(10), 4, 8), steps)).not.toEqual(straight);
  });
});

describe('test batches', () => {
  const labels = async (limit: number): Promise<number[][]> => {
    const batches = await openedBatches(dataSet(numbered(8), numbered(5)), { size: 2, seed: 1 });
    return (await testBatches(batches, limit)).map((batch) => batch.labels);
  };

  it('show every image once, in order, with a smaller one at the end', async () => {
    expect(await labels(100)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('are spread over the whole part when they are limited', async () => {
    expect(await labels(3)).toEqual([[0, 1], [3]]);
  });
});
