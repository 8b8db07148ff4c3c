// The pieces of a setting's text that take their value from elsewhere: `net_${model.width}`, `${sum:${a},3}`.

export interface Piece {
  readonly isText: boolean;
  readonly text: string;
}

/** `net_${width}` as a text and what stands between braces, which may hold such pieces itself. */
export function interpolationsIn(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('${', at);
    if (start > at || start < 0) pieces.push({ isText: true, text: text.slice(at, start < 0 ? undefined : start) });
    if (start < 0) break;
    let depth = 0;
    let end = start + 1;
    for (; end < text.length; end++) {
      if (text[end] === '{') depth++;
      if (text[end] === '}' && --depth === 0) break;
    }
    pieces.push({ isText: false, text: text.slice(start + 2, end) });
    at = end + 1;
  }
  return pieces;
}

/** What stands between commas that are in no brackets. */
export function argumentsIn(text: string): readonly string[] {
  if (text.trim() === '') return [];
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if ('{[('.includes(character)) depth++;
    if ('}])'.includes(character)) depth--;
    if (character === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += character;
  }
  return [...parts, part.trim()];
}
