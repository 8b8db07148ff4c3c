// Labelled images in memory, as bytes; what training and evaluation see of any data set.

import type { Result } from '../../common/problem.ts';

/** One part of a data set: `pixels` has `count` images of `shape` [channels, height, width], each a byte 0 to 255. */
export interface LabelledImages {
  readonly count: number;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export interface DataSet {
  /** As messages call it: `MNIST-like (idx) in /data/mnist`. */
  readonly name: string;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  readonly training: LabelledImages;
  readonly test: LabelledImages;
}

/** Mean and standard deviation of each channel, of pixels scaled to 0 to 1. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** At most this many images are looked at; the figures settle long before. */
const sample = 10_000;

/** Statistics of the training images. A channel without any variation is left as it is. */
export function normalizationOf({ shape, training }: DataSet): Normalization {
  const [channels, height, width] = shape;
  const area = height * width;
  const count = Math.min(training.count, sample);
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    let squares = 0;
    for (let image = 0; image < count; image++) {
      const start = (image * channels + channel) * area;
      for (let i = start; i < start + area; i++) {
        const value = (training.pixels[i] ?? 0) / 255;
        sum += value;
        squares += value * value;
      }
    }
    const average = sum / (count * area);
    const spread = Math.sqrt(Math.max(0, squares / (count * area) - average * average));
    mean.push(average);
    deviation.push(spread > 0 ? spread : 1);
  }
  return { mean, deviation };
}

/** The largest label and one: how many classes there are. */
export function countClasses(...parts: readonly LabelledImages[]): number {
  let largest = 0;
  for (const { labels } of parts) for (const label of labels) if (label > largest) largest = label;
  return largest + 1;
}

/** A failure that names the file and the remedy. */
export function badFile(path: string, problem: string, remedy: string): Result<never> {
  return { ok: false, error: `${path} ${problem}. ${remedy}` };
}
