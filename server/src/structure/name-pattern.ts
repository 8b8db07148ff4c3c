// Patterns over op names: an exact name, a glob (`layer1.*`), or a regular expression between slashes (`/conv[12]/`).
// They come from settings and files, so they run in an engine that takes time in proportion to the text, whatever the pattern.

import { RE2JS } from 're2js';
import type { Result } from '../common/problem.ts';

/** A compiled pattern. */
export type NameTest = (name: string) => boolean;

/**
 * `*` stands for any characters and `?` for one; everything else for itself, from the first character to the last.
 * A regular expression, by contrast, is searched anywhere in the name, as the reference does.
 */
export function compilePattern(pattern: string): Result<NameTest> {
  const expression = /^\/(?<expression>.+)\/$/su.exec(pattern)?.groups?.['expression'];
  if (expression !== undefined) return compileExpression(expression);
  const escaped = pattern
    .replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const glob = RE2JS.compile(escaped, RE2JS.DOTALL);
  return { ok: true, value: (name) => glob.matches(name) };
}

/** A regular expression, searched anywhere in the name. */
export function compileExpression(expression: string): Result<NameTest> {
  try {
    const compiled = RE2JS.compile(expression);
    return { ok: true, value: (name) => compiled.matcher(name).find() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `${expression} is no regular expression: ${reason}` };
  }
}
