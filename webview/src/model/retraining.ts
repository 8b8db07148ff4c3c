// Seed and proposals, each trained from scratch: one row a network, ready to show.

import { formatAmount, formatMilliseconds } from '../../../server/src/common/number-format.ts';
import type { RetrainingFile } from '../../../server/src/protocol/retraining-file.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import { convention } from './counting.ts';

interface RetrainedRow {
  readonly name: string;
  readonly operations: string;
  readonly params: string;
  readonly latency: string;
  /** The mean, with the deviation where there are several. */
  readonly accuracy: string;
  /** Against the seed's; empty for the seed. */
  readonly difference: string;
}

export interface Retraining {
  readonly operationsUnit: string;
  readonly text: string;
  readonly rows: readonly RetrainedRow[];
}

const names: Readonly<Record<RetrainingFile['structures'][number]['name'], string>> = {
  seed: 'Seed',
  proposal: 'Proposed',
  expanded: 'Expanded',
};

export function retrainingOf(file: RetrainingFile, conventionName: CountingConventionName): Retraining {
  const { perMac, unit } = convention(conventionName);
  const { steps, seeds, structures, measure = 'accuracy' } = file;
  const isLoss = measure === 'loss';
  const figure = (value: number): string => (isLoss ? value.toPrecision(4) : (100 * value).toFixed(2));
  const seed = structures.find(({ name }) => name === 'seed');
  return {
    operationsUnit: unit,
    text: `Each network trained from scratch for ${steps} steps${seeds.length === 1 ? '' : `, ${seeds.length} times`}, with equal settings and no regularizer; ${measure} on all test images, and its difference to the seed’s.`,
    rows: structures.map(({ name, totals, mean, standardDeviation }) => ({
      name: names[name],
      operations: formatAmount(totals.macs * perMac),
      params: formatAmount(totals.params),
      latency: formatMilliseconds(totals.latencyMs),
      accuracy: `${figure(mean)}${isLoss ? '' : ' %'}${standardDeviation === undefined ? '' : ` ± ${figure(standardDeviation)}`}`,
      difference:
        name === 'seed' || seed === undefined ? '' : isLoss ? signed(mean - seed.mean) : points(mean - seed.mean),
    })),
  };
}

/** `+0.012`, `−0.130`: a loss against the seed’s. */
function signed(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${Math.abs(difference).toPrecision(3)}`;
}

/** `+0.12 points`, `−1.30 points` of a hundred: against the seed. */
function points(difference: number): string {
  const rounded = (100 * Math.abs(difference)).toFixed(2);
  if (Number(rounded) === 0) return 'as the seed';
  return `${difference < 0 ? '−' : '+'}${rounded} points`;
}
