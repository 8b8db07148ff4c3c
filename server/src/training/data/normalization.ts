// Mean and deviation of each channel over the training images, and images brought to mean 0 and deviation 1 by them.
// Bytes are counted, so that the figures are exact and do not depend on who counted which images in which order.

import type { ImageShape, ImagesInMemory } from './data-set.ts';

/** Mean and standard deviation of each channel: of bytes scaled to 0 to 1, of other numbers as they are. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** How often each byte occurs in each channel: 256 counts a channel. */
export type ByteCounts = Float64Array;

export function noByteCounts(channels: number): ByteCounts {
  return new Float64Array(256 * channels);
}

/** Counts the bytes of one image that begins at `start`. */
export function countBytes(counts: ByteCounts, pixels: Uint8Array, start: number, shape: ImageShape): void {
  const [channels, height, width] = shape;
  const area = height * width;
  for (let channel = 0; channel < channels; channel++) {
    const end = start + (channel + 1) * area;
    for (let i = end - area; i < end; i++) {
      const bin = 256 * channel + (pixels[i] ?? 0);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
}

/** The figures that counts come to. A channel without any variation is left as it is. */
export function normalizationOfCounts(counts: ByteCounts): Normalization {
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let channel = 0; channel < counts.length / 256; channel++) {
    let [number, sum, squares] = [0, 0, 0];
    const times = (byte: number): number => counts[256 * channel + byte] ?? 0;
    for (let byte = 0; byte < 256; byte++) {
      number += times(byte);
      sum += times(byte) * byte;
    }
    const average = number === 0 ? 0 : sum / number;
    for (let byte = 0; byte < 256; byte++) squares += times(byte) * (byte - average) ** 2;
    mean.push(average / 255);
    deviation.push(squares > 0 ? Math.sqrt(squares / number) / 255 : 1);
  }
  return { mean, deviation };
}

/** The figures of a part in memory, of all its images. */
export function normalizationOf(part: ImagesInMemory, shape: ImageShape): Normalization {
  const { pixels, count, places } = part;
  const size = shape[0] * shape[1] * shape[2];
  if (pixels instanceof Float32Array) return normalizationOfNumbers(pixels, part, shape);
  const counts = noByteCounts(shape[0]);
  for (let image = 0; image < count; image++) countBytes(counts, pixels, (places?.[image] ?? image) * size, shape);
  return normalizationOfCounts(counts);
}

/** By Welford's method (Technometrics 4, 1962, p. 419), which loses nothing where the mean is far from 0. */
function normalizationOfNumbers(
  pixels: Float32Array,
  { count, places }: ImagesInMemory,
  [channels, height, width]: ImageShape,
): Normalization {
  const area = height * width;
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    let [number, average, spread] = [0, 0, 0];
    for (let image = 0; image < count; image++) {
      const start = ((places?.[image] ?? image) * channels + channel) * area;
      for (let i = start; i < start + area; i++) {
        const value = pixels[i] ?? 0;
        const difference = value - average;
        number++;
        average += difference / number;
        spread += difference * (value - average);
      }
    }
    const variance = number === 0 ? 0 : spread / number;
    mean.push(average);
    deviation.push(variance > 0 ? Math.sqrt(variance) : 1);
  }
  return { mean, deviation };
}

/** Writes one channel of an image, normalised. */
export type ChannelWriter = (
  pixels: Uint8Array | Float32Array,
  start: number,
  channel: number,
  target: Float32Array,
) => void;

export interface Normalizer {
  readonly write: ChannelWriter;
  /** Per channel what a pixel of value 0 comes to. */
  readonly black: Float32Array;
}

export function normalizer({ mean, deviation }: Normalization): Normalizer {
  /** Per channel, the normalised value of each byte. */
  const tables = mean.map((average, channel) =>
    Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - average) / (deviation[channel] ?? 1)),
  );
  return {
    black: Float32Array.from(mean, (average, channel) => -average / (deviation[channel] ?? 1)),
    write(pixels, start, channel, target) {
      const table = tables[channel] ?? new Float32Array(256);
      if (pixels instanceof Uint8Array) {
        for (let i = 0; i < target.length; i++) target[i] = table[pixels[start + i] ?? 0] ?? 0;
        return;
      }
      const [average, factor] = [mean[channel] ?? 0, 1 / (deviation[channel] ?? 1)];
      for (let i = 0; i < target.length; i++) target[i] = ((pixels[start + i] ?? 0) - average) * factor;
    },
  };
}
