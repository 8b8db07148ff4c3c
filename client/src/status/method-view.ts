// How a command of several trainings stands, in words. No editor in here.

import type { MethodSummary } from '../../../server/src/protocol/method-messages.ts';
import { formatSeconds } from './run-view.ts';

/** Whether nothing more will come. */
export function hasEnded({ status }: MethodSummary): boolean {
  return status === 'finished' || status === 'interrupted' || status === 'failed';
}

/** `2 of 4: Strength 1.0e-7 · 45 % · 1 min 20 s left`, with what is known. */
export function describeMethod({ status, part, step, totalSteps, secondsLeft }: MethodSummary): string {
  if (status === 'queued') return 'waiting for its turn';
  if (status === 'stopping') return 'stopping at a checkpoint';
  if (part === undefined) return 'starting';
  const parts = [`${part.number} of ${part.of}: ${part.title}`];
  if (totalSteps > 0) parts.push(`${Math.floor((100 * step) / totalSteps)} %`);
  if (secondsLeft !== undefined) parts.push(`${formatSeconds(secondsLeft)} left of this one`);
  return parts.join(' · ');
}

/** How much of all its trainings is done, in percent. */
export function doneShare({ part, step, totalSteps }: MethodSummary): number {
  if (part === undefined) return 0;
  return (100 * (part.number - 1 + (totalSteps > 0 ? step / totalSteps : 0))) / part.of;
}
