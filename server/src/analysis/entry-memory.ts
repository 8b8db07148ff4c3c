// Evaluations by document and entry, each good as long as no text that it read has changed: what was evaluated for the hints
// on the screen is not evaluated again for the diagnostics, nor when its file is shown again an hour later.

import type { Evaluation } from '../frontends/shared/frontend.ts';
import type { ModelEntry } from '../network/network-graph.ts';
import type { DocumentStore } from './document-store.ts';

/**
 * Makes an evaluation small: the function that comes back gives an equal one each time it is called, and holds little memory
 * until then.
 */
export type Pack = (evaluation: Evaluation) => () => Evaluation;

interface KnownEvaluation {
  /** Undefined while it is packed. */
  evaluation: Evaluation | undefined;
  /** Kept once it was packed, so that nothing is packed twice. */
  unpack?: () => Evaluation;
  readonly revisions: ReadonlyMap<string, number>;
}

export class EntryMemory {
  readonly #store: DocumentStore;
  readonly #known = new Map<string, Map<string, KnownEvaluation>>();

  readonly #pack: Pack | undefined;

  /** Without `pack`, what there is no room for is forgotten. */
  constructor(store: DocumentStore, pack?: Pack) {
    this.#store = store;
    this.#pack = pack;
  }

  /** What an entry's evaluation gave, unless a text that it depends on has changed since. */
  find(entry: ModelEntry): Evaluation | undefined {
    const known = this.#current(entry);
    if (known === undefined) return undefined;
    known.evaluation ??= known.unpack?.();
    this.use(entry.document);
    return known.evaluation;
  }

  /** Whether `find` would find something. */
  has(entry: ModelEntry): boolean {
    return this.#current(entry) !== undefined;
  }

  #current(entry: ModelEntry): KnownEvaluation | undefined {
    const known = this.#known.get(entry.document)?.get(keyOf(entry));
    if (known === undefined) return undefined;
    for (const [document, revision] of known.revisions) {
      if (this.#store.revision(document) !== revision) return undefined;
    }
    return known;
  }

  keep(entry: ModelEntry, evaluation: Evaluation): void {
    const revisions = this.#store.revisionsOf([entry.document, ...evaluation.dependencies]);
    const entries = this.#known.get(entry.document) ?? new Map<string, KnownEvaluation>();
    entries.set(keyOf(entry), { evaluation, revisions });
    this.#known.set(entry.document, entries);
    this.use(entry.document);
  }

  /** A document's evaluations are wanted: they are the last that are given up. */
  use(document: string): void {
    const known = this.#known.get(document);
    if (known === undefined) return;
    this.#known.delete(document);
    this.#known.set(document, known);
  }

  /**
   * The documents that were not wanted for the longest time, beyond those whose networks have so many ops together; what is
   * packed does not count.
   */
  beyond(mostOps: number): readonly string[] {
    let total = 0;
    return [...this.#known].reverse().flatMap(([document, entries], i) => {
      let ops = 0;
      for (const { evaluation } of entries.values()) ops += evaluation?.graph?.ops.length ?? 0;
      total += ops;
      return total > mostOps && ops > 0 && i > 0 ? [document] : [];
    });
  }

  /** Makes a document's evaluations small; without the means for that, they are forgotten. */
  putAway(document: string): void {
    const pack = this.#pack;
    if (pack === undefined) {
      this.forget(document);
      return;
    }
    for (const known of this.#known.get(document)?.values() ?? []) {
      if (known.evaluation === undefined) continue;
      known.unpack ??= pack(known.evaluation);
      known.evaluation = undefined;
    }
  }

  /** Drops what belongs to entries that the document does not have any more. */
  keepOnly(document: string, entries: readonly ModelEntry[]): void {
    const wanted = new Set(entries.map(keyOf));
    const known = this.#known.get(document);
    for (const key of known?.keys() ?? []) if (!wanted.has(key)) known?.delete(key);
  }

  forget(document: string): void {
    this.#known.delete(document);
  }
}

function keyOf({ name, input }: ModelEntry): string {
  return `${name}|${JSON.stringify(input)}`;
}
