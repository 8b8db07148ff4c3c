// The rows of the view Runs, in words. No editor in here.

import type { RunStatus, RunSummary } from '../../../server/src/protocol/run-files.ts';
import type { SweepFile } from '../../../server/src/protocol/sweep-file.ts';
import { formatSeconds } from '../status/run-view.ts';

/** Codicons by status. */
export const statusIcons: Readonly<Record<RunStatus, string>> = {
  queued: 'clock',
  running: 'sync',
  paused: 'debug-pause',
  interrupted: 'debug-disconnect',
  finished: 'pass',
  failed: 'error',
};

/** `finished · flops:0.5 · 52 % of the cost · accuracy 97.1 % · 3 h ago`, with what is known. */
export function runDescription(run: RunSummary, now = Date.now()): string {
  const parts: string[] = [run.status, run.target];
  if (run.status !== 'finished') parts.push(`step ${run.step} of ${run.totalSteps}`);
  if (run.costShare !== undefined) parts.push(`${(100 * run.costShare).toFixed(0)} % of the cost`);
  if (run.accuracy !== undefined) parts.push(`accuracy ${(100 * run.accuracy).toFixed(1)} %`);
  // The largest unit alone: when a run was is not known to the second by anybody.
  if (run.time !== undefined)
    parts.push(
      `${formatSeconds((now - run.time) / 1000)
        .split(' ')
        .slice(0, 2)
        .join(' ')} ago`,
    );
  return parts.join(' · ');
}

/** What can be done with a run, for the menus' conditions: `run.finished.proposal`. */
export function runContext({ status, hasProposal }: RunSummary): string {
  return `run.${status}${hasProposal ? '.proposal' : ''}`;
}

/** `2 of 5 strengths`. */
export function sweepDescription({ points }: SweepFile): string {
  const done = points.filter(({ status }) => status === 'finished' || status === 'failed').length;
  return `sweep · ${done} of ${points.length} strengths`;
}
