// Evaluations by document and entry, each good as long as nothing that it was made from has changed: what was evaluated for
// the hints on the screen is not evaluated again for the diagnostics, nor when its file is shown again an hour later. Those that
// nobody has looked at for long are packed.

import { isLimit, type Evaluation, type EvaluationLimits } from '../frontends/shared/frontend.ts';
import type { ModelEntry } from '../network/network-graph.ts';
import type { Inputs, MadeFrom } from './inputs.ts';

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
  readonly from: MadeFrom;
  /** The limits that cut it off; undefined when none did. */
  readonly cutOffBy: EvaluationLimits | undefined;
}

export class EvaluationMemory {
  readonly #inputs: Inputs;
  readonly #known = new Map<string, Map<string, KnownEvaluation>>();
  readonly #pack: Pack | undefined;

  /** Without `pack`, what there is no room for is forgotten. */
  constructor(inputs: Inputs, pack?: Pack) {
    this.#inputs = inputs;
    this.#pack = pack;
  }

  /** What an entry's evaluation gave; undefined where it has to be made, or was cut off by other limits than these. */
  find(entry: ModelEntry, limits: EvaluationLimits): Evaluation | undefined {
    const known = this.#current(entry, limits);
    if (known === undefined) return undefined;
    this.#inputs.use(known.from);
    known.evaluation ??= known.unpack?.();
    this.use(entry.document);
    return known.evaluation;
  }

  /** Whether an entry's evaluation is known, under whichever limits. */
  has(entry: ModelEntry): boolean {
    return this.#current(entry) !== undefined;
  }

  #current(entry: ModelEntry, limits?: EvaluationLimits): KnownEvaluation | undefined {
    const known = this.#known.get(entry.document)?.get(keyOf(entry));
    if (known === undefined || !this.#inputs.isCurrent(known.from)) return undefined;
    const { cutOffBy } = known;
    const isUnderOthers = limits !== undefined && cutOffBy !== undefined && !areEqual(cutOffBy, limits);
    return isUnderOthers ? undefined : known;
  }

  keep(entry: ModelEntry, evaluation: Evaluation, from: MadeFrom, limits: EvaluationLimits): void {
    const entries = this.#known.get(entry.document) ?? new Map<string, KnownEvaluation>();
    const cutOffBy = evaluation.problems.some(isLimit) ? limits : undefined;
    entries.set(keyOf(entry), { evaluation, from, cutOffBy });
    this.#known.set(entry.document, entries);
    this.use(entry.document);
  }

  /** A document's evaluations are wanted: they are the last that are packed. */
  use(document: string): void {
    const known = this.#known.get(document);
    if (known === undefined) return;
    this.#known.delete(document);
    this.#known.set(document, known);
  }

  /** The documents not wanted for longest, beyond those whose networks have so many ops together; what is packed does not count. */
  leastUsed(mostOps: number): readonly string[] {
    let total = 0;
    return [...this.#known].reverse().flatMap(([document, entries], i) => {
      let ops = 0;
      for (const { evaluation } of entries.values()) ops += evaluation?.graph?.ops.length ?? 0;
      total += ops;
      return total > mostOps && ops > 0 && i > 0 ? [document] : [];
    });
  }

  /** Makes a document's evaluations small; without the means for that, they are forgotten. */
  pack(document: string): void {
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

function areEqual(one: EvaluationLimits, other: EvaluationLimits): boolean {
  return one.steps === other.steps && one.items === other.items && one.ops === other.ops;
}
