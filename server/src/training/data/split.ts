// A validation part for sets that come without test images: a share of every class, drawn by a seed of its own, so that
// runs with different seeds are compared on the same images.

import { randomStream } from '../engines/random.ts';
import { shuffled } from './batch-order.ts';
import type { LabelledImages } from './data-set.ts';

export interface SplitParts {
  readonly training: LabelledImages;
  readonly test: LabelledImages;
}

/**
 * Takes `fraction` (0 to 1) of every class for validation, rounded, and of a class with at least two images at least
 * one and at most all but one. Both parts keep the order of the images.
 */
export function splitOff(all: LabelledImages, fraction: number, seed: number): SplitParts {
  const byClass = new Map<number, number[]>();
  for (let image = 0; image < all.count; image++) {
    const place = all.places?.[image] ?? image;
    const label = all.labels[place] ?? 0;
    const found = byClass.get(label);
    if (found) found.push(place);
    else byClass.set(label, [place]);
  }
  const training: number[] = [];
  const test: number[] = [];
  for (const [label, places] of byClass) {
    const wanted = Math.round(fraction * places.length);
    const taken = places.length < 2 ? 0 : Math.min(places.length - 1, Math.max(1, wanted));
    const order = shuffled(places.length, randomStream(seed, `split ${String(label)}`));
    order.forEach((index, rank) => (rank < taken ? test : training).push(places[index] ?? 0));
  }
  const part = (places: number[]): LabelledImages => ({
    ...all,
    count: places.length,
    places: Uint32Array.from(places).sort(),
  });
  return { training: part(training), test: part(test) };
}
