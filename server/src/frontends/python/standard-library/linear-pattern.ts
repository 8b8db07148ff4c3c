// Regular expressions in time proportional to the text, whatever the pattern: an engine without backtracking. It knows neither
// look-around nor back-references.

import { RE2JS } from 're2js';

/** One match, as JavaScript's own engine gives it: the text, then the groups. */
export interface PatternMatch {
  readonly index: number;
  readonly texts: readonly (string | undefined)[];
  readonly named: readonly (readonly [string, string | undefined])[];
}

/** Where a match has to begin and end. */
export type Anchor = 'anywhere' | 'start' | 'whole';

/** The matches of a Python pattern in a text, all of them or the one that is anchored; undefined for one that is not known. */
export function linearMatches(
  pattern: string,
  flags: string,
  subject: string,
  anchor: Anchor,
): readonly PatternMatch[] | undefined {
  const compiled = compile(pattern, flags);
  if (compiled === undefined) return undefined;
  const matcher = compiled.matcher(subject);
  const names = Object.entries(compiled.namedGroups());
  const found = (): PatternMatch => {
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
    return { index: matcher.start(), texts: groups, named: names.map(([name, i]) => [name, groups[i]] as const) };
  };
  if (anchor === 'start') return matcher.lookingAt() ? [found()] : [];
  if (anchor === 'whole') return matcher.matches() ? [found()] : [];
  const all: PatternMatch[] = [];
  while (matcher.find()) all.push(found());
  return all;
}

function compile(pattern: string, flags: string): RE2JS | undefined {
  const bits =
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes('m') ? RE2JS.MULTILINE : 0) |
    (flags.includes('s') ? RE2JS.DOTALL : 0);
  try {
    // Python's `\Z` is the end of the text.
    return RE2JS.compile(pattern.replace(/\\Z/g, '\\z'), bits);
  } catch {
    return undefined;
  }
}
