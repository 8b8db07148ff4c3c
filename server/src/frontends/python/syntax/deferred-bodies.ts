// A library's text without the bodies of its functions, most of which are never called: short to parse, and every place in it
// is where it was. Bodies are cut out by their own statements' indentation, so nothing has to be parsed to find them.

import { logicalLines } from './logical-lines.ts';

/** A function's body in the whole text: behind the header's colon, up to the end of its last statement. */
export interface BodyRange {
  readonly start: number;
  readonly end: number;
}

export interface TextWithoutBodies {
  readonly text: string;
  readonly bodies: readonly BodyRange[];
}

const functionHeader = /^(?:async\s+)?def\b/;
/** What stands for a body. */
const stub = '0';

/** The text with a stub for each function's body; undefined when its statements can not be told apart for sure. */
export function withoutBodies(text: string): TextWithoutBodies | undefined {
  const lines = logicalLines(text);
  if (lines === undefined || lines.some(({ unclosed }) => unclosed !== undefined)) return undefined;
  const bodies: BodyRange[] = [];
  for (let i = 0; i < lines.length; i++) {
    const header = lines[i];
    if (header?.colon === undefined || header.end !== header.colon + 1) continue;
    if (!functionHeader.test(text.slice(header.start, header.start + 12))) continue;
    let last = i;
    while ((lines[last + 1]?.indent ?? 0) > header.indent) last++;
    const end = lines[last]?.end;
    if (last > i && end !== undefined) bodies.push({ start: header.end, end });
    i = last;
  }
  let short = '';
  let copied = 0;
  for (const { start, end } of bodies) {
    short += text.slice(copied, start) + stub + ' '.repeat(end - start - stub.length);
    copied = end;
  }
  return { text: short + text.slice(copied), bodies };
}
