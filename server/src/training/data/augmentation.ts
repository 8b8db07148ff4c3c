// Random crops and flips of training images, as is usual for CIFAR-10 (He et al. 2016, arXiv 1512.03385, section 4.2): four
// black pixels on each side, a crop of the image's size, and a mirror image half of the time.

import { randomStream } from '../engines/random.ts';

export type Augmentation = 'none' | 'crop-flip';

/** Where an image is looked at: pixel (y, x) of the result is (y + top, mirrored x + left) of the image, black outside. */
export interface View {
  readonly top: number;
  readonly left: number;
  readonly isMirrored: boolean;
}

const margin = 4;

/** The views of a step's images: from the seed and the step alone, so that a resumed run sees the same ones. */
export function viewsOf(seed: number, step: number, count: number): readonly View[] {
  const random = randomStream(seed, `augment ${String(step)}`);
  const shift = (): number => Math.floor(random.uniform() * (2 * margin + 1)) - margin;
  return Array.from({ length: count }, () => ({ top: shift(), left: shift(), isMirrored: random.uniform() < 0.5 }));
}

/** Writes one channel of an image as a view shows it; `black` is what lies outside. */
export function drawView(
  view: View,
  plane: Float32Array,
  height: number,
  width: number,
  black: number,
  target: Float32Array,
): void {
  for (let y = 0; y < height; y++) {
    const row = y + view.top;
    const isInside = row >= 0 && row < height;
    for (let x = 0; x < width; x++) {
      const column = (view.isMirrored ? width - 1 - x : x) + view.left;
      const isPixel = isInside && column >= 0 && column < width;
      target[y * width + x] = isPixel ? (plane[row * width + column] ?? 0) : black;
    }
  }
}
