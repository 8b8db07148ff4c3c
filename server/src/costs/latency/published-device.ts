// A device that published measurements were fitted to, as it is stored.

import type { Fusion, Precision } from './execution.ts';
import type { Rates } from './fit-rates.ts';

/** A fitted device as it is stored. */
export interface PublishedRates {
  /** The device and how it was run: `RTX 4090, amp, PyTorch 2.9, compiled`. */
  readonly name: string;
  readonly device: string;
  readonly processor: 'cpu' | 'gpu';
  readonly precision: Precision;
  readonly fusion: Fusion;
  readonly channelsLast: boolean;
  readonly pytorch: string;
  /** The smallest and the largest batch that was measured. */
  readonly batches: readonly [number, number];
  /** Median relative error on families of models that were not fitted. */
  readonly error: number;
  /** Spearman's rank correlation there. */
  readonly rank: number;
  readonly networks: number;
  readonly rates: Rates;
}
