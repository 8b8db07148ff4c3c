// The logs of the runs that somebody looks at, each read once: a later question reads what the log gained since.

import { join } from 'node:path';
import type { Result } from '../common/problem.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { EventReader, eventsFile } from './event-log.ts';
import { snapshotWith } from './run-folder.ts';

/** Logs that are kept; a dashboard is seldom open on more. */
const mostLogs = 4;

interface ReadLog {
  readonly reader: EventReader;
  readonly events: RunEvent[];
  /** Readings of one log wait for each other. */
  reading: Promise<void>;
}

export class RunLogs {
  readonly #logs = new Map<string, ReadLog>();

  /** All that a dashboard shows of a run. */
  async snapshot(folder: string, workspace?: string): Promise<Result<RunSnapshot>> {
    const known = this.#logs.get(folder);
    const log = known === undefined || known.reader.isReplaced() ? newLog(folder) : known;
    this.#logs.delete(folder);
    this.#logs.set(folder, log);
    const [oldest] = this.#logs.keys();
    if (this.#logs.size > mostLogs && oldest !== undefined) this.#logs.delete(oldest);
    log.reading = log.reading.then(() => log.reader.readInTurns((event) => log.events.push(event)));
    await log.reading;
    return snapshotWith(folder, log.events, workspace);
  }
}

function newLog(folder: string): ReadLog {
  return { reader: new EventReader(join(folder, eventsFile)), events: [], reading: Promise.resolve() };
}
