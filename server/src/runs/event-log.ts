// A run's event log: one JSON object a line, only ever appended to. A line that a crash cut in two is passed over.

import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import * as v from 'valibot';
import { runEventSchema, type RunEvent } from '../protocol/run-events.ts';
import { hasFiniteNumbers } from './json-file.ts';
import { openRegularFile, plainly } from './regular-file.ts';

/** So much of a log is in memory at a time, beside the events themselves; a line is much shorter. */
const bytesAtOnce = 4_000_000;

/** Appends events; each is on disk when `append` returns. */
export class EventWriter {
  readonly #file: number;

  constructor(path: string) {
    // As 'a+', but never through a link.
    this.#file = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | plainly, 0o666);
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
  if (!hasFiniteNumbers(content)) return undefined;
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

  /** The events since the last call; none when there is no log (any more), or something that is none. */
  read(): readonly RunEvent[] {
    const opened = this.#open();
    if (opened === undefined) return [];
    const { file, size } = opened;
    const events: RunEvent[] = [];
    try {
      if (size < this.#position) this.#startOver();
      while (this.#position < size) {
        const bytes = Buffer.alloc(Math.min(bytesAtOnce, size - this.#position));
        const count = readSync(file, bytes, 0, bytes.length, this.#position);
        if (count === 0) break;
        this.#position += count;
        const lines = (this.#rest + this.#decoder.write(bytes.subarray(0, count))).split('\n');
        this.#rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = parseEvent(line);
          if (event !== undefined) events.push(event);
        }
        // No event is as long as this: what comes until the line's end belongs to none.
        if (this.#rest.length > bytesAtOnce) this.#rest = '';
      }
      return events;
    } finally {
      closeSync(file);
    }
  }

  #open(): ReturnType<typeof openRegularFile> {
    try {
      return openRegularFile(this.#path);
    } catch {
      return undefined;
    }
  }

  #startOver(): void {
    this.#position = 0;
    this.#rest = '';
    this.#decoder = new StringDecoder('utf8');
  }
}
