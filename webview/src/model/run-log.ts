// A run as the page knows it, and how messages change it. Everything else that is shown is worked out from this.

import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import type { RunSnapshot } from '../../../server/src/protocol/run-files.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import type { SweepFile } from '../../../server/src/protocol/sweep-file.ts';
import type { ToPage } from '../../../server/src/protocol/webview-messages.ts';

/** `loading` until the snapshot is there; `refusal` is the latest word on something that was not done. */
export type DashboardState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'sweep'; readonly sweep: SweepFile; readonly isTrained: boolean }
  | { readonly kind: 'comparison'; readonly runs: readonly RunSnapshot[]; readonly convention: CountingConventionName }
  | {
      readonly kind: 'run';
      readonly run: RunSnapshot;
      readonly convention: CountingConventionName;
      readonly refusal?: string;
    };

/** The state after a message. */
export function receive(state: DashboardState, message: ToPage): DashboardState {
  switch (message.kind) {
    case 'snapshot':
      return { kind: 'run', run: message.snapshot, convention: message.convention };
    case 'grew': {
      // Growth before the snapshot is in the snapshot.
      if (state.kind !== 'run') return state;
      const { run } = state;
      const fresh = newEvents(run.events, message.events);
      // What repeats only old lines is older than what is known, and so are its status and its proposal.
      if (fresh.length === 0 && message.events.length > 0) return state;
      const structure = message.structure ?? run.structure;
      const proposal = message.proposal ?? run.proposal;
      return {
        kind: 'run',
        convention: state.convention,
        run: {
          ...run,
          status: message.status,
          events: [...run.events, ...fresh],
          ...(structure !== undefined && { structure }),
          ...(proposal !== undefined && { proposal }),
        },
      };
    }
    case 'sweep':
      return { kind: 'sweep', sweep: message.sweep, isTrained: message.isTrained === true };
    case 'comparison':
      return { kind: 'comparison', runs: message.runs, convention: message.convention };
    case 'convention':
      return state.kind === 'run' ? { ...state, convention: message.convention } : state;
    case 'refused':
      return state.kind === 'run'
        ? { ...state, refusal: message.message }
        : { kind: 'unreadable', message: message.message };
  }
}

/**
 * The lines of a piece of the log that are not known yet. Pieces come in order and without gaps, but may overlap with
 * what is known: the snapshot is read from the folder while the run goes on.
 */
export function newEvents(known: readonly RunEvent[], piece: readonly RunEvent[]): readonly RunEvent[] {
  const [first] = piece;
  if (first === undefined) return [];
  const start = known.findLastIndex((event) => sameLine(event, first));
  return start === -1 ? piece : piece.slice(known.length - start);
}

function sameLine(one: RunEvent, other: RunEvent): boolean {
  return one.time === other.time && one.kind === other.kind && JSON.stringify(one) === JSON.stringify(other);
}

/** Events of one kind. */
export type EventOf<Kind extends RunEvent['kind']> = Extract<RunEvent, { kind: Kind }>;

/** The latest event of a kind. */
export function latest<Kind extends RunEvent['kind']>(
  events: readonly RunEvent[],
  kind: Kind,
): EventOf<Kind> | undefined {
  return events.findLast((event): event is EventOf<Kind> => event.kind === kind);
}

/**
 * The log without what a resumed process did again: a run that was killed at step 150 goes on from the checkpoint of
 * step 100, and what was written of steps 101 to 150 is no part of the training that counts.
 */
export function effectiveEvents(events: readonly RunEvent[]): readonly RunEvent[] {
  let kept: RunEvent[] = [];
  for (const event of events) {
    if (event.kind === 'started' && kept.length > 0) {
      kept = kept.filter((earlier) => earlier.kind === 'notice' || earlier.step <= event.step);
    }
    kept.push(event);
  }
  return kept;
}
