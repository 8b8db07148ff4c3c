// A module in pieces that can be parsed one by one: each class and function at the top, and what stands between them. After an
// edit only the piece with the edit is parsed; the others are moved to where they stand now.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Statement } from './ast.ts';
import { logicalLines } from './logical-lines.ts';
import { keepMentionedNames } from './mentioned-names.ts';

/** One piece's statements and where its text began when they were read. */
export interface ReadPiece {
  readonly start: number;
  readonly body: readonly Statement[];
}

const definition = /(?:class|def|async|@)/y;
const continuation = /(?:else|elif|except|finally)\b/y;

function startsWith(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** Offsets at which pieces begin, 0 first; undefined when the statements can not be told apart for sure. */
export function pieceStarts(text: string): readonly number[] | undefined {
  const lines = logicalLines(text);
  if (lines === undefined || lines.some(({ unclosed }) => unclosed !== undefined)) return undefined;
  const starts = [0];
  let isInDefinition = false;
  let isDecorated = false;
  for (const { start, indent } of lines) {
    if (indent > 0 || startsWith(continuation, text, start)) continue;
    const isDefinition = startsWith(definition, text, start);
    if ((isDefinition || isInDefinition) && !isDecorated && start > 0) starts.push(start);
    isInDefinition = isDefinition;
    isDecorated = isDefinition && text[start] === '@';
  }
  return starts;
}

/** The statements of a piece, moved by so many characters. The original stays as it is: networks refer to its places. */
export function movedBy(body: readonly Statement[], distance: number): readonly Statement[] {
  if (distance === 0) return body;
  return body.map((statement) => {
    const copy = moved(statement, distance);
    keepMentionedNames(statement, copy);
    return copy;
  });
}

function isSpan(value: object): value is SourceSpan {
  return 'document' in value && 'start' in value && 'end' in value;
}

/** A copy of plain data in which every place is moved. */
function moved<T>(value: T, distance: number): T;
function moved(value: unknown, distance: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => moved(item, distance));
  if (isSpan(value)) return { document: value.document, start: value.start + distance, end: value.end + distance };
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) {
    const item = copy[key];
    if (typeof item === 'object' && item !== null) copy[key] = moved(item, distance);
  }
  return copy;
}
