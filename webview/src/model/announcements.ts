// What a screen reader is told while a run goes on: every change of its state at once, progress seldom.

import type { AliveGroups } from './alive-groups.ts';
import type { RunHeader } from './run-header.ts';

/** The least time between two words on progress. */
export const progressIntervalMs = 30_000;

export interface Announcement {
  readonly text: string;
  /** What was said: a new state is said at once, more of the same only after the interval. */
  readonly state: string;
  readonly time: number;
}

/** The next announcement, or the previous one when there is nothing to say yet. `now` is in milliseconds. */
export function announce(
  previous: Announcement | undefined,
  { statusText, status, step, totalSteps, outcome }: RunHeader,
  groups: AliveGroups | undefined,
  refusal: string | undefined,
  now: number,
): Announcement {
  const state = `${statusText}|${outcome?.text ?? ''}|${refusal ?? ''}`;
  if (previous?.state === state && (status !== 'running' || now - previous.time < progressIntervalMs)) return previous;
  const parts = [refusal ?? `${statusText}, step ${step} of ${totalSteps}.`];
  if (refusal === undefined && outcome !== undefined) parts.push(outcome.text);
  else if (refusal === undefined && groups?.step !== undefined) {
    parts.push(`${groups.alive} of ${groups.size} channels alive.`);
  }
  return { text: parts.join(' '), state, time: now };
}
