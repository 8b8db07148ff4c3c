// Where batches get their images from: one face for images in memory and for files that threads decode.

import type { Result } from '../../common/problem.ts';
import type { Batch } from '../engines/engine.ts';
import type { View } from './augmentation.ts';
import type { LabelledImages } from './data-set.ts';
import type { UnreadableFile } from './decoder-messages.ts';

export interface LoadRequest {
  readonly part: LabelledImages;
  /** Numbers within the part. */
  readonly images: Uint32Array;
  /** One an image; absent: as they are. */
  readonly views?: readonly View[] | undefined;
}

/** The images that could be read, normalised, in the order of the request. */
export interface LoadedBatch extends Batch {
  /** The memory behind `images`, with room for every image of the request. */
  readonly room: Float32Array<ArrayBuffer>;
  readonly unreadable: readonly UnreadableFile[];
}

export interface ImageLoader {
  /** How many batches are worth asking for before they are needed. */
  readonly ahead: number;
  load(request: LoadRequest): Promise<Result<LoadedBatch>>;
  /** Says that a batch is done with: its memory is used again. */
  release(batch: LoadedBatch): void;
  close(): Promise<void>;
}
