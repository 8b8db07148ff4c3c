// A run's event log: one JSON object a line, only ever appended to. A line that a crash cut in two is passed over.

import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import * as v from 'valibot';
import { runEventSchema, type RunEvent } from '../protocol/run-events.ts';
import { hasFiniteNumbers } from './json-file.ts';
import { openRegularFile, plainly } from './regular-file.ts';

/** The log's name in a run's folder. */
export const eventsFile = 'events.ndjson';

/** No event is as long as this, in characters: what comes until such a line's end belongs to none. */
const longestLine = 4_000_000;
/** So much of a log is read at a time: a few thousand events, which take some milliseconds to understand. */
const bytesAtOnce = 250_000;

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
    return [...this.#parts()].flat();
  }

  /** The same in turns: after each part others may have the thread. `take` gets the events in their order. */
  async readInTurns(take: (event: RunEvent) => void): Promise<void> {
    for (const events of this.#parts()) {
      events.forEach(take);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Whether the log was replaced by a shorter one since it was read. */
  isReplaced(): boolean {
    const opened = this.#open();
    if (opened !== undefined) closeSync(opened.file);
    return (opened?.size ?? 0) < this.#position;
  }

  *#parts(): Generator<readonly RunEvent[]> {
    const opened = this.#open();
    if (opened === undefined) return;
    const { file, size } = opened;
    try {
      if (size < this.#position) this.#startOver();
      while (this.#position < size) {
        const bytes = Buffer.alloc(Math.min(bytesAtOnce, size - this.#position));
        const count = readSync(file, bytes, 0, bytes.length, this.#position);
        if (count === 0) return;
        this.#position += count;
        const lines = (this.#rest + this.#decoder.write(bytes.subarray(0, count))).split('\n');
        this.#rest = lines.pop() ?? '';
        if (this.#rest.length > longestLine) this.#rest = '';
        yield lines.flatMap((line) => parseEvent(line) ?? []);
      }
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
