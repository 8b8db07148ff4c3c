// What the trainer and its decoding threads say to each other. Both are of one build, so nothing is checked.

import type { View } from './augmentation.ts';
import type { ImageShape } from './data-set.ts';
import type { ByteCounts, Normalization } from './normalization.ts';

/** Image files that were decoded before, for all threads: they are small enough to be kept. */
export interface DecodedImages {
  /** Images of the data set's shape, by the file's number. */
  readonly pixels: SharedArrayBuffer;
  /** Per file one byte, of `decodedState`. */
  readonly states: SharedArrayBuffer;
}

export const decodedState = { unknown: 0, decoded: 1 } as const;

/** The first thing that a thread is told. */
export interface DecoderSettings {
  readonly kind: 'settings';
  readonly shape: ImageShape;
  readonly kept: DecodedImages | undefined;
  /** One byte that becomes 1 when nobody waits for answers any more. */
  readonly stopped: SharedArrayBuffer;
}

/** The last thing that a thread is told. It ends by itself: its native work must not be cut off in the middle. */
export interface DecoderEnd {
  readonly kind: 'end';
}

export interface NumberedFile {
  /** The file's number among all of the data set. */
  readonly file: number;
  readonly path: string;
}

export interface UnreadableFile extends NumberedFile {
  readonly reason: string;
}

export type DecoderRequest =
  /** Counts the bytes of images. */
  | { readonly kind: 'count'; readonly id: number; readonly files: readonly NumberedFile[] }
  /** Makes a batch. `memory` is a buffer to put it into. */
  | {
      readonly kind: 'batch';
      readonly id: number;
      readonly files: readonly NumberedFile[];
      readonly views: readonly View[] | undefined;
      readonly normalization: Normalization;
      readonly memory: ArrayBuffer | undefined;
    };

export type DecoderAnswer =
  | {
      readonly kind: 'counted';
      readonly id: number;
      readonly counts: ByteCounts;
      readonly unreadable: readonly UnreadableFile[];
    }
  /** The readable images, one after the other; `places` says which of the request's files they are. */
  | {
      readonly kind: 'batch';
      readonly id: number;
      readonly images: Float32Array<ArrayBuffer>;
      readonly places: Uint32Array;
      readonly unreadable: readonly UnreadableFile[];
    }
  /** Nothing can be decoded at all. */
  | { readonly kind: 'unavailable'; readonly id: number; readonly reason: string };
