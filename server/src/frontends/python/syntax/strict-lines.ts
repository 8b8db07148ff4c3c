// The logical lines of a text by Python's own rules (Reference, 2.1): brackets, strings and backslashes join lines, nothing else
// does; indentation is an agreed stack. `logical-lines.ts` reads what is being typed and forgives; nothing is forgiven here.

/** A statement's line, or a clause's: from its first sign to its last, without what is a comment. */
export interface StrictLine {
  readonly start: number;
  readonly end: number;
  /** Whether a block has to follow: its last sign is a colon. */
  readonly opensBlock: boolean;
  /** Whether a colon stands in it outside brackets. */
  readonly hasColon: boolean;
  /** The same of a comma. */
  readonly hasComma: boolean;
}

export type StrictLines =
  | { readonly ok: true; readonly lines: readonly StrictLine[] }
  | { readonly ok: false; readonly at: number; readonly reason: string };

const closingOf: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);

/** How far a line is indented, with tabs to every eighth column and with tabs as one: both have to agree about blocks. */
interface Indent {
  readonly columns: number;
  readonly signs: number;
}

class Refused extends Error {
  readonly at: number;

  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** All lines that are not blank; or where the text is no Python, and why. */
export function strictLines(text: string): StrictLines {
  const lines: StrictLine[] = [];
  const indents: Indent[] = [{ columns: 0, signs: 0 }];
  try {
    let at = text.startsWith('\uFEFF') ? 1 : 0;
    for (;;) {
      const next = nextLine(text, at);
      if (next === undefined) break;
      checkIndent(indents, next.indent, lines.at(-1)?.opensBlock === true, next.start);
      const line = readLine(text, next.start);
      lines.push(line.value);
      at = line.next;
    }
    const last = lines.at(-1);
    if (last?.opensBlock === true) throw new Refused(last.end - 1, 'a block has to follow here');
  } catch (error) {
    if (error instanceof Refused) return { ok: false, at: error.at, reason: error.message };
    throw error;
  }
  return { ok: true, lines };
}

function checkIndent(indents: Indent[], indent: Indent, opensBlock: boolean, at: number): void {
  const top = indents.at(-1) ?? { columns: 0, signs: 0 };
  if (opensBlock) {
    if (indent.columns <= top.columns) throw new Refused(at, 'a block has to follow here');
    if (indent.signs <= top.signs) throw new Refused(at, 'tabs and spaces disagree');
    indents.push(indent);
    return;
  }
  if (indent.columns > top.columns) throw new Refused(at, 'this line is indented, though no block begins');
  while ((indents.at(-1)?.columns ?? 0) > indent.columns) indents.pop();
  const level = indents.at(-1);
  if (level?.columns !== indent.columns) throw new Refused(at, 'this line is indented like none around it');
  if (level.signs !== indent.signs) throw new Refused(at, 'tabs and spaces disagree');
}

/** Where the next line begins that is neither blank nor a comment alone. */
function nextLine(text: string, from: number): { readonly start: number; readonly indent: Indent } | undefined {
  let [columns, signs] = [0, 0];
  /** In front of a backslash that joins a line to an empty beginning: Python counts it in columns alone. */
  let joined: Indent | undefined;
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    const join = /\\(?:\r\n|\r|\n)/y;
    join.lastIndex = at;
    if (join.test(text)) {
      if (columns > 0) joined ??= { columns, signs: columns };
      [columns, signs] = [0, 0];
      at = join.lastIndex - 1;
    } else if (sign === '\n' || sign === '\r' || sign === '\f') [columns, signs] = [0, 0];
    else if (sign === ' ') [columns, signs] = [columns + 1, signs + 1];
    else if (sign === '\t') [columns, signs] = [columns + 8 - (columns % 8), signs + 1];
    else if (sign === '#') at = lineEnd(text, at) - 1;
    else return { start: at, indent: joined ?? { columns, signs } };
  }
  return undefined;
}

function readLine(text: string, start: number): { readonly value: StrictLine; readonly next: number } {
  const open: string[] = [];
  let end = start;
  let [hasColon, hasComma] = [false, false];
  let at = start;
  while (at < text.length) {
    const sign = text[at] ?? '';
    if (sign === '\n' || sign === '\r') {
      if (open.length === 0) break;
      at += 1;
    } else if (sign === '#') at = lineEnd(text, at);
    else if (sign === '\\') {
      const behind = text.startsWith('\r\n', at + 1) ? at + 3 : at + 2;
      if (!/[\n\r]/.test(text[at + 1] ?? '') || behind >= text.length)
        throw new Refused(at, 'a backslash has to end its line');
      at = behind;
    } else if (sign === '"' || sign === "'") at = end = stringEnd(text, at);
    else if (sign === ' ' || sign === '\t' || sign === '\f') at += 1;
    else {
      const closing = closingOf.get(sign);
      if (closing !== undefined) open.push(closing);
      else if (sign === ')' || sign === ']' || sign === '}') {
        if (open.pop() !== sign) throw new Refused(at, `this ${sign} closes nothing`);
      } else if (sign === ':' && open.length === 0) hasColon = true;
      else if (sign === ',' && open.length === 0) hasComma = true;
      at += 1;
      end = at;
    }
  }
  if (open.length > 0) throw new Refused(start, `a ${open.at(-1) ?? ''} is missing`);
  return { value: { start, end, opensBlock: text[end - 1] === ':', hasColon, hasComma }, next: at };
}

/** Behind a string's closing quotes. */
function stringEnd(text: string, start: number): number {
  const quote = text[start] ?? '';
  const isLong = text.startsWith(quote.repeat(3), start);
  const close = isLong ? quote.repeat(3) : quote;
  for (let at = start + close.length; at < text.length; at += 1) {
    const sign = text[at];
    if (text.startsWith(close, at)) return at + close.length;
    if (sign === '\\') at += text.startsWith('\r\n', at + 1) ? 2 : 1;
    else if (!isLong && (sign === '\n' || sign === '\r')) break;
  }
  throw new Refused(start, 'this string does not end');
}

function lineEnd(text: string, from: number): number {
  const found = /[\n\r]/g;
  found.lastIndex = from;
  return found.exec(text)?.index ?? text.length;
}
