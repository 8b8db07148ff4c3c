// Which units a dropout drops: it depends on the seed, the op and the step's number alone, so every engine drops the same.

import type { Op } from '../../network/op.ts';
import { randomStream } from './random.ts';

/** Fills a mask of an op's output, in the order of the network's own axes: 0 where a unit is dropped, 1 / (1 - rate) elsewhere. */
export function fillDropoutMask(mask: Float32Array, op: Op, rate: number, seed: number, stepCount: number): void {
  const random = randomStream(seed, `dropout ${op.name} ${String(stepCount)}`);
  const kept = rate >= 1 ? 0 : 1 / (1 - rate);
  for (let index = 0; index < mask.length; index += 1) mask[index] = random.uniform() < rate ? 0 : kept;
}
