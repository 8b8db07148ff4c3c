// A library's text without the bodies of its functions, most of which are never called: short to parse, and every place in it
// is where it was. Bodies are cut out by their own statements' indentation, so nothing has to be parsed to find them.

import type { LogicalLine } from './logical-lines.ts';

/** A function's body in the whole text: behind the header's colon, up to the end of its last statement. */
export interface BodyRange {
  readonly start: number;
  readonly end: number;
}

/** From an offset in the short text on, places are so many characters further back in the whole one. */
export interface Cut {
  readonly from: number;
  readonly by: number;
}

export interface TextWithoutBodies {
  readonly text: string;
  readonly bodies: readonly BodyRange[];
  /** In order; the first is where the stretch begins. */
  readonly cuts: readonly Cut[];
}

const functionHeader = /^(?:async\s+)?def\b/;
/** What stands for a body. */
const stub = '0';

/** A stretch of a text with a stub for each function's body; `lines` are the statements of the whole text. */
export function withoutBodies(
  text: string,
  lines: readonly LogicalLine[],
  stretch: { readonly start: number; readonly end: number },
): TextWithoutBodies {
  const bodies: BodyRange[] = [];
  let i = firstFrom(lines, stretch.start);
  for (; i < lines.length; i++) {
    const header = lines[i];
    if (header === undefined || header.start >= stretch.end) break;
    if (header.end - 1 !== header.colon) continue;
    if (!functionHeader.test(text.slice(header.start, header.start + 12))) continue;
    let last = i;
    while ((lines[last + 1]?.indent ?? 0) > header.indent) last++;
    const end = lines[last]?.end;
    if (last > i && end !== undefined) bodies.push({ start: header.end, end });
    i = last;
  }
  let short = '';
  let copied = stretch.start;
  const cuts: Cut[] = [{ from: 0, by: stretch.start }];
  for (const { start, end } of bodies) {
    short += text.slice(copied, start) + stub;
    copied = end;
    cuts.push({ from: short.length, by: end - short.length });
  }
  return { text: short + text.slice(copied, stretch.end), bodies, cuts };
}

/** Index of the first statement that does not begin before an offset. */
function firstFrom(lines: readonly LogicalLine[], offset: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.start ?? offset) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
