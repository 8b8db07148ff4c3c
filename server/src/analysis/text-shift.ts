// Where offsets of an older text stand in a newer one, from nothing but the two texts.

/** What lies between a common beginning and a common end, in both texts. */
export interface TextShift {
  /** Offsets below are the same in both. */
  readonly prefix: number;
  /** In the old text, offsets from here on moved by `delta`. */
  readonly oldEnd: number;
  readonly delta: number;
}

/** Compares from both ends; several edits count as one that covers them all. */
export function textShift(before: string, after: string): TextShift {
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix++;
  let suffix = 0;
  while (
    suffix < shorter - prefix &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  ) {
    suffix++;
  }
  return { prefix, oldEnd: before.length - suffix, delta: after.length - before.length };
}

/** The offsets `[start, end)` in the newer text, or undefined when an edit touched them. */
export function shiftRange(
  shift: TextShift,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } | undefined {
  if (end <= shift.prefix) return { start, end };
  if (start >= shift.oldEnd) return { start: start + shift.delta, end: end + shift.delta };
  return undefined;
}
