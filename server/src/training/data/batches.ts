// Batches by step: which images a step sees follows from the seed and the step alone, so a resumed run sees the same ones.
// Batches of files are asked for ahead of their step.

import * as v from 'valibot';
import type { Cancellation } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import { randomStream } from '../engines/random.ts';
import type { Batch } from '../engines/engine.ts';
import { viewsOf, type Augmentation } from './augmentation.ts';
import { BatchOrder, shuffled } from './batch-order.ts';
import type { DataSet } from './data-set.ts';
import { FileLoader } from './file-loader.ts';
import type { ImageLoader, LoadedBatch, LoadRequest } from './image-loader.ts';
import { writeChannelsLast, type ImageLayout } from './image-layout.ts';
import { MemoryLoader } from './memory-loader.ts';
import { normalizationOf, type Normalization } from './normalization.ts';
import { TargetBatches, type WantedTarget } from './target-batches.ts';
import { UnreadableFiles, type UnreadablePath } from './unreadable-files.ts';

export interface BatchSettings {
  readonly size: number;
  readonly seed: number;
  readonly augmentation?: Augmentation | undefined;
  /** In which order the network takes an image; absent: `chw`. */
  readonly layout?: ImageLayout | undefined;
  /** What the losses take; absent: the labels alone. */
  readonly targets?: readonly WantedTarget[] | undefined;
  /** What `Batches.state` gave in an earlier process: figures of files need not be taken again. */
  readonly saved?: string | undefined;
  /** Decoding threads; absent: what the machine has room for. */
  readonly threads?: number | undefined;
  /** Decoded images are kept if they all fit into so many bytes; absent: what the machine has room for. */
  readonly keptBytes?: number | undefined;
}

const normalizationSchema = v.object({ mean: v.array(v.number()), deviation: v.array(v.number()) });
const stateSchema = v.object({
  version: v.literal(1),
  normalization: normalizationSchema,
  unreadable: v.array(v.object({ path: v.string(), reason: v.string() })),
});
type DataState = v.InferOutput<typeof stateSchema>;

/** At most so many files are decoded for the figures, drawn at random; they settle long before. */
export const sampledFiles = 10_000;
/** How often another batch is drawn when no image of one can be read. */
const attempts = 100;

/** Takes the figures that images are normalised by, and opens what batches come from; undefined when cancelled. */
export async function openBatches(
  dataSet: DataSet,
  settings: BatchSettings,
  cancellation: Cancellation,
): Promise<Result<Batches | undefined>> {
  const { training, shape } = dataSet;
  if (training.kind === 'memory') {
    const loader = new MemoryLoader(shape, normalizationOf(training, shape), settings.size);
    return { ok: true, value: new Batches(dataSet, settings, loader, new UnreadableFiles(0, 0), undefined) };
  }
  const loader = new FileLoader(dataSet, settings.size, settings.threads, settings.keptBytes);
  const saved = savedState(settings.saved);
  const unreadable = new UnreadableFiles(dataSet.badFiles, loader.fileCount, saved?.unreadable);
  const open = (normalization: Normalization): Result<Batches> => {
    loader.normalization = normalization;
    return { ok: true, value: new Batches(dataSet, settings, loader, unreadable, normalization) };
  };
  if (saved) return open(saved.normalization);
  // Not by the run's seed: runs with different seeds see the same images.
  const sample = shuffled(training.count, randomStream(1, 'normalization')).subarray(0, sampledFiles);
  const counted = await loader.count(training, sample, cancellation);
  if (!counted.ok || counted.value === undefined) {
    await loader.close();
    return counted.ok ? { ok: true, value: undefined } : counted;
  }
  unreadable.add(counted.value.unreadable);
  return open(counted.value.normalization);
}

function savedState(text: string | undefined): DataState | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = v.safeParse(stateSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    // The figures can be taken again.
    return undefined;
  }
}

/** Normalised batches of a data set. A batch is valid until the next one is asked for. */
export class Batches {
  readonly #dataSet: DataSet;
  readonly #seed: number;
  readonly #size: number;
  readonly #augmentation: Augmentation;
  readonly #order: BatchOrder;
  readonly #loader: ImageLoader;
  /** Where images are rearranged; undefined where they are given as they are loaded. */
  readonly #room: Float32Array<ArrayBuffer> | undefined;
  readonly #targets: TargetBatches | undefined;
  readonly #unreadable: UnreadableFiles;
  readonly #normalization: Normalization | undefined;
  /** Batches that were asked for ahead, by step. */
  readonly #coming = new Map<number, Promise<Result<LoadedBatch>>>();
  #given: LoadedBatch | undefined;

  /** `normalization` is given when it took time and is to be kept with a checkpoint. */
  constructor(
    dataSet: DataSet,
    { size, seed, augmentation = 'none', layout = 'chw', targets }: BatchSettings,
    loader: ImageLoader,
    unreadable: UnreadableFiles,
    normalization: Normalization | undefined,
  ) {
    this.#dataSet = dataSet;
    this.#seed = seed;
    this.#augmentation = augmentation;
    this.#size = Math.min(size, dataSet.training.count);
    this.#order = new BatchOrder(dataSet.training.count, this.#size, seed);
    this.#loader = loader;
    const [channels, height, width] = dataSet.shape;
    if (layout === 'hwc') this.#room = new Float32Array(this.#size * channels * height * width);
    this.#targets = targets && new TargetBatches(dataSet, targets, layout);
    this.#unreadable = unreadable;
    this.#normalization = normalization;
  }

