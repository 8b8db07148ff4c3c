// How several sources that speak for one channel are combined (spec 2.2), and how the slope by the combination comes back
// to each of them. Few members at a time: a channel's sources within one group.

/** `l2` has a threshold of its own (0.01 when absent); the members' aliveness does not count then. */
export type Combination =
  { readonly kind: 'max' } | { readonly kind: 'l2'; readonly threshold?: number } | { readonly kind: 'probabilistic' };

/** The threshold that the reference gives the L2 combination. */
export const defaultL2Threshold = 0.01;

/** The members of all channels, gathered one after the other: running sums from which the combination follows. */
export interface Gathered {
  readonly count: Int32Array;
  /** Maximum; sum of squares; or product of the complements that are not 0. */
  readonly value: Float64Array;
  /** The place of the first largest member; or how many complements are 0. */
  readonly mark: Int32Array;
}

export function startGathering(channels: number): Gathered {
  return { count: new Int32Array(channels), value: new Float64Array(channels), mark: new Int32Array(channels) };
}

/** Adds a member with regularization `r`; `place` tells members apart. */
export function gather(
  { kind }: Combination,
  { count, value, mark }: Gathered,
  channel: number,
  r: number,
  place: number,
): void {
  const before = count[channel] ?? 0;
  count[channel] = before + 1;
  const sum = value[channel] ?? 0;
  switch (kind) {
    case 'max':
      if (before === 0 || r > sum) {
        value[channel] = r;
        mark[channel] = place;
      }
      return;
    case 'l2':
      value[channel] = sum + r * r;
      return;
    case 'probabilistic': {
      const product = before === 0 ? 1 : sum;
      if (r === 1) {
        value[channel] = product;
        mark[channel] = (mark[channel] ?? 0) + 1;
      } else value[channel] = product * (1 - r);
    }
  }
}

/** The combined regularization of a channel: a single member is what it is. */
export function combinedValue({ kind }: Combination, { count, value, mark }: Gathered, channel: number): number {
  const sum = value[channel] ?? 0;
  if (count[channel] === 0) return 0;
  switch (kind) {
    case 'max':
      return sum;
    case 'l2':
      return Math.sqrt(sum);
    case 'probabilistic':
      return (mark[channel] ?? 0) > 0 ? 1 : 1 - sum;
  }
}

/** d combined / d member: 1 for the first largest member under `max`, 0 for the others. */
export function memberSlope(
  { kind }: Combination,
  gathered: Gathered,
  channel: number,
  r: number,
  place: number,
): number {
  const sum = gathered.value[channel] ?? 0;
  const mark = gathered.mark[channel] ?? 0;
  switch (kind) {
    case 'max':
      return mark === place ? 1 : 0;
    case 'l2':
      return sum === 0 ? 0 : r / Math.sqrt(sum);
    case 'probabilistic':
      // The product of the other members' complements.
      if (r === 1) return mark === 1 ? sum : 0;
      return mark > 0 ? 0 : sum / (1 - r);
  }
}
