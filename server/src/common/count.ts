// A number that says how sure it is: exact, a lower bound, or unknown with the reason.

/** An amount of something (MACs, parameters, milliseconds). A total over unknown parts is `at-least`. */
export type Count =
  | { readonly kind: 'exact'; readonly value: number }
  | { readonly kind: 'at-least'; readonly value: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** An exactly known amount. */
export function exactly(value: number): Count {
  return { kind: 'exact', value };
}

/** The sum of parts. Unknown parts turn it into a lower bound; unknown alone stays unknown. */
export function sumCounts(parts: Iterable<Count>): Count {
  let value = 0;
  let reason: string | undefined;
  let known = 0;
  let seen = 0;
  for (const part of parts) {
    seen++;
    if (part.kind !== 'exact') reason ??= part.reason;
    if (part.kind === 'unknown') continue;
    known++;
    value += part.value;
  }
  if (reason === undefined) return { kind: 'exact', value };
  return seen > 0 && known === 0 ? { kind: 'unknown', reason } : { kind: 'at-least', value, reason };
}

/** The count times a factor that is known exactly. */
export function scaleCount(count: Count, factor: number): Count {
  return count.kind === 'unknown' ? count : { ...count, value: count.value * factor };
}

/** The value as far as it is known: a lower bound counts, an unknown is undefined. */
export function knownValue(count: Count): number | undefined {
  return count.kind === 'unknown' ? undefined : count.value;
}
