// How long a run will take, in words, and what to change where that is hours. No editor in here.

import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import type { RunTime } from '../../../server/src/protocol/run-time.ts';

/** Longer than this, and the review says what to change. */
const longMs = 3_600_000;

/** What would make a run shorter. */
export interface Shortening {
  readonly label: string;
  /** Why it does. */
  readonly detail: string;
  readonly config: RunConfig;
}

export function durationMs({ steps }: Pick<RunConfig, 'steps'>, { stepMs }: Pick<RunTime, 'stepMs'>): number {
  return steps * stepMs;
}

/** `about 4 min: 600 steps of 12 ms, 0.3 epochs of 60,000 images, onnx 1.30.0 with 1 thread`. */
export function durationWords(config: RunConfig, time: RunTime): string {
  const { steps } = config;
  const { stepMs, imageCount, engine, threads } = time;
  const epochs = `${epochsText(config, time)} of ${imageCount.toLocaleString('en')} images`;
  const hands = threads === 1 ? '1 thread' : `${String(threads)} threads`;
  return `about ${timeText(durationMs(config, time))}: ${steps.toLocaleString('en')} steps of ${stepText(stepMs)}, ${epochs}, ${engine} with ${hands}`;
}

export function isLong(config: RunConfig, time: RunTime): boolean {
  return durationMs(config, time) > longMs;
}

/** Most useful first; none where nothing would help. */
export function shortenings(config: RunConfig, time: RunTime): readonly Shortening[] {
  const found: Shortening[] = [];
  for (const [name, wantedMs] of [
    ['an hour', longMs],
    ['10 minutes', longMs / 6],
  ] as const) {
    const steps = Math.floor(wantedMs / time.stepMs);
    if (steps < 1 || steps >= config.steps) continue;
    found.push({
      label: `${steps.toLocaleString('en')} steps in place of ${config.steps.toLocaleString('en')}`,
      detail: `${name}, ${epochsText({ ...config, steps }, time)}; widths are learned from fewer images`,
      config: { ...config, steps },
    });
  }
  if (config.engine !== 'torch')
    found.push({
      label: 'The engine torch',
      detail: 'PyTorch of the Python that is chosen: where it has a GPU, a step takes a small part of this',
      config: { ...config, engine: 'torch' },
    });
  const batchSize = Math.floor(config.batchSize / 4);
  if (batchSize >= 8)
    found.push({
      label: `Batches of ${String(batchSize)} in place of ${String(config.batchSize)}`,
      detail: 'about a fourth of the time; as many steps see a fourth of the images',
      config: { ...config, batchSize },
    });
  return found;
}

function epochsText({ steps, batchSize }: RunConfig, { imageCount }: RunTime): string {
  const epochs = (steps * batchSize) / Math.max(1, imageCount);
  const text = epochs >= 10 ? epochs.toFixed(0) : String(Number(epochs.toPrecision(2)));
  return text === '1' ? '1 epoch' : `${text} epochs`;
}

function stepText(milliseconds: number): string {
  return milliseconds >= 1000
    ? `${(milliseconds / 1000).toPrecision(2)} s`
    : `${String(Number(milliseconds.toPrecision(2)))} ms`;
}

function timeText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 90) return `${String(Math.max(1, Math.round(seconds)))} s`;
  const minutes = seconds / 60;
  if (minutes < 90) return `${String(Math.round(minutes))} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${String(Number(hours.toPrecision(2)))} hours` : `${String(Math.round(hours / 24))} days`;
}
