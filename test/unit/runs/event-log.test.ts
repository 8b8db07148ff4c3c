// Event logs survive being cut in the middle of a line, and are read as they grow.

import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import { EventReader, EventWriter, parseEvent } from '../../../server/src/runs/event-log.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

const finished = (step: number): RunEvent => ({ version: 1, time: 1, kind: 'finished', step, summary: 'naïve ✓' });
const line = (event: unknown): string => `${JSON.stringify(event)}\n`;
const newLog = (): string => join(temporaryFolder(), 'events.ndjson');

function append(path: string, ...events: readonly RunEvent[]): void {
  const writer = new EventWriter(path);
  for (const event of events) writer.append(event);
  writer.close();
}

describe('an event log', () => {
  it('is appended to by one writer after the other', () => {
    const path = newLog();
    append(path, finished(1));
    append(path, finished(2), finished(3));
    expect(new EventReader(path).read()).toEqual([finished(1), finished(2), finished(3)]);
  });

  it('loses only the line in which its writer was killed', () => {
    const whole = line(finished(2));
    for (let length = 1; length < whole.length; length++) {
      const path = newLog();
      append(path, finished(1));
      appendFileSync(path, whole.slice(0, length));
      expect(new EventReader(path).read()).toEqual([finished(1)]);
      append(path, finished(3));
      const events = new EventReader(path).read();
      // All but the line's end is a whole event.
      const expected = length === whole.length - 1 ? [1, 2, 3] : [1, 3];
      expect(events).toEqual(expected.map(finished));
    }
  });

  it('is read on from where it was last read, whatever the pieces', () => {
    const path = newLog();
    const bytes = Buffer.from(line(finished(1)) + line(finished(2)));
    writeFileSync(path, '');
    const reader = new EventReader(path);
    const events = [...bytes].flatMap((byte) => {
      appendFileSync(path, Buffer.of(byte));
      return reader.read();
    });
    expect(events).toEqual([finished(1), finished(2)]);
    expect(reader.read()).toEqual([]);
  });

  it('is empty before it exists and after it is gone, and is read anew when it got shorter', () => {
    const path = newLog();
    const reader = new EventReader(path);
    expect(reader.read()).toEqual([]);
    append(path, finished(1), finished(2));
    expect(reader.read()).toHaveLength(2);
    rmSync(path);
    expect(reader.read()).toEqual([]);
    append(path, finished(3));
    expect(reader.read()).toEqual([finished(3)]);
  });

  it('passes over kinds and versions that it does not know', () => {
    expect(parseEvent(JSON.stringify({ version: 1, time: 1, kind: 'paused', step: 3 }))).toBeUndefined();
    expect(parseEvent(JSON.stringify({ ...finished(1), version: 2 }))).toBeUndefined();
    expect(parseEvent('null')).toBeUndefined();
    expect(parseEvent('')).toBeUndefined();
    // What a later version adds to a known kind does no harm.
    expect(parseEvent(JSON.stringify({ ...finished(1), extra: true }))).toEqual(finished(1));
  });
});
