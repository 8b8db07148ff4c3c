// Where the statements of a Python text begin and end, without parsing: strings, brackets and comments are told apart, no
// more. This is what lets one unclosed bracket stay one broken statement, and function bodies wait until they are called.

/** One statement's text, header and all continuation lines. */
export interface LogicalLine {
  /** Offset of the first character that is not white space. */
  readonly start: number;
  /** Offset behind the last character, in front of the line end or a comment. */
  readonly end: number;
  /** Width of the white space in front; a tab goes to the next multiple of eight, as in Python. */
  readonly indent: number;
  /** Offset of the first `:` outside brackets; what a compound statement's header ends with. */
  readonly colon: number | undefined;
  /** A bracket that is never closed, though a new statement plainly begins below it. */
  readonly unclosed: number | undefined;
}

const opening = '([{';
const closing = ')]}';

/** Words that begin a statement and stand nowhere inside one. */
const keyword = /(?:def|class|return|raise|import|pass|while|with|try|assert|del|global|nonlocal|break|continue)\b/y;

/** A run of characters, with single spaces between them, that neither begin nor end anything. */
const plainRun = /[^\s#\\'"()[\]{}:]+(?: [^\s#\\'"()[\]{}:]+)*/y;
/** What a string has in front of its closing quote, or in front of the end of its line. */
const shortString = { "'": /(?:[^\\\n']|\\[^])*/y, '"': /(?:[^\\\n"]|\\[^])*/y } as const;

/** Behind what a sticky pattern matches at an offset; the offset itself where it does not match. */
function behindMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function isKeyword(text: string, at: number): boolean {
  keyword.lastIndex = at;
  return keyword.test(text);
}

/** All statements in order; undefined where a string does not end, so that nothing below it can be told. */
export function logicalLines(text: string): readonly LogicalLine[] | undefined {
  const lines: LogicalLine[] = [];
  let at = 0;
  while (at < text.length) {
    const { offset, indent } = skipBlank(text, at);
    if (offset >= text.length) break;
    const line = readLine(text, offset, indent);
    if (line === undefined) return undefined;
    lines.push(line);
    at = line.next;
  }
  return lines;
}

/** The next character that begins something: neither white space nor in a comment, with the width in front of it. */
function skipBlank(text: string, from: number): { readonly offset: number; readonly indent: number } {
  let indent = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '\n' || character === '\r' || character === '\f') indent = 0;
    else if (character === ' ') indent++;
    else if (character === '\t') indent += 8 - (indent % 8);
    else if (character === '#') at = lineEnd(text, at) - 1;
    else return { offset: at, indent };
  }
  return { offset: text.length, indent };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function readLine(text: string, start: number, indent: number): (LogicalLine & { readonly next: number }) | undefined {
  const brackets: number[] = [];
  let colon: number | undefined;
  let end = start;
  let at = start;
  while (at < text.length) {
    const behindRun = behindMatch(plainRun, text, at);
    if (behindRun > at) {
      at = end = behindRun;
      continue;
    }
    const character = text[at] ?? '';
    if (character === '\n') {
      const first = brackets[0];
      if (first === undefined) return { start, end, indent, colon, unclosed: undefined, next: at + 1 };
      // Continuation lines stand further right than the statement; only what closes it may stand below its beginning.
      const below = skipBlank(text, at + 1);
      const begins = text[below.offset];
      const isOutside = below.indent <= indent && !closing.includes(begins ?? '');
      if (begins === undefined || isOutside || isKeyword(text, below.offset))
        return { start, end, indent, colon, unclosed: first, next: at + 1 };
      at = below.offset;
    } else if (character === '#') at = lineEnd(text, at);
    else if (character === '\\') at += text[at + 1] === '\r' ? 3 : 2;
    else if (character === '"' || character === "'") {
      const behind = stringEnd(text, at);
      if (behind === undefined) return undefined;
      at = end = behind;
    } else {
      if (opening.includes(character)) brackets.push(at);
      else if (closing.includes(character)) brackets.pop();
      else if (character === ':' && brackets.length === 0) colon ??= at;
      if (character !== ' ' && character !== '\t' && character !== '\r') end = at + 1;
      at++;
    }
  }
  return { start, end, indent, colon, unclosed: brackets[0], next: text.length };
}

/** Behind the closing quotes of the string that begins at an offset; undefined when it has none. */
function stringEnd(text: string, start: number): number | undefined {
  const quote = text[start] === "'" ? "'" : '"';
  const long = quote.repeat(3);
  if (text.startsWith(long, start)) return longStringEnd(text, start + 3, long);
  const end = behindMatch(shortString[quote], text, start + 1);
  if (text[end] === quote) return end + 1;
  return text[end] === '\n' ? end : undefined;
}

/** In raw strings, too, a backslash keeps the quote behind it from closing. */
function longStringEnd(text: string, from: number, close: string): number | undefined {
  let at = from;
  for (;;) {
    const end = text.indexOf(close, at);
    if (end < 0) return undefined;
    let backslash = text.indexOf('\\', at);
    if (backslash < 0 || backslash >= end) return end + close.length;
    while (backslash >= 0 && backslash < end) {
      at = backslash + 2;
      backslash = text.indexOf('\\', at);
    }
  }
}
