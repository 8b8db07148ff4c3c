// Batches as sessions take them: of exactly the batch size to train on, of any smaller number to evaluate.

import type { Batch, TargetNumbers } from './engine.ts';
import { type LossTerm, targetSize } from './loss-terms.ts';
import { sizeOf } from './shape-arithmetic.ts';

/** What each loss is held against: the labels where the batch says nothing else. */
export function targetsOf({ labels, targets }: Batch): readonly TargetNumbers[] {
  return targets ?? [labels];
}

/** Throws when a batch is not of `imageShape`, whose first size is the batch size, or has other targets than the terms. */
export function checkBatch(batch: Batch, imageShape: readonly number[], terms: readonly LossTerm[]): void {
  const expected = sizeOf(imageShape);
  const count = imageShape[0] ?? 0;
  if (batch.images.length !== expected || batch.labels.length !== count) {
    throw new Error(
      `A batch has ${String(expected)} numbers (${imageShape.join('×')}) and ${String(count)} labels, not ${String(batch.images.length)} and ${String(batch.labels.length)}`,
    );
  }
  const targets = targetsOf(batch);
  for (const [index, term] of terms.entries()) {
    const wanted = count * targetSize(term);
    const found = targets[index]?.length ?? 0;
    if (found !== wanted)
      throw new Error(`Loss ${String(index)} needs ${String(wanted)} numbers of targets, not ${String(found)}`);
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
  const targets = batch.targets?.map((numbers): TargetNumbers => {
    const length = count === 0 ? 0 : (numbers.length / count) * batchSize;
    const filled = numbers instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
    filled.set(numbers);
    return filled;
  });
  return { images, labels, targets };
}
