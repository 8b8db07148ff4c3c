// The other models that are made from the documents which an edit touches: they must stay as they are, or be named. Which
// code each of them runs is known from reading it once, so that most edits reach only a few.

import { isCancelled, neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { TracedEvaluation } from '../frontends/shared/frontend.ts';
import type { LiteralEdit } from '../edits/literal-text.ts';
import type { SiblingModel } from '../edits/plan.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';
import { fileName } from '../common/file-name.ts';
import type { Inputs } from './inputs.ts';
import { Memo } from './memo.ts';

/** What siblings need of a session. */
export interface SiblingTexts {
  /** Documents of the workspace that import one of these, directly or through others. */
  importersOf(documents: readonly string[]): readonly string[];
  entriesIn(document: string): readonly ModelEntry[];
  /** Undefined where the entry's format tells nothing of its calls. */
  trace(entry: ModelEntry, cancellation?: Cancellation): TracedEvaluation | undefined;
  /** The definitions of functions in a document. */
  functionsIn(document: string): readonly SourceSpan[];
  evaluateWith(
    overlay: ReadonlyMap<string, string>,
    entry: ModelEntry,
    cancellation?: Cancellation,
  ): NetworkGraph | undefined;
}

/** What was found out of a sibling as it is. */
export interface ReadSibling {
  readonly graph: NetworkGraph | undefined;
  /** What it ran; undefined where its format does not tell. */
  readonly ran: { readonly functions: ReadonlySet<string>; readonly documents: ReadonlySet<string> } | undefined;
}

export class SiblingModels {
  readonly #texts: SiblingTexts;
  /** Each is read once and kept until a text changes that it was made from. */
  readonly #read: Memo<ReadSibling>;
  readonly #entries: Memo<readonly ModelEntry[]>;

  constructor(texts: SiblingTexts, inputs: Inputs) {
    this.#texts = texts;
    this.#read = new Memo(inputs);
    this.#entries = new Memo(inputs);
  }

  /** All models but one that are made in these documents or in those that import them. */
  of(
    own: ModelEntry,
    documents: readonly string[],
    cancellation: Cancellation = neverCancelled,
  ): readonly SiblingModel[] {
    const places = [...new Set([own.document, ...documents, ...this.#texts.importersOf(documents)])];
    return places.flatMap((document) =>
      this.#entries
        .of(document, () => this.#texts.entriesIn(document))
        .filter(({ name }) => document !== own.document || bare(name) !== bare(own.name))
        .map((entry) => this.#sibling(entry, own, cancellation)),
    );
  }

  #sibling(entry: ModelEntry, own: ModelEntry, cancellation: Cancellation): SiblingModel {
    const called = bare(entry.name) || fileName(entry.document);
    const read = (): ReadSibling => this.#reading(entry, own, cancellation);
    return {
      name: entry.document === own.document ? called : `${called} of ${fileName(entry.document)}`,
      isReached: (edits) => this.#isReached(read(), edits),
      runs: (definition) => read().ran?.functions.has(keyOf(definition)) ?? true,
      present: () => read().graph,
      evaluate: (overlay) => {
        // With the input that it was read with: a model that is tried with other inputs after an edit tells nothing.
        const input = read().graph?.entry.input ?? entry.input;
        return this.#texts.evaluateWith(overlay, { ...entry, input }, cancellation);
      },
    };
  }

  /** A file whose models say nothing of their input mostly means one for all: then it need not be searched for each. */
  #trace(entry: ModelEntry, own: ModelEntry, cancellation: Cancellation): TracedEvaluation | undefined {
    if (entry.input.from === 'default' && entry.document === own.document) {
      const tried = this.#texts.trace({ ...entry, input: { ...own.input, from: 'request' } }, cancellation);
      if (tried?.graph?.unknowns.length === 0) return tried;
    }
    return this.#texts.trace(entry, cancellation);
  }

  #reading(entry: ModelEntry, own: ModelEntry, cancellation: Cancellation): ReadSibling {
    const make = (): ReadSibling => {
      const evaluation = this.#trace(entry, own, cancellation);
      if (evaluation === undefined)
        return { graph: this.#texts.evaluateWith(new Map(), entry, cancellation), ran: undefined };
      const functions = new Set(evaluation.calls.map(({ body }) => keyOf(body)));
      return { graph: evaluation.graph, ran: { functions, documents: new Set(evaluation.dependencies) } };
    };
    return this.#read.of(`${entry.document} ${entry.name}`, make, () => !isCancelled(cancellation));
  }

  /** An edit reaches a model that runs the function which it stands in; what stands in none, every model may see. */
  #isReached({ ran }: ReadSibling, edits: readonly LiteralEdit[]): boolean {
    if (ran === undefined) return true;
    return edits.some((edit) => {
      if (!ran.documents.has(edit.document)) return false;
      const around = this.#texts.functionsIn(edit.document).filter((definition) => holds(definition, edit));
      const innermost = around.reduce<SourceSpan | undefined>(
        (best, one) => (best === undefined || one.start > best.start ? one : best),
        undefined,
      );
      return innermost === undefined || ran.functions.has(keyOf(innermost));
    });
  }
}

/** `LeNet` and `LeNet()` are the same model. */
function bare(entry: string): string {
  return entry.replace(/\(\)$/, '');
}

function holds(outer: SourceSpan, inner: SourceSpan): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function keyOf({ document, start, end }: SourceSpan): string {
  return `${document}:${String(start)}:${String(end)}`;
}
