// Which value of one literal makes a trail come to a wanted width. The trail is taken as a black box, so that max, min and
// round need no rules of their own: bisection where it grows with the literal, a scan where it does not.

/** A trail as a function of one literal, the others held. */
export type LiteralFunction = (value: number) => number;

/** Literals beyond this are no channel counts. */
const largest = 65_536;

/**
 * The whole number nearest to `preferred` for which the function is exactly `target`, or undefined. Where rounding makes
 * several do, the target itself is taken if it does (`48`, not `45`, behind a rounding to multiples of 8).
 */
export function solveExactly(f: LiteralFunction, target: number, present: number): number | undefined {
  if (f(present) === target) return present;
  if (f(target) === target) return target;
  const least = leastReaching(f, target, present);
  if (least !== undefined && f(least) === target) return least;
  for (let value = 1; value <= Math.min(largest, 2 * present + 16); value++) {
    if (f(value) === target) return value;
  }
  return undefined;
}

/** The least whole number from 1 for which the function is at least `target`; undefined where none is found. */
export function leastReaching(f: LiteralFunction, target: number, present: number): number | undefined {
  let high = Math.max(1, Math.ceil(present));
  while (!(f(high) >= target)) {
    high *= 2;
    if (high > largest) return undefined;
  }
  let low = 0;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (f(middle) >= target) high = middle;
    else low = middle;
  }
  return high;
}

/** The shortest decimal fraction (at most five digits behind the point) that gives `target`, or undefined. */
export function solveWithFraction(f: LiteralFunction, target: number, present: number): number | undefined {
  let high = Math.max(1, present);
  while (!(f(high) >= target)) {
    high *= 2;
    if (high > largest) return undefined;
  }
  let low = 0;
  for (let step = 0; step < 64; step++) {
    const middle = (low + high) / 2;
    if (f(middle) >= target) high = middle;
    else low = middle;
  }
  for (let digits = 1; digits <= 5; digits++) {
    const scale = 10 ** digits;
    for (const candidate of [Math.floor(high * scale) / scale, Math.ceil(high * scale) / scale]) {
      if (candidate > 0 && f(candidate) === target) return candidate;
    }
  }
  return undefined;
}
