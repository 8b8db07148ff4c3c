// A run's batches, with what the log has to say of them: every file that can't be read, once, and what a checkpoint keeps.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import type { RunConfig } from '../../protocol/run-config.ts';
import { openBatches, sampledFiles, type Batches } from '../data/batches.ts';
import type { DataSet } from '../data/data-set.ts';
import type { ImageLayout } from '../data/image-layout.ts';
import type { WantedTarget } from '../data/target-batches.ts';
import type { Batch, TrainingSession } from '../engines/engine.ts';
import { evaluateOnTest, type TestResult } from './evaluate.ts';
import type { RunSink } from './run-sink.ts';

/** The name under which a checkpoint keeps what the data came to. */
const dataKey = 'data';

/** What of a run's settings its batches depend on. */
export interface DataSettings extends Pick<RunConfig, 'batchSize' | 'seed' | 'augmentation'> {
  /** In which order the network takes an image; absent: channels first. */
  readonly layout?: ImageLayout;
  /** What the losses take; absent: the labels alone. */
  readonly targets?: readonly WantedTarget[] | undefined;
}

export class RunData {
  readonly #batches: Batches;
  readonly #sink: RunSink;

  private constructor(batches: Batches, sink: RunSink) {
    this.#batches = batches;
    this.#sink = sink;
  }

  /** Opens the batches; `saved` is a checkpoint's metadata. Undefined when cancelled. */
  static async open(
    dataSet: DataSet,
    { batchSize, seed, augmentation, layout, targets }: DataSettings,
    sink: RunSink,
    saved: Readonly<Record<string, string>> | undefined,
    cancellation: Cancellation,
  ): Promise<Result<RunData | undefined>> {
    if (saved === undefined) {
      for (const message of dataSet.notices)
        sink.event({ kind: 'notice', severity: 'information', code: 'data-set', message });
      const { training } = dataSet;
      if (training.kind === 'files') {
        const message = `The figures that images are normalised by are taken from ${String(Math.min(training.count, sampledFiles))} of ${String(training.count)} image files; training begins then`;
        sink.event({ kind: 'notice', severity: 'information', code: 'data-set', message });
      }
    }
    const settings = { size: batchSize, seed, augmentation, layout, targets, saved: saved?.[dataKey] };
    const batches = await openBatches(dataSet, settings, cancellation);
    if (!batches.ok || batches.value === undefined) return batches.ok ? { ok: true, value: undefined } : batches;
    const data = new RunData(batches.value, sink);
    data.#announce();
    return { ok: true, value: data };
  }

  /** What a checkpoint has to keep for a resumed run to see the same images. */
  get metadata(): Readonly<Record<string, string>> {
    const { state } = this.#batches;
    return state === undefined ? {} : { [dataKey]: state };
  }

  /** The training batch of a step; the error says that too many files are unreadable. Undefined when cancelled meanwhile. */
  async batch(step: number, cancellation: Cancellation): Promise<Result<Batch | undefined>> {
    const batch = await unlessCancelled(this.#batches.training(step), cancellation);
    this.#announce();
    return batch ?? { ok: true, value: undefined };
  }

  /** Loss and accuracy on at most `limit` test images; undefined when cancelled. */
  async test(
    session: TrainingSession,
    limit: number,
    cancellation: Cancellation,
  ): Promise<Result<TestResult | undefined>> {
    const tested = await evaluateOnTest(session, this.#batches, limit, cancellation);
    this.#announce();
    return tested;
  }

  async close(): Promise<void> {
    await this.#batches.close();
  }

  #announce(): void {
    for (const { path, reason } of this.#batches.takeUnreadable()) {
      const message = `${path} can't be read and is left out (${reason})`;
      this.#sink.event({ kind: 'notice', severity: 'warning', code: 'unreadable-file', message });
    }
  }
}

/** Milliseconds between two looks at a cancellation while something is waited for. */
const lookEvery = 50;

/** What a promise comes to, or undefined as soon as somebody cancels: decoding large files can take seconds. */
async function unlessCancelled<T>(promise: Promise<T>, cancellation: Cancellation): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const cancelled = new Promise<undefined>((resolve) => {
    timer = setInterval(() => {
      if (cancellation.isCancellationRequested) resolve(undefined);
    }, lookEvery);
  });
  try {
    return await Promise.race([promise, cancelled]);
  } finally {
    clearInterval(timer);
  }
}
