// Batches of image files: decoded, cut and normalised by threads ahead of the step. What threads answer does not depend on
// their timing: a batch is made from its request alone.

import { availableParallelism, totalmem } from 'node:os';
import type { Cancellation } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import { placeOf, type DataSet, type ImagesInFiles, type LabelledImages } from './data-set.ts';
import type { NumberedFile, UnreadableFile } from './decoder-messages.ts';
import { DecoderThreads } from './decoder-threads.ts';
import type { ImageLoader, LoadedBatch, LoadRequest } from './image-loader.ts';
import { noByteCounts, normalizationOfCounts, type Normalization } from './normalization.ts';

/** Files that one request counts: few, since only between requests a run can be cancelled. */
const filesAtOnce = 8;
/** Memory for batches that are ready before they are needed. */
const aheadBytes = 512 * 2 ** 20;
/** Decoded images are kept if they all fit into so much memory, and into an eighth of the machine's. */
const usualKeptBytes = Math.min(2 ** 30, totalmem() / 8);

export interface CountedFiles {
  readonly normalization: Normalization;
  readonly unreadable: readonly UnreadableFile[];
}

/** Threads that decode: half of the machine's, four at most; the rest trains. */
function usualDecoderThreads(): number {
  return Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));
}

export class FileLoader implements ImageLoader {
  readonly ahead: number;
  /** All files of the data set. */
  readonly fileCount: number;
  readonly #threads: DecoderThreads;
  readonly #channels: number;
  readonly #size: number;
  /** The number of a part's first file, by its list of paths. */
  readonly #firstFile: ReadonlyMap<readonly string[], number>;
  readonly #free: ArrayBuffer[] = [];
  #normalization: Normalization = { mean: [], deviation: [] };

  /** `keptBytes`: decoded images are kept if they all fit into so much memory. */
  constructor(dataSet: DataSet, batchSize: number, threads = usualDecoderThreads(), keptBytes = usualKeptBytes) {
    const { training, test, shape } = dataSet;
    if (training.kind !== 'files' || test.kind !== 'files') throw new Error('These images are in memory');
    const lists = [...new Set([training.paths, test.paths])];
    this.#firstFile = new Map(lists.map((paths, index) => [paths, index === 0 ? 0 : (lists[0]?.length ?? 0)]));
    this.fileCount = lists.reduce((sum, { length }) => sum + length, 0);
    this.#channels = shape[0];
    this.#size = shape[0] * shape[1] * shape[2];
    const bytes = this.fileCount * this.#size;
    const isKept = bytes <= keptBytes;
    const kept = isKept
      ? { pixels: new SharedArrayBuffer(bytes), states: new SharedArrayBuffer(this.fileCount) }
      : undefined;
    this.#threads = new DecoderThreads(training.decoder, { shape, kept }, threads);
    this.ahead = Math.max(1, Math.min(2 * threads, Math.floor(aheadBytes / (4 * batchSize * this.#size))));
  }

  set normalization(value: Normalization) {
    this.#normalization = value;
  }

  /** Decodes images of a part once and takes their figures; undefined when cancelled. */
  async count(
    part: ImagesInFiles,
    images: Uint32Array,
    cancellation: Cancellation,
  ): Promise<Result<CountedFiles | undefined>> {
    const total = noByteCounts(this.#channels);
    const unreadable: UnreadableFile[] = [];
    const width = 2 * this.#threads.count * filesAtOnce;
    for (let start = 0; start < images.length; start += width) {
      // Where the parent's word is heard.
      await new Promise((resolve) => setImmediate(resolve));
      if (cancellation.isCancellationRequested) return { ok: true, value: undefined };
      const requests = [];
      for (let from = start; from < Math.min(start + width, images.length); from += filesAtOnce) {
        const files = this.#files(part, images.subarray(from, Math.min(from + filesAtOnce, start + width)));
        requests.push(this.#threads.ask({ kind: 'count', files }));
      }
      for (const answer of await Promise.all(requests)) {
        if (answer.kind === 'unavailable') return { ok: false, error: answer.reason };
        if (answer.kind !== 'counted') throw new Error('A decoding thread answered something else');
        answer.counts.forEach((times, bin) => (total[bin] = (total[bin] ?? 0) + times));
        unreadable.push(...answer.unreadable);
      }
    }
    return { ok: true, value: { normalization: normalizationOfCounts(total), unreadable } };
  }

  async load({ part, images, views }: LoadRequest): Promise<Result<LoadedBatch>> {
    const files = this.#files(part, images);
    const normalization = this.#normalization;
    const answer = await this.#threads.ask({ kind: 'batch', files, views, normalization, memory: this.#free.pop() });
    if (answer.kind === 'unavailable') return { ok: false, error: answer.reason };
    if (answer.kind !== 'batch') throw new Error('A decoding thread answered something else');
    const { images: room, places, unreadable } = answer;
    const labels = Int32Array.from(places, (place) => part.labels[placeOf(part, images[place] ?? 0)] ?? 0);
    return { ok: true, value: { images: room.subarray(0, places.length * this.#size), room, labels, unreadable } };
  }

  release({ room }: LoadedBatch): void {
    if (this.#free.length <= this.ahead) this.#free.push(room.buffer);
  }

  close(): Promise<void> {
    return this.#threads.close();
  }

  #files(part: LabelledImages, images: Uint32Array): NumberedFile[] {
    if (part.kind !== 'files') throw new Error('These images are in memory');
    const first = this.#firstFile.get(part.paths) ?? 0;
    return Array.from(images, (image) => {
      const place = placeOf(part, image);
      return { file: first + place, path: part.paths[place] ?? '' };
    });
  }
}
