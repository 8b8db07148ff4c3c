// Batches of images in memory: made when asked for, which takes a fraction of a step, always into the same memory.

import type { Result } from '../../common/problem.ts';
import { drawView } from './augmentation.ts';
import { placeOf, type ImageShape } from './data-set.ts';
import type { ImageLoader, LoadedBatch, LoadRequest } from './image-loader.ts';
import { normalizer, type Normalization, type Normalizer } from './normalization.ts';

export class MemoryLoader implements ImageLoader {
  readonly ahead = 0;
  readonly #shape: ImageShape;
  readonly #normalizer: Normalizer;
  readonly #images: Float32Array<ArrayBuffer>;
  readonly #labels: Int32Array;
  readonly #plane: Float32Array;

  /** `size` images a batch at most. */
  constructor(shape: ImageShape, normalization: Normalization, size: number) {
    const [channels, height, width] = shape;
    this.#shape = shape;
    this.#normalizer = normalizer(normalization);
    this.#images = new Float32Array(size * channels * height * width);
    this.#labels = new Int32Array(size);
    this.#plane = new Float32Array(height * width);
  }

  load({ part, images, views }: LoadRequest): Promise<Result<LoadedBatch>> {
    if (part.kind !== 'memory') throw new Error('These images are in files');
    const [channels, height, width] = this.#shape;
    const area = height * width;
    let target = 0;
    for (const [index, image] of images.entries()) {
      const place = placeOf(part, image);
      this.#labels[index] = part.labels[place] ?? 0;
      const view = views?.[index];
      for (let channel = 0; channel < channels; channel++) {
        const start = (place * channels + channel) * area;
        const plane = this.#images.subarray(target, target + area);
        this.#normalizer.write(part.pixels, start, channel, view === undefined ? plane : this.#plane);
        if (view) drawView(view, this.#plane, height, width, this.#normalizer.black[channel] ?? 0, plane);
        target += area;
      }
    }
    const loaded = {
      images: this.#images.subarray(0, target),
      labels: this.#labels.subarray(0, images.length),
      room: this.#images,
      unreadable: [],
    };
    return Promise.resolve({ ok: true, value: loaded });
  }

  release(): void {
    // The one memory is always free.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
