// NumPy arrays as images of a size: in any of the usual orders of axes.

import type { Result } from '../../common/problem.ts';
import type { ImageShape } from './data-set.ts';
import { formatArrayShape, type NpyArray } from './npy.ts';

/** Strides of image, channel, row and column for the layout that fits the input; channels first where both do. */
function imageStrides(
  { shape, strides }: NpyArray,
  [channels, height, width]: ImageShape,
): readonly number[] | undefined {
  const [, ...sizes] = shape;
  const [image = 0, a = 0, b = 0, c = 0] = strides;
  const fits = (...wanted: readonly number[]): boolean =>
    sizes.length === wanted.length && sizes.every((size, index) => size === wanted[index]);
  if (fits(channels, height, width)) return [image, a, b, c];
  if (fits(height, width, channels)) return [image, c, a, b];
  if (channels === 1 && fits(height, width)) return [image, 0, a, b];
  // Flattened, channels first.
  if (fits(channels * height * width)) return [image, a * height * width, a * width, a];
  return undefined;
}

/** The array as images: bytes stay bytes, all other numbers become 32-bit floats. */
export function pixelsOf(array: NpyArray, input: ImageShape): Result<Uint8Array | Float32Array> {
  const strides = imageStrides(array, input);
  if (strides === undefined) return { ok: false, error: `has the shape ${formatArrayShape(array.shape)}` };
  const [count = 0] = array.shape;
  const [channels, height, width] = input;
  const [imageStride = 0, channelStride = 0, rowStride = 0, columnStride = 0] = strides;
  const { elements, type } = array;
  const size = count * channels * height * width;
  const pixels = type === 'u1' ? new Uint8Array(size) : new Float32Array(size);
  let target = 0;
  for (let image = 0; image < count; image++)
    for (let channel = 0; channel < channels; channel++)
      for (let row = 0; row < height; row++) {
        const start = image * imageStride + channel * channelStride + row * rowStride;
        for (let column = 0; column < width; column++) {
          const value = Number(elements[start + column * columnStride] ?? 0);
          if (!Number.isFinite(value))
            return { ok: false, error: `has a pixel that is no finite number, in image ${String(image)}` };
          pixels[target++] = value;
        }
      }
  return { ok: true, value: pixels };
}
