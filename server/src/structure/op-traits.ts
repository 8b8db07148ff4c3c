// What structure learning asks of an op kind: whether it has a width of its own, and where its channels stand.

import { resolveAxis } from '../network/dimensions.ts';
import type { Op } from '../network/op.ts';

/** Whether an op has a width of its own: its weights mix channels. */
export function isWeighted(op: Op): boolean {
  switch (op.attributes.kind) {
    case 'convolution':
    case 'transposed-convolution':
      return !isDepthwiseLike(op.attributes);
    case 'dense':
    case 'embedding':
      return true;
    default:
      return false;
  }
}

/** Whether each output channel reads one input channel only. */
export function isDepthwiseLike(attributes: { readonly groups: number; readonly inChannels: number }): boolean {
  return attributes.groups > 1 && attributes.groups === attributes.inChannels;
}

/** The axis of an op's channels in a shape of this rank, for ops that name one. */
export function channelAxisOf(op: Op, rank: number): number | undefined {
  return 'channelAxis' in op.attributes ? resolveAxis(op.attributes.channelAxis, rank) : undefined;
}
