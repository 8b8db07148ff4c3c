// Parsed modules by document, as long as their text stays: a library's files are parsed once, not once an evaluation, and of
// a file that is edited only the class or function with the edit.

import type { PassiveWords } from './late-definitions.ts';
import { movedBy, pieceStarts, type ReadPiece } from './pieces.ts';
import type { ParsedModule, PythonParser } from './python-parser.ts';

interface CachedModule {
  readonly text: string;
  readonly parsed: ParsedModule;
  /** Whether errors inside functions were left out. */
  readonly isLazy: boolean;
  /** By the text of each piece; empty for what was parsed as a whole. */
  readonly pieces: ReadonlyMap<string, ReadPiece>;
}

/** Trees are several times as large as their text; this keeps them within some tens of megabytes. */
const mostCharacters = 1_000_000;

/** The same parser with a memory of what it parsed last, and with what the frameworks' words mean to it. */
export function rememberingParser(parser: PythonParser, passive: PassiveWords): PythonParser {
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
    const read = isLazy
      ? { parsed: parser.parseLazily(document, text, passive), pieces: noPieces }
      : parseInPieces(parser, document, text, known?.pieces ?? noPieces);
    cache.set(document, { text, isLazy, ...read });
    characters += text.length;
    for (const oldest of cache.keys()) {
      if (characters <= mostCharacters || oldest === document) break;
      forget(oldest);
    }
    return read.parsed;
  };
  return {
    parse: (document, text, place) =>
      place === undefined ? remember(document, text, false) : parser.parse(document, text, place),
    parseLazily: (document, text) => remember(document, text, true),
    parsePiece: (document, text, start, end) => parser.parsePiece(document, text, start, end),
  };
}

const noPieces: ReadonlyMap<string, ReadPiece> = new Map();

/** Parses what is new since the last time. A text with an error anywhere is parsed as a whole, so that it is told as it is. */
function parseInPieces(
  parser: PythonParser,
  document: string,
  text: string,
  known: ReadonlyMap<string, ReadPiece>,
): Pick<CachedModule, 'parsed' | 'pieces'> {
  const starts = pieceStarts(text);
  if (starts === undefined) return { parsed: parser.parse(document, text), pieces: known };
  const pieces = new Map<string, ReadPiece>();
  const read: ReadPiece[] = [];
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? text.length;
    const own = text.slice(start, end);
    const before = known.get(own);
    const body = before ? movedBy(before.body, start - before.start) : parser.parsePiece(document, text, start, end);
    // The pieces from before the error are good again once it is mended.
    if (body === undefined) return { parsed: parser.parse(document, text), pieces: known };
    const piece = { start, body };
    pieces.set(own, piece);
    read.push(piece);
  }
  return { parsed: { body: read.flatMap(({ body }) => body), problems: [], hasSupposed: false }, pieces };
}
