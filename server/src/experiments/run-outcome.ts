// What a run came to, from its log.

import type { RunEvent } from '../protocol/run-events.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';

/** The step that a run came to. */
export function lastStep(run: RunSnapshot): number {
  return run.events.reduce((step, event) => ('step' in event ? event.step : step), 0);
}

/** Why a run failed, with its code. */
export function failureOf(run: RunSnapshot): string {
  const failed = lastFailure(run);
  return failed === undefined ? 'The training ended without saying why.' : `${failed.message} [${failed.code}]`;
}

export function lastFailure(run: RunSnapshot): Extract<RunEvent, { readonly kind: 'failed' }> | undefined {
  return run.events.findLast((event) => event.kind === 'failed');
}

/** Accuracy and loss on the test images, from a finished run's log. */
export function testResultOf(run: RunSnapshot): Extract<RunEvent, { readonly kind: 'evaluated' }> | undefined {
  return run.events.findLast((event) => event.kind === 'evaluated');
}
