// Parsed modules by document, as long as their text stays: a library's files are parsed once, not once an evaluation.

import type { ParsedModule, PythonParser } from './python-parser.ts';

interface CachedModule {
  readonly text: string;
  readonly parsed: ParsedModule;
  /** Whether errors inside functions were left out. */
  readonly isLazy: boolean;
}

/** Trees are several times as large as their text; this keeps them within some tens of megabytes. */
const mostCharacters = 6_000_000;

/** The same parser with a memory of what it parsed last. */
export function rememberingParser(parser: PythonParser): PythonParser {
  const cache = new Map<string, CachedModule>();
  let characters = 0;
  const forget = (document: string): void => {
    characters -= cache.get(document)?.text.length ?? 0;
    cache.delete(document);
  };
  const remember = (document: string, text: string, isLazy: boolean): ParsedModule => {
    const known = cache.get(document);
    if (known?.text === text && (isLazy || !known.isLazy)) {
      // Moved to the end: the least recently used one stands first.
      cache.delete(document);
      cache.set(document, known);
      return known.parsed;
    }
    forget(document);
    const parsed = isLazy ? parser.parseLazily(document, text) : parser.parse(document, text);
    cache.set(document, { text, parsed, isLazy });
    characters += text.length;
    for (const oldest of cache.keys()) {
      if (characters <= mostCharacters || oldest === document) break;
      forget(oldest);
    }
    return parsed;
  };
  return {
    parse: (document, text, place) =>
      place === undefined ? remember(document, text, false) : parser.parse(document, text, place),
    parseLazily: (document, text) => remember(document, text, true),
  };
}
