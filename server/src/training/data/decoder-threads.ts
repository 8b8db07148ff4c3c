// Decoding threads, as the trainer sees them: requests go to the thread that has least to do, answers are promises.

import { Worker } from 'node:worker_threads';
import type { DecoderAnswer, DecoderRequest, DecoderSettings } from './decoder-messages.ts';

type WithoutId<R> = R extends unknown ? Omit<R, 'id'> : never;

interface Waiting {
  readonly resolve: (answer: DecoderAnswer) => void;
  readonly reject: (error: Error) => void;
}

class Thread {
  readonly worker: Worker;
  readonly waiting = new Map<number, Waiting>();
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
    this.worker.on('exit', () => this.#fail(new Error('A decoding thread ended')));
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
  #nextId = 0;

  constructor(program: URL, settings: DecoderSettings, count: number) {
    this.#threads = Array.from({ length: count }, () => new Thread(program, settings));
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

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}
