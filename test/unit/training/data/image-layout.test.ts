// Networks with channels last get the same images as others, in their own order.

import { expect, test } from 'vitest';
import fc from 'fast-check';
import { shapeIn, writeChannelsLast } from '../../../../server/src/training/data/image-layout.ts';

test('each number keeps its channel, row and column', () => {
  const size = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(size, size, size, size, (count, channels, height, width) => {
      const length = count * channels * height * width;
      const images = Float32Array.from({ length }, (_, i) => i);
      const target = new Float32Array(length);
      writeChannelsLast(images, [channels, height, width], target);
      for (let image = 0; image < count; image++)
        for (let channel = 0; channel < channels; channel++)
          for (let row = 0; row < height; row++)
            for (let column = 0; column < width; column++) {
              const first = ((image * channels + channel) * height + row) * width + column;
              const last = ((image * height + row) * width + column) * channels + channel;
              expect(target[last]).toBe(images[first]);
            }
    }),
  );
});

test('a shape is named in the order of its layout', () => {
  expect(shapeIn('chw', [3, 8, 9])).toEqual([3, 8, 9]);
  expect(shapeIn('hwc', [3, 8, 9])).toEqual([8, 9, 3]);
});
