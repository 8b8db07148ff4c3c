// Which images a step sees: from the seed and the step alone, so that a resumed run sees the same ones.

import { randomStream, type RandomStream } from '../engines/random.ts';

/** The numbers below `count` in random order: a Fisher-Yates shuffle. */
export function shuffled(count: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}

/** The order of training images, epoch by epoch; remembers the epoch that was asked for last. */
export class BatchOrder {
  readonly #count: number;
  readonly #size: number;
  readonly #seed: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  /** `size` images a batch, of `count` in all. */
  constructor(count: number, size: number, seed: number) {
    this.#count = count;
    this.#size = Math.min(size, count);
    this.#seed = seed;
  }

  /** The images of a step. The last images of an epoch that fill no batch are left out, others each epoch. */
  imagesOf(step: number): Uint32Array {
    const perEpoch = Math.max(1, Math.floor(this.#count / Math.max(1, this.#size)));
    const epoch = Math.floor(step / perEpoch);
    if (epoch !== this.#epoch) {
      this.#order = shuffled(this.#count, randomStream(this.#seed, `shuffle ${String(epoch)}`));
      this.#epoch = epoch;
    }
    const start = (step % perEpoch) * this.#size;
    return this.#order.slice(start, start + this.#size);
  }
}
