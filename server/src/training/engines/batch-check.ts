// Batches as sessions take them: of exactly the batch size to train on, of any smaller number to evaluate.

import type { Batch } from './engine.ts';
import { sizeOf } from './shape-arithmetic.ts';

/** Throws when a batch is not of `imageShape`, whose first size is the batch size. */
export function checkBatch(batch: Batch, imageShape: readonly number[]): void {
  const expected = sizeOf(imageShape);
  const count = imageShape[0] ?? 0;
  if (batch.images.length !== expected || batch.labels.length !== count) {
    throw new Error(
      `A batch has ${String(expected)} numbers (${imageShape.join('×')}) and ${String(count)} labels, not ${String(batch.images.length)} and ${String(batch.labels.length)}`,
    );
  }
}

/** A batch filled up to the batch size; the images that fill it are zeros and are not to be counted. */
export function filledBatch(batch: Batch, imageShape: readonly number[]): Batch {
  const batchSize = imageShape[0] ?? 0;
  const count = batch.labels.length;
  if (count > batchSize) throw new Error(`${String(count)} images are more than the batch size ${String(batchSize)}`);
  if (count === batchSize) return batch;
  const images = new Float32Array(sizeOf(imageShape));
  images.set(batch.images);
  const labels = new Int32Array(batchSize);
  labels.set(batch.labels);
  return { images, labels };
}
