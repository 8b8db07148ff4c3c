// Which definitions of a library can wait until somebody asks for their name. A definition can where running it late gives
// the same as running it in its place: it has no decorators, and it reads nothing that may change until then.

import type { LogicalLine } from './logical-lines.ts';

/** A stretch of a library's top level, in full lines. */
export type LibraryPiece =
  | { readonly kind: 'text'; readonly start: number; readonly end: number }
  | { readonly kind: 'definition'; readonly name: string; readonly start: number; readonly end: number };

const literal = String.raw`(?:None|True|False|\.\.\.|[-+]?[\d.][\w.]*|"[^"\\\n]*"|'[^'\\\n]*'|\(\)|\[\]|\{\})`;
const functionHeader = /^(?:async\s+)?def\s+(\w+)/;
/** Bases whose classes can be made at any time: making a subclass of them does nothing else. */
const classHeader = /^class\s+(\w+)\s*(?:\(\s*(?:(?:torch\.)?nn\.Module|object)?\s*\))?\s*:$/;
const literalDefault = new RegExp(String.raw`=\s*${literal}\s*(?=[,)\n])`, 'g');
const plainDecorator =
  /^@(?:staticmethod|classmethod|property|(?:abc\.)?abstractmethod|torch\.no_grad\(\)|torch\.jit\.\w+)\s*$/;
const plainAttribute = new RegExp(String.raw`^\w+\s*(?::[^=]*)?(?:=\s*${literal})?$`);
const docstring = /^[rRbBuU]{0,2}["']/;

/** The pieces of a library's text, whose statements are `lines`. */
export function libraryPieces(source: string, lines: readonly LogicalLine[]): readonly LibraryPiece[] {
  const pieces: LibraryPiece[] = [];
  const addText = (start: number, end: number): void => {
    if (source.slice(start, end).trim() !== '') pieces.push({ kind: 'text', start, end });
  };
  let isDecorated = false;
  let textStart = 0;
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    if (line === undefined) break;
    const behind = behindBlock(lines, i);
    const name = line.indent === 0 && !isDecorated ? lateName(source, lines, i, behind) : undefined;
    if (name !== undefined) {
      const lineEnd = source.indexOf('\n', lines[behind - 1]?.end ?? line.end);
      const end = lineEnd < 0 ? source.length : lineEnd + 1;
      addText(textStart, line.start);
      pieces.push({ kind: 'definition', name, start: line.start, end });
      textStart = end;
    }
    isDecorated = source[line.start] === '@';
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
function lateName(source: string, lines: readonly LogicalLine[], header: number, behind: number): string | undefined {
  const line = lines[header];
  if (line?.colon === undefined || behind === header + 1) return undefined;
  const written = source.slice(line.start, line.end);
  const functionName = functionHeader.exec(written)?.[1];
  if (functionName !== undefined) return hasLiteralDefaults(written) ? functionName : undefined;
  const className = classHeader.exec(written)?.[1];
  if (className === undefined) return undefined;
  for (let i = header + 1; i < behind; i = behindBlock(lines, i)) {
    const inner = lines[i];
    if (inner === undefined || !canWait(source.slice(inner.start, inner.end))) return undefined;
  }
  return className;
}

function canWait(statement: string): boolean {
  if (functionHeader.test(statement)) return hasLiteralDefaults(statement);
  return docstring.test(statement) || plainDecorator.test(statement) || plainAttribute.test(statement);
}

/** Whether a function's header, up to its colon, has no defaults but literals. */
function hasLiteralDefaults(header: string): boolean {
  return !header.replace(literalDefault, '').includes('=');
}
