// How a run stands, folded from its events one by one: nothing of a log need be read again to know it.

import type { InterruptionReason, RunEvent } from '../protocol/run-events.ts';
import type { RunStatus } from '../protocol/run-files.ts';

export interface RunState {
  /** What the last process came to; undefined where none has begun. `started`: it has not said that it ended. */
  readonly last: 'started' | 'finished' | 'failed' | InterruptionReason | undefined;
  readonly step: number;
  /** Milliseconds since the epoch, of the last event. */
  readonly time?: number;
  /** The proposed structure's cost as a share of the seed's. */
  readonly costShare?: number;
  /** On the test images where they were tested, otherwise on the latest training images. */
  readonly accuracy?: number;
  /** Why the last process failed, or what the run came to. */
  readonly message?: string | undefined;
}

export const newState: RunState = { last: undefined, step: 0 };

/** The state after one more event. */
export function afterEvent(state: RunState, event: RunEvent): RunState {
  const next: RunState = { ...state, time: event.time, ...('step' in event && { step: event.step }) };
  // A process that tells of a step has begun, also where the line that said so was not read.
  const begun = next.last === undefined ? { ...next, last: 'started' as const } : next;
  switch (event.kind) {
    case 'started':
      return { ...next, last: 'started', message: undefined };
    case 'progress': {
      const { accuracy, cost, seedCost } = event;
      return {
        ...begun,
        ...(accuracy !== undefined && { accuracy }),
        ...(seedCost > 0 && { costShare: cost / seedCost }),
      };
    }
    case 'evaluated':
      return { ...begun, ...(event.accuracy !== undefined && { accuracy: event.accuracy }) };
    case 'interrupted':
      return { ...next, last: event.reason };
    case 'finished':
      return { ...next, last: 'finished', message: event.summary };
    case 'failed':
      return { ...next, last: 'failed', message: event.message };
    case 'alive':
    case 'checkpoint':
      return begun;
    case 'notice':
      return next;
  }
}

/**
 * How a run stands by its events and by whether a process works on it. One that nobody began counts as interrupted, so that it
 * can be resumed: which runs wait for their turn only the queue knows, and a queue ends with its editor.
 */
export function statusOf({ last }: RunState, isWorkedOn: boolean): RunStatus {
  switch (last) {
    case undefined:
    case 'started':
      return isWorkedOn ? 'running' : 'interrupted';
    case 'finished':
    case 'failed':
    case 'paused':
      return last;
    case 'cancelled':
    case 'parent-gone':
      return 'interrupted';
  }
}
