// The other models that are made from the documents which an edit touches: they must stay as they are, or be named. Which
// code each of them runs is known from reading it once, so that most edits reach only a few.

import type { SourceSpan } from '../common/source-span.ts';
import type { TracedEvaluation } from '../frontends/shared/frontend.ts';
import type { LiteralEdit } from '../edits/literal-text.ts';
import type { SiblingModel } from '../edits/plan.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';
import { fileName } from '../common/file-name.ts';

/** What siblings need of a session. */
export interface SiblingTexts {
  /** Documents of the workspace that import one of these, directly or through others. */
  importersOf(documents: readonly string[]): readonly string[];
  entriesIn(document: string): readonly ModelEntry[];
  /** Undefined where the entry's format tells nothing of its calls. */
  trace(entry: ModelEntry): TracedEvaluation | undefined;
  /** The definitions of functions in a document. */
  functionsIn(document: string): readonly SourceSpan[];
  evaluateWith(overlay: ReadonlyMap<string, string>, entry: ModelEntry): NetworkGraph | undefined;
  /** Changes with the state of any text. */
  readonly revision: number;
}

interface Known {
  readonly evaluation: TracedEvaluation | undefined;
  readonly graph: NetworkGraph | undefined;
}

export class SiblingModels {
  readonly #texts: SiblingTexts;
  #revision = -1;
  /** By document and entry, for the present texts. */
  readonly #known = new Map<string, Known>();
  readonly #entries = new Map<string, readonly ModelEntry[]>();

  constructor(texts: SiblingTexts) {
    this.#texts = texts;
  }

  /** All models but one that are made in these documents or in those that import them. */
  of(own: ModelEntry, documents: readonly string[]): readonly SiblingModel[] {
    this.#forgetOld();
    const places = [...new Set([own.document, ...documents, ...this.#texts.importersOf(documents)])];
    return places.flatMap((document) =>
      this.#entriesIn(document)
        .filter(({ name }) => document !== own.document || bare(name) !== bare(own.name))
        .map((entry) => this.#sibling(entry, own)),
    );
  }

  #forgetOld(): void {
    if (this.#revision === this.#texts.revision) return;
    this.#revision = this.#texts.revision;
    this.#known.clear();
    this.#entries.clear();
  }

  #entriesIn(document: string): readonly ModelEntry[] {
    const known = this.#entries.get(document);
    if (known !== undefined) return known;
    const entries = this.#texts.entriesIn(document);
    this.#entries.set(document, entries);
    return entries;
  }

  #sibling(entry: ModelEntry, own: ModelEntry): SiblingModel {
    const called = bare(entry.name) || fileName(entry.document);
    return {
      name: entry.document === own.document ? called : `${called} of ${fileName(entry.document)}`,
      isReached: (edits) => this.#isReached(entry, own, edits),
      runs: (definition) =>
        this.#read(entry, own).evaluation?.calls.some(({ body }) => isSame(body, definition)) ?? true,
      present: () => this.#read(entry, own).graph,
      evaluate: (overlay) => this.#texts.evaluateWith(overlay, this.#asRead(entry, own)),
    };
  }

  /** With the input that it was read with: a model that is tried with other inputs after an edit tells nothing. */
  #asRead(entry: ModelEntry, own: ModelEntry): ModelEntry {
    const { graph } = this.#read(entry, own);
    return graph === undefined ? entry : { ...entry, input: graph.entry.input };
  }

  /** A file whose models say nothing of their input mostly means one for all: then it need not be searched for each. */
  #trace(entry: ModelEntry, own: ModelEntry): TracedEvaluation | undefined {
    if (entry.input.from === 'default' && entry.document === own.document) {
      const tried = this.#texts.trace({ ...entry, input: { ...own.input, from: 'request' } });
      if (tried?.graph?.unknowns.length === 0) return tried;
    }
    return this.#texts.trace(entry);
  }

  #read(entry: ModelEntry, own: ModelEntry): Known {
    const key = `${entry.document} ${entry.name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const evaluation = this.#trace(entry, own);
    const graph = evaluation === undefined ? this.#texts.evaluateWith(new Map(), entry) : evaluation.graph;
    const read = { evaluation, graph };
    this.#known.set(key, read);
    return read;
  }

  /** An edit reaches a model that runs the function which it stands in; what stands in none, every model may see. */
  #isReached(entry: ModelEntry, own: ModelEntry, edits: readonly LiteralEdit[]): boolean {
    const { evaluation } = this.#read(entry, own);
    if (evaluation === undefined) return true;
    return edits.some((edit) => {
      if (!evaluation.dependencies.includes(edit.document)) return false;
      const around = this.#texts.functionsIn(edit.document).filter((definition) => holds(definition, edit));
      const innermost = around.reduce<SourceSpan | undefined>(
        (best, one) => (best === undefined || one.start > best.start ? one : best),
        undefined,
      );
      return innermost === undefined || evaluation.calls.some(({ body }) => isSame(body, innermost));
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

function isSame(one: SourceSpan, other: SourceSpan): boolean {
  return one.document === other.document && one.start === other.start && one.end === other.end;
}
