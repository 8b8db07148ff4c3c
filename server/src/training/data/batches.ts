// Batches by step: which images a step sees follows from the seed and the step alone, so a resumed run sees the same ones.

import { randomStream } from '../engines/random.ts';
import type { Batch } from '../engines/engine.ts';
import { drawView, viewsOf, type Augmentation, type View } from './augmentation.ts';
import type { DataSet, LabelledImages, Normalization } from './data-set.ts';

/** The order of an epoch: a Fisher-Yates shuffle from the seed and the epoch. */
function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = randomStream(seed, `shuffle ${String(epoch)}`);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}

/** Normalised batches of a data set, always into the same memory: a batch is valid until the next one is asked for. */
export class Batches {
  readonly #dataSet: DataSet;
  readonly #seed: number;
  readonly #size: number;
  readonly #augmentation: Augmentation;
  readonly #images: Float32Array;
  readonly #labels: Int32Array;
  /** Per channel, the normalised value of each byte. */
  readonly #tables: readonly Float32Array[];
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  constructor(
    dataSet: DataSet,
    { mean, deviation }: Normalization,
    size: number,
    seed: number,
    augmentation: Augmentation = 'none',
  ) {
    const [channels, height, width] = dataSet.shape;
    this.#dataSet = dataSet;
    this.#seed = seed;
    this.#augmentation = augmentation;
    this.#size = Math.min(size, dataSet.training.count);
    this.#images = new Float32Array(size * channels * height * width);
    this.#labels = new Int32Array(size);
    this.#tables = mean.map((average, channel) =>
      Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - average) / (deviation[channel] ?? 1)),
    );
  }

  /** The training batch of a step. The last images of an epoch that fill no batch are left out, others each epoch. */
  training(step: number): Batch {
    const { training } = this.#dataSet;
    const perEpoch = Math.max(1, Math.floor(training.count / this.#size));
    const epoch = Math.floor(step / perEpoch);
    if (epoch !== this.#epoch) {
      this.#order = shuffled(training.count, this.#seed, epoch);
      this.#epoch = epoch;
    }
    const start = (step % perEpoch) * this.#size;
    const views = this.#augmentation === 'none' ? undefined : viewsOf(this.#seed, step, this.#size);
    return this.#fill(training, this.#order.subarray(start, start + this.#size), views);
  }

  /** Every test image once, in order; the last batch may be smaller. At most `limit` images. */
  *test(limit: number): Generator<Batch> {
    const { test } = this.#dataSet;
    const count = Math.min(test.count, limit);
    for (let start = 0; start < count; start += this.#size) {
      const length = Math.min(this.#size, count - start);
      yield this.#fill(
        test,
        Uint32Array.from({ length }, (_, i) => start + i),
      );
    }
  }

  #fill(source: LabelledImages, indices: Uint32Array, views?: readonly View[]): Batch {
    const [channels, height, width] = this.#dataSet.shape;
    const area = height * width;
    let target = 0;
    for (const [place, index] of indices.entries()) {
      this.#labels[place] = source.labels[index] ?? 0;
      for (let channel = 0; channel < channels; channel++) {
        const table = this.#tables[channel];
        if (table === undefined) continue;
        const start = (index * channels + channel) * area;
        const view = views?.[place];
        if (view === undefined) {
          for (let i = 0; i < area; i++) this.#images[target + i] = table[source.pixels[start + i] ?? 0] ?? 0;
        } else {
          const pixels = source.pixels.subarray(start, start + area);
          drawView(view, pixels, height, width, table, this.#images.subarray(target, target + area));
        }
        target += area;
      }
    }
    return { images: this.#images.subarray(0, target), labels: this.#labels.subarray(0, indices.length) };
  }
}
