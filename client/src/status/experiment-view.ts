// How a command of several trainings stands, in words. No editor in here.

import type { ExperimentSummary } from '../../../server/src/protocol/experiment-messages.ts';
import { formatSeconds } from './run-view.ts';

/** Whether nothing more will come. */
export function hasEnded({ status }: ExperimentSummary): boolean {
  return status === 'finished' || status === 'interrupted' || status === 'failed';
}

/** `2 of 4: Strength 1.0e-7 · 45 % · 1 min 20 s left`, with what is known. */
export function describeExperiment({ status, stage, step, totalSteps, secondsLeft }: ExperimentSummary): string {
  if (status === 'queued') return 'waiting for its turn';
  if (status === 'stopping') return 'stopping at a checkpoint';
  if (stage === undefined) return 'starting';
  const parts = [`${stage.number} of ${stage.of}: ${stage.title}`];
  if (totalSteps > 0) parts.push(`${Math.floor((100 * step) / totalSteps)} %`);
  if (secondsLeft !== undefined) parts.push(`${formatSeconds(secondsLeft)} left of this one`);
  return parts.join(' · ');
}

/** How much of all its trainings is done, in percent. */
export function doneShare({ stage, step, totalSteps }: ExperimentSummary): number {
  if (stage === undefined) return 0;
  return (100 * (stage.number - 1 + (totalSteps > 0 ? step / totalSteps : 0))) / stage.of;
}
