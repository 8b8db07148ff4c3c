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
  /** By document: the lines that make layers, or widths, or that were not understood. */
  readonly lines: Map<string, readonly number[]>;
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
    const lines = linesOf(graphs, this.#textOf);
    this.#readings.set(document, { read, lines });
    return [...lines].flatMap(([other, now]) => {
      const known = new Set(before?.get(other));
      return other !== document && now.some((line) => !known.has(line)) ? [other] : [];
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
      if (old !== undefined) lines.set(document, old.map(moved));
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
  choose(document: string, candidates: readonly string[], isWanted: (reader: string) => boolean): readonly string[] {
    const shown = new Set(this.#readings.get(document)?.lines.get(document));
    let chosen = 0;
    return candidates.filter((reader) => {
      const lines = this.#readings.get(reader)?.lines.get(document);
      if (reader === document || lines === undefined) return false;
      const isNew = chosen < mostReaders && lines.some((line) => !shown.has(line));
      if (!isNew && !isWanted(reader)) return false;
      chosen++;
      for (const line of lines) shown.add(line);
      return true;
    });
  }
}

function linesOf(
  graphs: readonly NetworkGraph[],
  textOf: (document: string) => string | undefined,
): Map<string, readonly number[]> {
  const starts = new Map<string, Set<number>>();
  const add = ({ document, start }: SourceSpan): void => {
    const here = starts.get(document);
    if (here === undefined) starts.set(document, new Set([start]));
    else here.add(start);
  };
  for (const { ops, idle, unknowns } of graphs) {
    for (const { site, outWidth } of ops) {
      add(site.span);
      if (outWidth !== undefined) for (const { span } of editableLeaves(outWidth)) add(span);
    }
    for (const { site } of idle) add(site.span);
    for (const { span } of unknowns) add(span);
  }
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