  /** What a checkpoint keeps of the data; undefined where there is nothing worth it. */
  get state(): string | undefined {
    if (this.#normalization === undefined) return undefined;
    const { mean, deviation } = this.#normalization;
    const unreadable = this.#unreadable.all;
    return JSON.stringify({ version: 1, normalization: { mean, deviation }, unreadable });
  }

  /** Files that turned out to be unreadable since the last call, in the order in which batches would have shown them. */
  takeUnreadable(): readonly UnreadablePath[] {
    return this.#unreadable.takeFresh();
  }

  /**
   * The training batch of a step; the error says that too many files are unreadable. An image that can't be read is
   * replaced by another one of the same batch.
   */
  async training(step: number): Promise<Result<Batch>> {
    this.#release();
    const last = step + this.#loader.ahead;
    for (const [other, batch] of this.#coming) {
      if (other >= step && other <= last) continue;
      this.#coming.delete(other);
      this.#drop(batch);
    }
    for (let other = step; other <= last; other++) {
      if (!this.#coming.has(other)) this.#coming.set(other, this.#ask(this.#trainingRequest(other)));
    }
    const loaded = await this.#coming.get(step);
    this.#coming.delete(step);
    if (loaded === undefined) throw new Error(`The batch of step ${String(step)} is gone`);
    return this.#arranged(await this.#whole(loaded, step), this.#trainingRequest(step));
  }

  /**
   * Every test image once, in order, or `limit` of them spread over all (which may stand class by class). The last batch
   * may be smaller, and any that has unreadable ones.
   */
  async *test(limit: number): AsyncGenerator<Result<Batch>> {
    const { test } = this.#dataSet;
    const count = Math.min(test.count, limit);
    const spread = test.count / count;
    const coming: { readonly request: LoadRequest; readonly loaded: Promise<Result<LoadedBatch>> }[] = [];
    let asked = 0;
    try {
      while (asked < count || coming.length > 0) {
        this.#release();
        while (asked < count && coming.length <= this.#loader.ahead) {
          const start = asked;
          asked = Math.min(count, start + this.#size);
          const images = Uint32Array.from({ length: asked - start }, (_, index) =>
            Math.floor((start + index) * spread),
          );
          const request = { part: test, images };
          coming.push({ request, loaded: this.#ask(request) });
        }
        const next = coming.shift();
        if (next === undefined) return;
        const batch = this.#registered(await next.loaded);
        if (!batch.ok || batch.value.labels.length > 0) yield this.#arranged(batch, next.request);
        if (!batch.ok) return;
      }
    } finally {
      for (const { loaded } of coming) this.#drop(loaded);
    }
  }

  /** Ends the decoding threads. */
  async close(): Promise<void> {
    await this.#loader.close();
    this.#coming.clear();
  }

  #trainingRequest(step: number): LoadRequest {
    const views = this.#augmentation === 'none' ? undefined : viewsOf(this.#seed, step, this.#size);
    return { part: this.#dataSet.training, images: this.#order.imagesOf(step), views };
  }

  /** Asks the loader; a promise that nobody waits for any more must not end the process. */
  #ask(request: LoadRequest): Promise<Result<LoadedBatch>> {
    const batch = this.#loader.load(request);
    batch.catch(() => undefined);
    return batch;
  }

  /** Takes note of what could not be read. */
  #registered(loaded: Result<LoadedBatch>): Result<LoadedBatch> {
    if (!loaded.ok) return loaded;
    this.#given = loaded.value;
    this.#unreadable.add(loaded.value.unreadable);
    const { excess } = this.#unreadable;
    return excess === undefined ? loaded : { ok: false, error: excess };
  }

  /** A batch in the order in which the network takes images, with what its losses take of the images of the request. */
  #arranged(batch: Result<Batch>, { part, images: asked, views }: LoadRequest): Result<Batch> {
    if (!batch.ok) return batch;
    const { images, labels } = batch.value;
    const targets = this.#targets?.of(part, asked, views, labels);
    const shared = { labels, ...(targets && { targets }) };
    if (this.#room === undefined) return { ok: true, value: { images, ...shared } };
    writeChannelsLast(images, this.#dataSet.shape, this.#room);
    return { ok: true, value: { images: this.#room.subarray(0, images.length), ...shared } };
  }

  /** A batch without gaps, since a step takes no smaller one. */
  async #whole(loaded: Result<LoadedBatch>, step: number): Promise<Result<Batch>> {
    let batch = this.#registered(loaded);
    for (let attempt = 0; batch.ok && batch.value.labels.length === 0; attempt++) {
      if (attempt === attempts) return { ok: false, error: `No image of step ${String(step)} can be read` };
      this.#release();
      const random = randomStream(this.#seed, `spare ${String(step)} ${String(attempt)}`);
      const { count } = this.#dataSet.training;
      const images = Uint32Array.from({ length: this.#size }, () => Math.floor(random.uniform() * count));
      batch = this.#registered(await this.#ask({ ...this.#trainingRequest(step), images }));
    }
    if (!batch.ok) return batch;
    const { images, labels, room } = batch.value;
    if (labels.length === this.#size) return batch;
    const whole = new Int32Array(this.#size);
    whole.set(labels);
    const length = images.length / labels.length;
    for (let place = labels.length; place < this.#size; place++) {
      const source = place % labels.length;
      room.copyWithin(place * length, source * length, (source + 1) * length);
      whole[place] = labels[source] ?? 0;
    }
    return { ok: true, value: { images: room.subarray(0, this.#size * length), labels: whole } };
  }

  #release(): void {
    if (this.#given) this.#loader.release(this.#given);
    this.#given = undefined;
  }

  #drop(batch: Promise<Result<LoadedBatch>>): void {
    batch.then(
      (loaded) => {
        if (loaded.ok) this.#loader.release(loaded.value);
      },
      () => undefined,
    );
  }
}
