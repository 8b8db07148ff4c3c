// How operations are counted, and the unit that says so beside every number.

import { scaleCount, type Count } from '../common/count.ts';

/** `macs`: one multiply-add is one, as torchvision prints. `flops`: it is two. */
export type CountingConvention = 'macs' | 'flops';

/** FLOPs in one multiply-add (spec 3.3). */
export const flopsPerMac = 2;

/** A count of MACs as the convention counts it. */
export function inConvention(macs: Count, convention: CountingConvention): Count {
  return convention === 'macs' ? macs : scaleCount(macs, flopsPerMac);
}

/** `MACs` or `FLOPs`. */
export function unitOf(convention: CountingConvention): string {
  return convention === 'macs' ? 'MACs' : 'FLOPs';
}
