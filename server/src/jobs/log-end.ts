// How a run ended, written into its log by whoever started or held back its trainer, where the trainer itself could not say.

import { join } from 'node:path';
import type { InterruptionReason, RunEvent } from '../protocol/run-events.ts';
import { EventReader, EventWriter, eventsFile } from '../runs/event-log.ts';
import { holderOf } from '../runs/run-lock.ts';

/** Appends the event, unless the log is another trainer's or gone. */
export function logEnd(folder: string, event: RunEvent): void {
  // The log of a run that another trainer works on is that trainer's.
  if (holderOf(folder) !== undefined) return;
  try {
    const writer = new EventWriter(join(folder, eventsFile));
    writer.append(event);
    writer.close();
  } catch {
    // The folder is gone: there is nothing left to write to, and who listens still hears of it.
  }
}

/** The end of a run's process; the run goes on from this step when it is resumed. */
export function interruptedAt(step: number, reason: InterruptionReason): RunEvent {
  return { version: 1, time: Date.now(), kind: 'interrupted', step, reason };
}

/** The step that a run has come to by its log; 0 when nothing was logged. */
export function loggedStep(folder: string): number {
  const last = new EventReader(join(folder, eventsFile)).read().findLast((event) => 'step' in event);
  return last !== undefined && 'step' in last ? last.step : 0;
}
