// Labelled images, in memory or in files; what training and evaluation see of any data set.

import type { Result } from '../../common/problem.ts';

export type ImageShape = readonly [channels: number, height: number, width: number];

/** What a data set says of each image for a network to learn. */
export interface Target {
  /** Where a set has several; otherwise empty. */
  readonly name: string;
  /** classes: an index a place, of which those below 0 (255 among bytes) don't count. numbers: as they are, bytes as 0 to 1. */
  readonly kind: 'classes' | 'numbers';
  /** Of one image: [] a class an image; [height, width] a class a pixel; [n] numbers; [channels, height, width] an image. */
  readonly shape: readonly number[];
  /** How many classes there are; 0 of numbers. */
  readonly classes: number;
}

/** A target of all images, one after the other. */
export type TargetArray = Uint8Array | Int32Array | Float32Array;

interface Labelled {
  readonly count: number;
  /** One class a file or an image in memory. */
  readonly labels: Uint8Array | Int32Array;
  /** Which of them this part has, in its order; absent: all, as they stand. Then `count` is how many these are. */
  readonly places?: Uint32Array;
}

/** `pixels` has images of [channels, height, width]: bytes 0 to 255, or numbers of any range. */
export interface ImagesInMemory extends Labelled {
  readonly kind: 'memory';
  readonly pixels: Uint8Array | Float32Array;
  /** One a target of the data set; absent where the labels are all there is to learn. */
  readonly targets?: readonly TargetArray[];
}

/** Decoded when a batch needs them. */
export interface ImagesInFiles extends Labelled {
  readonly kind: 'files';
  readonly paths: readonly string[];
  /** The program that decodes them in threads of its own. */
  readonly decoder: URL;
}

/** One part of a data set. */
export type LabelledImages = ImagesInMemory | ImagesInFiles;

export interface DataSet {
  /** As messages call it: `MNIST-like (idx) in /data/mnist`. */
  readonly name: string;
  readonly shape: ImageShape;
  readonly classes: number;
  /** What there is to learn; absent: the class of each image. */
  readonly targets?: readonly Target[];
  readonly training: LabelledImages;
  readonly test: LabelledImages;
  /** The share of files that may be unreadable before training stops; 0 to 1. */
  readonly badFiles: number;
  /** What the user should know of how it was read. */
  readonly notices: readonly string[];
}

/** A data set as its files have it, which may have no test images. */
export type ReadSet = Pick<DataSet, 'name' | 'shape' | 'classes' | 'targets' | 'training'> & {
  readonly test?: LabelledImages;
  readonly notices?: readonly string[];
};

/** What a reader has to know beside the path. */
export interface ReadRequest {
  readonly path: string;
  /** The network's input: decides the size that images are brought to, and how arrays are laid out. */
  readonly input: ImageShape;
  /** The network's outputs that are images, channels first. */
  readonly outputs: readonly ImageShape[];
  readonly decoder: URL;
  /** Whether the files of a list may lie outside its folder. */
  readonly outside: boolean;
  /** The share of files that may be unreadable. */
  readonly badFiles: number;
}

/** Where the image with a number within its part stands among all images that the part is taken from. */
export function placeOf({ places }: LabelledImages, image: number): number {
  return places === undefined ? image : (places[image] ?? 0);
}

/** The largest label and one: how many classes there are. */
export function countClasses(...parts: readonly LabelledImages[]): number {
  let largest = 0;
  for (const { labels } of parts) for (const label of labels) if (label > largest) largest = label;
  return largest + 1;
}

/** A failure that names the file and the remedy. */
export function badFile(path: string, problem: string, remedy: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error: `${path} ${problem}. ${remedy}` } satisfies Result<never>;
}

/** Why something can't be read, in the system's words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
