// What is known of a run from its notifications, folded event by event. No editor in here.

import type { InterruptionReason, RunEvent } from '../../../server/src/protocol/run-events.ts';
import type { RunStatus } from '../../../server/src/protocol/run-files.ts';

/** A run as the status bar and the progress notification show it. */
export interface RunView {
  readonly id: string;
  readonly status: RunStatus;
  readonly step: number;
  readonly totalSteps: number;
  readonly accuracy?: number;
  /** Cost of the structure so far as a share of the seed's, 0 to 1. */
  readonly costShare?: number;
  readonly secondsLeft?: number;
  /** The closing sentence of a finished or failed run. */
  readonly outcome?: string;
  readonly interruptedBy?: InterruptionReason;
}

/** The view after more events. */
export function foldEvents(view: RunView, status: RunStatus, events: readonly RunEvent[]): RunView {
  let next: RunView = { ...view, status };
  for (const event of events) next = foldEvent(next, event);
  return next;
}

function foldEvent(view: RunView, event: RunEvent): RunView {
  switch (event.kind) {
    case 'started':
      return { ...view, step: event.step, totalSteps: event.totalSteps };
    case 'progress':
      return {
        ...view,
        step: event.step,
        ...(event.accuracy !== undefined && { accuracy: event.accuracy }),
        secondsLeft: event.secondsLeft,
        ...(event.seedCost > 0 && { costShare: event.cost / event.seedCost }),
      };
    case 'finished':
      return { ...view, step: event.step, outcome: event.summary };
    case 'failed':
      return { ...view, step: event.step, outcome: event.message };
    case 'interrupted':
      return { ...view, step: event.step, interruptedBy: event.reason };
    case 'alive':
    case 'evaluated':
    case 'checkpoint':
    case 'notice':
      return view;
  }
}

/** `45 % · 62 % of the cost · 1 min 20 s left`, with what is known. */
export function describeProgress(view: RunView): string {
  if (view.status === 'queued') return 'starting';
  const share = view.totalSteps > 0 ? Math.floor((100 * view.step) / view.totalSteps) : 0;
  const parts = [`${share} %`];
  if (view.costShare !== undefined) parts.push(`${(100 * view.costShare).toFixed(0)} % of the cost`);
  if (view.accuracy !== undefined) parts.push(`accuracy ${(100 * view.accuracy).toFixed(1)} %`);
  if (view.secondsLeft !== undefined) parts.push(`${formatSeconds(view.secondsLeft)} left`);
  return parts.join(' · ');
}

/** `45 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
