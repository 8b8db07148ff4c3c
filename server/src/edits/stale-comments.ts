// Comments that state a number which an edit changes: edits leave them as they are, so they are pointed out.

import { LineIndex } from '../common/line-index.ts';
import { fileName } from '../common/file-name.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { LiteralEdit } from './literal-text.ts';

/** What was changed, as far as comments may tell of it. */
interface Changed {
  readonly graph: NetworkGraph;
  readonly read: (document: string) => string | undefined;
  readonly edits: readonly LiteralEdit[];
  readonly widths: readonly { readonly layers: readonly string[]; readonly before: number; readonly after: number }[];
}

/** More of them are only counted. */
const mostNamed = 4;

/** A sentence a comment, on the line of a changed number or layer or above it, that still has the old number. */
export function staleComments({ graph, read, edits, widths }: Changed): readonly string[] {
  const old = new Map<string, { readonly document: string; readonly at: number; readonly numbers: Set<string> }>();
  const note = (document: string, at: number, number: string): void => {
    const key = `${document}:${String(at)}`;
    const known = old.get(key) ?? { document, at, numbers: new Set<string>() };
    known.numbers.add(number);
    old.set(key, known);
  };
  for (const { document, start, oldText, newText } of edits) {
    if (/^\d+$/.test(oldText) && oldText !== newText) note(document, start, oldText);
  }
  const sites = new Map(graph.ops.map(({ name, site }) => [name, site?.span]));
  for (const { layers, before, after } of widths) {
    if (before === after) continue;
    for (const layer of layers) {
      const span = sites.get(layer);
      if (span !== undefined) note(span.document, span.start, String(before));
    }
  }
  const found = new Map<string, string>();
  for (const { document, at, numbers } of old.values()) {
    const text = read(document);
    if (text === undefined) continue;
    const first = new LineIndex(text).positionAt(at).line;
    const lines = text.split(/\r\n|\n|\r/);
    for (const line of [first, first - 1]) {
      const comment = commentOf(lines[line] ?? '', line === first);
      const number = [...numbers].find((one) => states(comment, one));
      if (number === undefined) continue;
      const place = `${fileName(document)}:${String(line + 1)}`;
      found.set(place, `The comment in ${place} still says ${number}: ${shortened(comment)}`);
    }
  }
  const notes = [...found.values()];
  const rest = notes.length - mostNamed;
  return rest > 1 ? [...notes.slice(0, mostNamed), `${String(rest)} more comments still have an old number.`] : notes;
}

/** Whether a number stands in a comment by itself, or in a shape: `64`, `64x32x32`. */
function states(comment: string, number: string): boolean {
  return new RegExp(`(?<![\\d.a-wyz_]|[a-z_]x)${number}(?![\\da-wyz_]|\\.\\d|x[a-z_])`, 'i').test(comment);
}

/** The comment of a line of Python, YAML or Darknet; of the line above only where it is nothing else. */
function commentOf(line: string, mayFollowCode: boolean): string {
  const withoutTexts = line.replace(/"[^"]*"|'[^']*'/g, (quoted) => ' '.repeat(quoted.length));
  const start = withoutTexts.indexOf('#');
  if (start < 0 || (!mayFollowCode && line.slice(0, start).trim() !== '')) return '';
  return line.slice(start).trim();
}

function shortened(comment: string): string {
  return comment.length <= 60 ? comment : `${comment.slice(0, 57).trimEnd()}…`;
}
