// What two threads see at once, without a message: which questions are cancelled, and that messages wait. A synchronous
// evaluation looks here.

import type { Cancellation } from '../common/cancellation.ts';

/** The place of the number of messages that were sent. */
const sentAt = 0;
const firstQuestion = 1;
/** More questions than are ever under way at once; of two in the same place only the newer can be cancelled. */
const places = 4096;

export class SharedSignals {
  /** To be handed to the other thread, which makes its own signals of it. */
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(memory = new SharedArrayBuffer(4 * (firstQuestion + places))) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  /** Messages sent so far. */
  get sent(): number {
    return Atomics.load(this.#cells, sentAt);
  }

  /** One more message was sent. */
  countSent(): void {
    Atomics.add(this.#cells, sentAt, 1);
  }

  /** Nobody waits for a question's answer any more. */
  cancel(id: number): void {
    Atomics.store(this.#cells, placeOf(id), id);
  }

  /** Whether a question was cancelled; each look is at the memory. */
  cancellationOf(id: number): Cancellation {
    const cells = this.#cells;
    const place = placeOf(id);
    return {
      get isCancellationRequested() {
        return Atomics.load(cells, place) === id;
      },
    };
  }
}

function placeOf(id: number): number {
  return firstQuestion + (id % places);
}
