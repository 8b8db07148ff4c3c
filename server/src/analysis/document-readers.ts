// Which documents read which, and the lines that their models come from: a file that others import shows their models.

import { LineIndex } from '../common/line-index.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { editableLeaves } from '../network/width-origin.ts';
import { textShift } from './text-shift.ts';

/**
 * A file that many models read shows those of so many documents: enough for every line of it that makes layers in most
 * projects, and after an edit of it no more of them are waited for.
 */
const mostReaders = 3;

interface Reading {
  /** Every document that was read or looked for. */
  readonly read: ReadonlySet<string>;
  /** By document, then by the model's entry, best first: the lines that make layers, or widths, or were not understood. */
  readonly lines: Map<string, Map<string, readonly number[]>>;
}

/** A document whose models show in another one. */
export interface ChosenReader {
  readonly reader: string;
  /** Names of the entries of which something shows: where two show on a line, the first. */
  readonly entries: ReadonlySet<string>;
}

export class DocumentReaders {
  readonly #textOf: (document: string) => string | undefined;
  readonly #readings = new Map<string, Reading>();

  constructor(textOf: (document: string) => string | undefined) {
    this.#textOf = textOf;
  }

  /** Takes what a document's analysis read and made. Returns the documents that show more of it than before. */
  note(document: string, read: ReadonlySet<string>, graphs: readonly NetworkGraph[]): readonly string[] {
    const before = this.#readings.get(document)?.lines;
    const lines = new Map<string, Map<string, readonly number[]>>();
    for (const graph of graphs) {
      for (const [other, here] of linesOf(graph, this.#textOf)) {
        const known = lines.get(other);
        if (known === undefined) lines.set(other, new Map([[graph.entry.name, here]]));
        else known.set(graph.entry.name, here);
      }
    }
    this.#readings.set(document, { read, lines });
    return [...lines].flatMap(([other, now]) => {
      const known = new Set([...(before?.get(other)?.values() ?? [])].flat());
      return other !== document && [...now.values()].flat().some((line) => !known.has(line)) ? [other] : [];
    });
  }

  forget(document: string): void {
    this.#readings.delete(document);
  }

  /** Keeps lines where they stand now. */
  textChanged(document: string, before: string, after: string): void {
    const first = newlinesIn(before.slice(0, textShift(before, after).prefix));
    const delta = newlinesIn(after) - newlinesIn(before);
    // Lines between two edits that came together most likely moved as far as those behind them.
    const moved = (line: number): number => (line <= first ? line : Math.max(first, line + delta));
    for (const { lines } of this.#readings.values()) {
      const old = lines.get(document);
      for (const [entry, here] of old ?? []) old?.set(entry, here.map(moved));
    }
  }

  /** Whether one of two documents read the other. */
  areTied(one: string, other: string): boolean {
    const reads = (reader: string, document: string): boolean =>
      this.#readings.get(reader)?.read.has(document) === true;
    return reads(one, other) || reads(other, one);
  }

  /**
   * Those of the candidates whose models show something on lines of a document where its own models and the candidates
   * before show nothing, a few at most; `isWanted` names those that are taken in any case.
   */
  choose(
    document: string,
    candidates: readonly string[],
    isWanted: (reader: string) => boolean,
  ): readonly ChosenReader[] {
    const own = this.#readings.get(document)?.lines.get(document)?.values() ?? [];
    const shown = new Set([...own].flat());
    const chosen: ChosenReader[] = [];
    for (const reader of candidates) {
      const lines = this.#readings.get(reader)?.lines.get(document);
      const wanted = isWanted(reader);
      if (reader === document || lines === undefined || (chosen.length >= mostReaders && !wanted)) continue;
      const entries = new Set<string>();
      for (const [entry, here] of lines) {
        if (!wanted && here.every((line) => shown.has(line))) continue;
        entries.add(entry);
        for (const line of here) shown.add(line);
      }
      if (entries.size > 0) chosen.push({ reader, entries });
    }
    return chosen;
  }
}

function linesOf(
  { ops, idle, unknowns }: NetworkGraph,
  textOf: (document: string) => string | undefined,
): Map<string, readonly number[]> {
  const starts = new Map<string, Set<number>>();
  const add = ({ document, start }: SourceSpan): void => {
    const here = starts.get(document);
    if (here === undefined) starts.set(document, new Set([start]));
    else here.add(start);
  };
  for (const { site, outWidth } of ops) {
    if (site !== undefined) add(site.span);
    if (outWidth !== undefined) for (const { span } of editableLeaves(outWidth)) add(span);
  }
  for (const { site } of idle) add(site.span);
  for (const { span } of unknowns) if (span !== undefined) add(span);
  return new Map(
    [...starts].map(([document, offsets]) => {
      const index = new LineIndex(textOf(document) ?? '');
      return [document, [...new Set([...offsets].map((offset) => index.positionAt(offset).line))]];
    }),
  );
}

function newlinesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
