// Budgets that a model is held to, and what is left of them.

import { knownValue, type Count } from '../common/count.ts';

/** What can be bounded. Sizes are numbers, or text with a prefix: `5M`, `80MB`. */
export interface Budgets {
  readonly params?: number | string | undefined;
  readonly macs?: number | string | undefined;
  readonly activations?: number | string | undefined;
  /** By device, for one step at the batch that it was measured with. */
  readonly latencyMs?: Readonly<Record<string, number>> | undefined;
  readonly peakMemory?: number | string | undefined;
}

export interface BudgetLine {
  /** `params`, `latency on RTX 4090`. */
  readonly name: string;
  readonly unit: '' | 'MACs' | 'B' | 'ms';
  readonly limit: number;
  readonly value: Count;
}

const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** Reads `5M`, `1.5 G`, `80MB`; undefined when it is no amount above 0. */
export function parseAmount(text: number | string): number | undefined {
  if (typeof text === 'number') return text > 0 && Number.isFinite(text) ? text : undefined;
  const [, digits = '', prefix = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kKMGT]?)B?\s*$/.exec(text) ?? [];
  const amount = Number(digits) * (factors[prefix] ?? NaN);
  return amount > 0 ? amount : undefined;
}

/** `broken`: over the limit, also as a lower bound. `unknown`: not everything is known, and what is stays below. */
export function verdictOf({ value, limit }: BudgetLine): 'kept' | 'broken' | 'unknown' {
  if ((knownValue(value) ?? 0) > limit) return 'broken';
  return value.kind === 'exact' ? 'kept' : 'unknown';
}
