// Bracketed lists in Python's text: where their parts stand, and how one more is put in without disturbing the layout.

/** A part between commas, without the space and the comments around it. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** The parts of the list that opens at `open`. */
function piecesOf(text: string, open: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let depth = 0;
  let start = -1;
  let end = -1;
  const close = (): void => {
    if (start >= 0) pieces.push({ start, end });
    start = -1;
  };
  for (let at = open; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (sign === '#') {
      while (at < text.length && text[at] !== '\n') at += 1;
      continue;
    }
    if (/\s/.test(sign)) continue;
    if (at > open && depth === 1 && (sign === ',' || /[)\]}]/.test(sign))) {
      close();
      if (sign !== ',') return pieces;
      continue;
    }
    if (at > open && start < 0) start = at;
    if (sign === '"' || sign === "'") at = endOfString(text, at) - 1;
    else if (/[([{]/.test(sign)) depth += 1;
    else if (/[)\]}]/.test(sign)) depth -= 1;
    end = at + 1;
  }
  return pieces;
}

function endOfString(text: string, from: number): number {
  const quote = text.startsWith(text.slice(from, from + 1).repeat(3), from)
    ? text.slice(from, from + 3)
    : text.slice(from, from + 1);
  for (let at = from + quote.length; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith(quote, at)) return at + quote.length;
  }
  return text.length;
}

/** Where to put one more part, behind all but a final `**rest`, and what else to write there so that it looks like the others. */
export function placeForOneMore(
  text: string,
  open: number,
): { readonly at: number; readonly write: (part: string) => string } {
  const pieces = piecesOf(text, open);
  const last = pieces.at(-1);
  if (last === undefined) return { at: open + 1, write: (part) => part };
  const lineStart = text.lastIndexOf('\n', last.start - 1) + 1;
  const before = text.slice(lineStart, last.start);
  const isAlone = lineStart > open && /^\s*$/.test(before);
  const separator = isAlone ? `${newlineOf(text)}${before}` : ' ';
  return text.startsWith('**', last.start)
    ? { at: last.start, write: (part) => `${part},${separator}` }
    : { at: last.end, write: (part) => `,${separator}${part}` };
}

/** How a text ends its lines. */
export function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
