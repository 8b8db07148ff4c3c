// What a decoding thread does with a request. It remembers nothing but images that are kept for all threads, so an
// answer follows from the request and the files alone.

import type { Result } from '../../common/problem.ts';
import { drawView } from './augmentation.ts';
import { decodeImage, loadSharp, type Sharp } from './decode-image.ts';
import {
  decodedState,
  type DecoderAnswer,
  type DecoderRequest,
  type DecoderSettings,
  type NumberedFile,
  type UnreadableFile,
} from './decoder-messages.ts';
import { countBytes, noByteCounts, normalizer } from './normalization.ts';

export class Decoder {
  readonly #settings: DecoderSettings;
  readonly #size: number;
  readonly #kept: Uint8Array | undefined;
  readonly #states: Uint8Array | undefined;
  readonly #memory: Uint8Array;
  readonly #stopped: Uint8Array;
  #sharp: Promise<Result<Sharp>> | undefined;

  constructor(settings: DecoderSettings) {
    const [channels, height, width] = settings.shape;
    this.#settings = settings;
    this.#size = channels * height * width;
    this.#memory = new Uint8Array(this.#size);
    this.#stopped = new Uint8Array(settings.stopped);
    if (settings.kept) {
      this.#kept = new Uint8Array(settings.kept.pixels);
      this.#states = new Uint8Array(settings.kept.states);
    }
  }

  async answer(request: DecoderRequest): Promise<DecoderAnswer> {
    const { id } = request;
    this.#sharp ??= loadSharp();
    const sharp = await this.#sharp;
    if (!sharp.ok) return { kind: 'unavailable', id, reason: sharp.error };
    return request.kind === 'count' ? this.#count(sharp.value, request) : this.#batch(sharp.value, request);
  }

  async #count(sharp: Sharp, { id, files }: DecoderRequest & { readonly kind: 'count' }): Promise<DecoderAnswer> {
    const { shape } = this.#settings;
    const counts = noByteCounts(shape[0]);
    const unreadable: UnreadableFile[] = [];
    for (const file of files) {
      const pixels = await this.#pixels(sharp, file, unreadable);
      if (pixels) countBytes(counts, pixels, 0, shape);
    }
    return { kind: 'counted', id, counts, unreadable };
  }

  async #batch(
    sharp: Sharp,
    { id, files, views, normalization, memory }: DecoderRequest & { readonly kind: 'batch' },
  ): Promise<DecoderAnswer> {
    const [channels, height, width] = this.#settings.shape;
    const area = height * width;
    const { write, black } = normalizer(normalization);
    const room = files.length * this.#size;
    const isUsable = memory !== undefined && memory.byteLength >= 4 * room;
    const images = isUsable ? new Float32Array(memory, 0, room) : new Float32Array(room);
    const plane = new Float32Array(area);
    const unreadable: UnreadableFile[] = [];
    const places: number[] = [];
    for (const [place, file] of files.entries()) {
      const pixels = await this.#pixels(sharp, file, unreadable);
      if (pixels === undefined) continue;
      const view = views?.[place];
      const start = places.length * this.#size;
      for (let channel = 0; channel < channels; channel++) {
        const target = images.subarray(start + channel * area, start + (channel + 1) * area);
        write(pixels, channel * area, channel, view === undefined ? target : plane);
        if (view) drawView(view, plane, height, width, black[channel] ?? 0, target);
      }
      places.push(place);
    }
    return { kind: 'batch', id, images, places: Uint32Array.from(places), unreadable };
  }

  /** The image's bytes, from the kept ones or from its file; undefined when it can't be read, or need not be. Valid until the next one. */
  async #pixels(
    sharp: Sharp,
    { file, path }: NumberedFile,
    unreadable: UnreadableFile[],
  ): Promise<Uint8Array | undefined> {
    if (Atomics.load(this.#stopped, 0) === 1) return undefined;
    const kept = this.#kept?.subarray(file * this.#size, (file + 1) * this.#size);
    const isKept = this.#states !== undefined && Atomics.load(this.#states, file) === decodedState.decoded;
    if (kept && isKept) return kept;
    const target = kept ?? this.#memory;
    const decoded = await decodeImage(sharp, path, this.#settings.shape, target);
    if (!decoded.ok) {
      unreadable.push({ file, path, reason: decoded.error });
      return undefined;
    }
    // Threads that decode the same file write the same bytes, so it does not matter which of them comes last.
    if (this.#states) Atomics.store(this.#states, file, decodedState.decoded);
    return target;
  }
}
