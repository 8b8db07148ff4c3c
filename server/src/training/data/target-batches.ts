// What the losses of a batch hold the outputs against: targets of its images, seen as the images are seen.

import type { TargetNumbers } from '../engines/engine.ts';
import { drawView, type View } from './augmentation.ts';
import { placeOf, type DataSet, type LabelledImages, type Target, type TargetArray } from './data-set.ts';
import { writeChannelsLast, type ImageLayout } from './image-layout.ts';

/** Which of a data set's targets a loss takes, and as what. */
export interface WantedTarget {
  readonly target: number;
  readonly as: 'classes' | 'numbers';
}

/** The targets of a data set: the images' classes where it says nothing else. */
export function targetsOfSet({ targets, classes }: Pick<DataSet, 'targets' | 'classes'>): readonly Target[] {
  return targets ?? [{ name: '', kind: 'classes', shape: [], classes }];
}

export class TargetBatches {
  readonly #dataSet: DataSet;
  readonly #wanted: readonly WantedTarget[];
  readonly #layout: ImageLayout;

  constructor(dataSet: DataSet, wanted: readonly WantedTarget[], layout: ImageLayout) {
    this.#dataSet = dataSet;
    this.#wanted = wanted;
    this.#layout = layout;
  }

  /** One a loss, of images of a part, in their order. `labels` are those of the same images. */
  of(
    part: LabelledImages,
    images: Uint32Array,
    views: readonly View[] | undefined,
    labels: Int32Array,
  ): readonly TargetNumbers[] {
    const targets = targetsOfSet(this.#dataSet);
    return this.#wanted.map(({ target: index, as }) => {
      const target = targets[index];
      const values = part.kind === 'memory' ? part.targets?.[index] : undefined;
      if (target === undefined) throw new Error(`The data set has no target ${String(index)}`);
      if (values === undefined) return as === 'classes' ? labels : Float32Array.from(labels);
      const numbers = this.#numbers(target, values, part, images, views);
      return as === 'classes' ? Int32Array.from(numbers) : numbers;
    });
  }

  #numbers(
    target: Target,
    values: TargetArray,
    part: LabelledImages,
    images: Uint32Array,
    views: readonly View[] | undefined,
  ): Float32Array {
    const size = target.shape.reduce((product, length) => product * length, 1);
    const found = new Float32Array(images.length * size);
    for (const [index, image] of images.entries()) {
      const start = placeOf(part, image) * size;
      const own = found.subarray(index * size, (index + 1) * size);
      read(target, values, start, own);
      const view = views?.[index];
      if (view !== undefined) this.#seen(target, own, view);
    }
    const [channels, height, width] = target.shape;
    if (this.#layout === 'chw' || channels === undefined || height === undefined || width === undefined) return found;
    const turned = new Float32Array(found.length);
    writeChannelsLast(found, [channels, height, width], turned);
    return turned;
  }

  /** Shifts and mirrors what is as an image is; outside of a mask nothing counts. */
  #seen({ kind, shape }: Target, values: Float32Array, view: View): void {
    if (shape.length < 2) return;
    const [height = 1, width = 1] = shape.slice(-2);
    const [, imageHeight, imageWidth] = this.#dataSet.shape;
    const scaled = {
      top: Math.round((view.top * height) / imageHeight),
      left: Math.round((view.left * width) / imageWidth),
      isMirrored: view.isMirrored,
    };
    for (let start = 0; start < values.length; start += height * width) {
      const plane = values.slice(start, start + height * width);
      const outside = kind === 'classes' ? -1 : 0;
      drawView(scaled, plane, height, width, outside, values.subarray(start, start + height * width));
    }
  }
}

/** Values as losses take them. */
function read({ kind }: Target, values: TargetArray, start: number, target: Float32Array): void {
  const isByte = values instanceof Uint8Array;
  for (let index = 0; index < target.length; index++) {
    const value = values[start + index] ?? 0;
    if (kind === 'numbers') target[index] = isByte ? value / 255 : value;
    else target[index] = isByte && value === 255 ? -1 : value;
  }
}
