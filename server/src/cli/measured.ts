// What the commands that measure have in common: their options, progress, and Ctrl+C.

import type { Measuring, MeasuringOptions, OnProgress } from '../experiments/measuring-service.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import type { Terminal } from './terminal.ts';

/** `--threads` and `--batch`. */
export function measuringOptions({
  threads,
  batch,
}: {
  readonly threads?: string;
  readonly batch?: string;
}): MeasuringOptions {
  return { threads: wholeNumber('--threads', threads ?? '0', 0), batch: wholeNumber('--batch', batch ?? '1', 1) };
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > 4096)
    throw wrongArguments(`${option} takes a whole number from ${String(least)} to 4096, not "${text}".`);
  return value;
}

/** Measures, tells how far it is, and ends with Ctrl+C. */
export async function measured<Measured>(
  terminal: Terminal,
  what: string,
  start: (onProgress: OnProgress) => Measuring<Measured>,
): Promise<Measured> {
  const measuring = start((share) => {
    if (terminal.isInteractive) terminal.note(`\rMeasuring ${what}: ${String(Math.round(100 * share))} % `);
  });
  const release = terminal.onInterrupt(measuring.cancel);
  const result = await measuring.ended;
  release();
  if (terminal.isInteractive) terminal.note('\n');
  if (!result.ok) throw workFailed(result.error);
  return result.value;
}
