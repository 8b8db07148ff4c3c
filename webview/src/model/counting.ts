// How operations are counted on the page: runs record MACs, the reader chooses MACs or FLOPs.

import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';

export interface Convention {
  /** Operations per multiply-add. */
  readonly perMac: number;
  readonly unit: string;
}

const conventions: Readonly<Record<CountingConventionName, Convention>> = {
  macs: { perMac: 1, unit: 'MACs' },
  flops: { perMac: 2, unit: 'FLOPs' },
};

export function convention(name: CountingConventionName): Convention {
  return conventions[name];
}
