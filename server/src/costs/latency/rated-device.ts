// A device whose time is known by rates: measured here, fitted to published measurements, or estimated from a device like it.

import type { Execution, Precision } from './execution.ts';
import type { Rates } from './fit-rates.ts';

/** How the rates came to be known. `error` is the median relative error on networks that were not used for them. */
export type Knowledge =
  | { readonly kind: 'measured'; readonly error: number; readonly source: string }
  | { readonly kind: 'fitted'; readonly error: number; readonly source: string }
  | { readonly kind: 'estimate'; readonly source: string };

export interface RatedDevice {
  readonly knowledge: Knowledge;
  readonly execution: Omit<Execution, 'batch'>;
  /** The smallest and the largest batch that the rates are known for; the larger one is what latencies are shown at. */
  readonly batches: readonly [number, number];
  readonly rates: Rates;
}

/** `fitted, ±8 %`, `measured, ±5 %`, `estimate`. */
export function knowledgeWords(knowledge: Knowledge): string {
  if (knowledge.kind === 'estimate') return 'estimate';
  return `${knowledge.kind}, ±${String(Math.max(1, Math.round(100 * knowledge.error)))} %`;
}

/** GFLOP/s that plain products reach by these rates, two for each multiply-add. */
export function gflopsOf({ pointwise, dense, convolution }: Rates): number {
  const rate = pointwise ?? dense ?? convolution;
  return rate === undefined ? NaN : 2 / (rate * 1e6);
}

/** GB/s that tensors pass at by these rates. */
export function gigabytesOf(rates: Rates): number {
  const rate = rates['convolution input bytes'] ?? rates['element bytes'];
  return rate === undefined ? NaN : 1 / (rate * 1e6);
}

/** The words of a precision, for texts. */
export function precisionWords(precision: Precision): string {
  switch (precision) {
    case 'amp':
      return 'mixed float16';
    case 'amp_bf16':
      return 'mixed bfloat16';
    case 'fp32':
      return 'float32';
    case 'fp16':
      return 'float16';
    case 'bf16':
      return 'bfloat16';
    case 'int8':
      return 'int8';
  }
}
