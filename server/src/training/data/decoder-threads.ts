// Decoding threads, as the trainer sees them: requests go to the thread that has least to do, answers are promises.

import { Worker } from 'node:worker_threads';
import type { DecoderAnswer, DecoderEnd, DecoderRequest, DecoderSettings } from './decoder-messages.ts';

type WithoutId<R> = R extends unknown ? Omit<R, 'id'> : never;

interface Waiting {
  readonly resolve: (answer: DecoderAnswer) => void;
  readonly reject: (error: Error) => void;
}

class Thread {
  readonly worker: Worker;
  readonly waiting = new Map<number, Waiting>();
  /** Resolved when the thread is gone. */
  readonly ended: Promise<void>;
  #failure: Error | undefined;

  constructor(program: URL, settings: DecoderSettings) {
    this.worker = new Worker(program);
    this.worker.postMessage(settings);
    // What is waited for keeps the process alive by itself.
    this.worker.unref();
    this.worker.on('message', (answer: DecoderAnswer) => {
      this.waiting.get(answer.id)?.resolve(answer);
      this.waiting.delete(answer.id);
      if (this.waiting.size === 0) this.worker.unref();
    });
    this.worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        this.#fail(new Error('A decoding thread ended'));
        resolve();
      });
    });
  }

  ask(request: DecoderRequest, transfer: readonly ArrayBuffer[]): Promise<DecoderAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.waiting.set(request.id, { resolve, reject });
      this.worker.ref();
      this.worker.postMessage(request, transfer);
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.#failure);
    this.waiting.clear();
  }
}

export class DecoderThreads {
  readonly #threads: readonly Thread[];
  readonly #stopped = new SharedArrayBuffer(1);
  #nextId = 0;

  constructor(program: URL, settings: Pick<DecoderSettings, 'shape' | 'kept'>, count: number) {
    const all: DecoderSettings = { ...settings, kind: 'settings', stopped: this.#stopped };
    this.#threads = Array.from({ length: count }, () => new Thread(program, all));
  }

  get count(): number {
    return this.#threads.length;
  }

  /** Rejects when a thread breaks, which is no matter of the files. */
  ask(request: WithoutId<DecoderRequest>): Promise<DecoderAnswer> {
    const thread = this.#threads.reduce((best, other) => (other.waiting.size < best.waiting.size ? other : best));
    const id = this.#nextId++;
    const memory = request.kind === 'batch' ? request.memory : undefined;
    return thread.ask({ ...request, id }, memory === undefined ? [] : [memory]);
  }

  /** Ends the threads, each after the image that it is at. */
  async close(): Promise<void> {
    Atomics.store(new Uint8Array(this.#stopped), 0, 1);
    const end: DecoderEnd = { kind: 'end' };
    for (const { worker } of this.#threads) {
      worker.ref();
      worker.postMessage(end);
    }
    await Promise.all(this.#threads.map(({ ended }) => ended));
  }
}
