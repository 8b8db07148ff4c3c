// A run's event log: one JSON object a line, only ever appended to. A line that a crash cut in two is passed over.

import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import * as v from 'valibot';
import { runEventSchema, type RunEvent } from '../protocol/run-events.ts';

/** Appends events; each is on disk when `append` returns. */
export class EventWriter {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a+');
    this.#endTornLine();
  }

  append(event: RunEvent): void {
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** A writer that was killed in the middle of a line must not spoil the next one. */
  #endTornLine(): void {
    const { size } = fstatSync(this.#file);
    if (size === 0) return;
    const last = Buffer.alloc(1);
    readSync(this.#file, last, 0, 1, size - 1);
    if (last.toString() !== '\n') writeSync(this.#file, '\n');
  }
}

/** One line as an event; undefined for torn lines and for kinds of later versions. */
export function parseEvent(line: string): RunEvent | undefined {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(runEventSchema, content);
  return parsed.success ? parsed.output : undefined;
}

/** Reads a log from where it was last read. A last line without its end is left for the next time. */
export class EventReader {
  readonly #path: string;
  #position = 0;
  #rest = '';
  #decoder = new StringDecoder('utf8');

  constructor(path: string) {
    this.#path = path;
  }

  /** The events since the last call; none when there is no log (any more). */
  read(): readonly RunEvent[] {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch {
      return [];
    }
    try {
      const { size } = fstatSync(file);
      if (size < this.#position) this.#startOver();
      const bytes = Buffer.alloc(size - this.#position);
      const count = bytes.length === 0 ? 0 : readSync(file, bytes, 0, bytes.length, this.#position);
      this.#position += count;
      const lines = (this.#rest + this.#decoder.write(bytes.subarray(0, count))).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.flatMap((line) => parseEvent(line) ?? []);
    } finally {
      closeSync(file);
    }
  }

  #startOver(): void {
    this.#position = 0;
    this.#rest = '';
    this.#decoder = new StringDecoder('utf8');
  }
}
