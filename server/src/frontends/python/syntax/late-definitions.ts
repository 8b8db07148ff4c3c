// Which definitions of a library can wait until somebody asks for their name. A definition can where running it late gives
// the same as running it in its place: no decorator takes note of it, and it reads nothing that may change until then.

import type { LogicalLine } from './logical-lines.ts';

/** A stretch of a library's top level, in full lines. */
export type LibraryPiece =
  | { readonly kind: 'text'; readonly start: number; readonly end: number }
  | { readonly kind: 'definition'; readonly name: string; readonly start: number; readonly end: number };

/** What frameworks have that takes no note of a definition, by the words that source writes for it. */
export interface PassiveWords {
  /** Base classes that can be derived from at any time: making a subclass of them does nothing else. */
  isBase(words: string): boolean;
  /** Decorators, without their `@`. */
  isDecorator(words: string): boolean;
}

export const noPassiveWords: PassiveWords = { isBase: () => false, isDecorator: () => false };

const literal = String.raw`(?:None|True|False|\.\.\.|[-+]?[\d.][\w.]*|"[^"\\\n]*"|'[^'\\\n]*'|\(\)|\[\]|\{\})`;
const functionHeader = /^(?:async\s+)?def\s+(\w+)/;
const classHeader = /^class\s+(\w+)\s*(?:\(\s*([\w.]*)\s*\))?\s*:$/;
/** `Mode.NEAREST`: what is written like this is a member of an enumeration, which stays what it is. */
const member = String.raw`[A-Z]\w*\.[A-Z][A-Z\d_]*`;
const fixedDefault = new RegExp(String.raw`=\s*(?:${literal}|${member})\s*(?=[,)\n])`, 'g');
const plainDecorator = /^(?:staticmethod|classmethod|property|(?:abc\.)?abstractmethod)$/;
const plainAttribute = new RegExp(String.raw`^\w+\s*(?::[^=]*)?(?:=\s*${literal})?$`);
const docstring = /^[rRbBuU]{0,2}["']/;
const collectionHeader = /^((?!__)\w+)\s*(?::[^=\n]*)?=\s*(?=[[({])/;
/** A piece of a list, tuple, set or dictionary of literals. */
const literalToken =
  /\s+|#.*|[,:()[\]{}]|[-+]?[\d.][\w.]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?:None|True|False)\b/y;
/** Shorter ones are read as fast as they are told apart. */
const longCollection = 400;

/** The pieces of a library's text, whose statements are `lines`. */
export function libraryPieces(
  source: string,
  lines: readonly LogicalLine[],
  passive: PassiveWords,
): readonly LibraryPiece[] {
  const pieces: LibraryPiece[] = [];
  const addText = (start: number, end: number): void => {
    if (source.slice(start, end).trim() !== '') pieces.push({ kind: 'text', start, end });
  };
  let textStart = 0;
  /** Where the decorators of the next definition begin, and whether one of them may take note of it. */
  let decoratedFrom: number | undefined;
  let isNoted = false;
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    if (line === undefined) break;
    const behind = behindBlock(lines, i);
    if (source[line.start] === '@') {
      decoratedFrom ??= line.start;
      isNoted ||= !isPlainDecorator(source.slice(line.start, line.end), passive);
    } else {
      const name = line.indent === 0 && !isNoted ? lateName(source, lines, i, behind, passive) : undefined;
      if (name !== undefined) {
        const start = decoratedFrom ?? line.start;
        const lineEnd = source.indexOf('\n', lines[behind - 1]?.end ?? line.end);
        const end = lineEnd < 0 ? source.length : lineEnd + 1;
        addText(textStart, start);
        pieces.push({ kind: 'definition', name, start, end });
        textStart = end;
      }
      decoratedFrom = undefined;
      isNoted = false;
    }
    i = behind;
  }
  addText(textStart, source.length);
  return pieces;
}

/** Index of the first line behind a line and what stands inside it. */
function behindBlock(lines: readonly LogicalLine[], header: number): number {
  const indent = lines[header]?.indent ?? 0;
  let behind = header + 1;
  while ((lines[behind]?.indent ?? 0) > indent) behind++;
  return behind;
}

/** The name of a definition that can wait. */
function lateName(
  source: string,
  lines: readonly LogicalLine[],
  header: number,
  behind: number,
  passive: PassiveWords,
): string | undefined {
  const line = lines[header];
  if (line === undefined) return undefined;
  if (behind === header + 1) return collectionName(source, line);
  if (line.colon === undefined) return undefined;
  const written = source.slice(line.start, line.end);
  const functionName = functionHeader.exec(written)?.[1];
  if (functionName !== undefined) return hasFixedDefaults(written) ? functionName : undefined;
  const [, className, base = ''] = classHeader.exec(written) ?? [];
  if (className === undefined || !(base === '' || base === 'object' || passive.isBase(base))) return undefined;
  for (let i = header + 1; i < behind; i = behindBlock(lines, i)) {
    const inner = lines[i];
    if (inner === undefined || !canWait(source.slice(inner.start, inner.end), passive)) return undefined;
  }
  return className;
}

function canWait(statement: string, passive: PassiveWords): boolean {
  if (functionHeader.test(statement)) return hasFixedDefaults(statement);
  return docstring.test(statement) || isPlainDecorator(statement, passive) || plainAttribute.test(statement);
}

/** Whether a statement is a decorator that takes no note of what it stands above. */
function isPlainDecorator(statement: string, passive: PassiveWords): boolean {
  if (!statement.startsWith('@')) return false;
  const words = statement.slice(1).trim();
  return plainDecorator.test(words) || passive.isDecorator(words);
}

/** Whether a function's header, up to its colon, has no defaults but those that can not change. */
function hasFixedDefaults(header: string): boolean {
  return !header.replace(fixedDefault, '').includes('=');
}

/** The name that a long collection of nothing but literals is given. */
function collectionName(source: string, { start, end }: LogicalLine): string | undefined {
  if (end - start < longCollection) return undefined;
  const written = source.slice(start, end);
  const header = collectionHeader.exec(written);
  if (header === null) return undefined;
  for (let at = header[0].length; at < written.length; at = literalToken.lastIndex) {
    literalToken.lastIndex = at;
    if (!literalToken.test(written)) return undefined;
  }
  return header[1];
}
