// In which order a network takes the numbers of an image. Data sets, statistics and augmentation have whole planes, one a
// channel; a network with channels last gets its batches rearranged, here and nowhere else.

import type { ImageShape } from './data-set.ts';

/** `chw`: channels, height, width. `hwc`: channels last. */
export type ImageLayout = 'chw' | 'hwc';

/** A shape in the order of a layout. */
export function shapeIn(layout: ImageLayout, [channels, height, width]: ImageShape): readonly number[] {
  return layout === 'chw' ? [channels, height, width] : [height, width, channels];
}

/** Writes images of [channels, height, width], one after the other, to `target` with channels last. */
export function writeChannelsLast(
  images: Float32Array,
  [channels, height, width]: ImageShape,
  target: Float32Array,
): void {
  const area = height * width;
  const size = channels * area;
  for (let image = 0; image + size <= images.length; image += size) {
    for (let channel = 0; channel < channels; channel++) {
      const plane = image + channel * area;
      for (let pixel = 0; pixel < area; pixel++)
        target[image + pixel * channels + channel] = images[plane + pixel] ?? 0;
    }
  }
}
