// The trainer's parent: what it asks for on stdin, and that it is gone when that ends.

import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { InterruptionReason } from '../protocol/run-events.ts';
import { trainerCommandSchema } from '../protocol/trainer-messages.ts';

/** Says a message to the parent, a line. */
export const say = (message: unknown): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Stops the loop at its next step when the parent says so or is gone. */
export class ParentWatch {
  #reason: InterruptionReason | undefined;

  constructor() {
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      const reason = reasonOf(line);
      // Who stops a run that was to pause does not want it back.
      if (this.#reason === undefined || reason === 'cancelled') this.#reason = reason ?? this.#reason;
    });
    lines.on('close', () => (this.#reason ??= 'parent-gone'));
    // A parent that is gone no longer reads; what is written then must not end the process before its checkpoint.
    process.stdout.on('error', () => (this.#reason ??= 'parent-gone'));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (this.#reason ??= 'cancelled'));
  }

  get isCancellationRequested(): boolean {
    return this.#reason !== undefined;
  }

  /** Tells the parent that the last checkpoint is being written, when it is the last one. */
  tellSaving(): void {
    if (this.isCancellationRequested) say({ kind: 'stopping' });
  }

  get reason(): InterruptionReason {
    return this.#reason ?? 'cancelled';
  }
}

/** What a line from the parent asks for; undefined when it is no command. */
function reasonOf(line: string): InterruptionReason | undefined {
  try {
    const command = v.safeParse(trainerCommandSchema, JSON.parse(line));
    if (!command.success) return undefined;
    return command.output.kind === 'pause' ? 'paused' : 'cancelled';
  } catch {
    return undefined;
  }
}
