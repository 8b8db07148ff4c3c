// From a document's text to its entries, their evaluations and what is known of the whole document: each an answer that stays
// good until something changes that it was made from. While a source is broken the last good model stays.

import { isCancelled, type Cancellation } from '../common/cancellation.ts';
import {
  headOf,
  isLimit,
  overlongText,
  reducedLimits,
  type EntryList,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type UnmadeModel,
} from '../frontends/shared/frontend.ts';
import type { ModelEntry } from '../network/network-graph.ts';
import { isSyntaxError, type AnalyzedModel, type DocumentAnalysis } from './analyzed-model.ts';
import { EvaluationMemory, type Pack } from './evaluation-memory.ts';
import type { Inputs } from './inputs.ts';
import { isBroken, isNoPoorer, staleModel, type GoodModel } from './last-good.ts';
import { Memo } from './memo.ts';
import { ProblemList } from './problem-list.ts';

/** More entries of one file are not evaluated for hints; the user can still choose one of them. */
export const maxModels = 8;

/** Networks that are at hand have this many ops together, a kilobyte each; the others are packed. */
const mostOps = 8_000;

/** Which of a document's models are wanted: so many that give a network, or those of these names. */
interface Wanted {
  readonly most: number;
  readonly names?: ReadonlySet<string>;
}

export class DocumentModels {
  readonly #inputs: Inputs;
  readonly #frontends: readonly Frontend[];
  readonly #limits: EvaluationLimits;
  readonly #entries: Memo<EntryList>;
  readonly #evaluations: EvaluationMemory;
  readonly #analyses: Memo<DocumentAnalysis>;
  readonly #lastGood = new Map<string, Map<string, GoodModel>>();

  constructor(inputs: Inputs, frontends: readonly Frontend[], limits: EvaluationLimits, pack?: Pack) {
    this.#inputs = inputs;
    this.#frontends = frontends;
    this.#limits = limits;
    this.#entries = new Memo(inputs);
    this.#evaluations = new EvaluationMemory(inputs, pack);
    this.#analyses = new Memo(inputs);
  }

  /** The frontend that takes a document, as its present text stands or as another one would. */
  frontendOf(document: string, text = this.#inputs.read(document)): Frontend | undefined {
    return text === undefined
      ? undefined
      : this.#frontends.find((frontend) => frontend.accepts(document, headOf(text)));
  }

  /** What is known of a whole document, if all of it is known. */
  known(document: string): DocumentAnalysis | undefined {
    return this.#analyses.known(document);
  }

  /** What is known of a whole document; `made` is called with the documents that were read for it where it had to be made. */
  whole(document: string, cancellation: Cancellation, made: (analysis: DocumentAnalysis) => void): DocumentAnalysis {
    const known = this.#analyses.known(document);
    if (known !== undefined) {
      this.#evaluations.use(document);
      return known;
    }
    const before = this.#analyses.last(document);
    const isWhole = (): boolean => !isCancelled(cancellation);
    const analysis = this.#analyses.of(
      document,
      () => this.#analyze(document, cancellation, { most: maxModels }),
      isWhole,
    );
    // Half a result must not be taken for the whole one later.
    if (!isWhole()) return before ?? analysis;
    made(analysis);
    this.#makeRoom();
    return analysis;
  }

  /** The first models of a document that give a network, or those of some names; nothing of it is kept but the evaluations. */
  some(document: string, wanted: Wanted, cancellation: Cancellation): DocumentAnalysis {
    const analysis = this.#analyze(document, cancellation, wanted);
    this.#makeRoom();
    return analysis;
  }

  /** The entries of a document that are evaluated for hints; undefined where no list can be made, or it was not made yet. */
  entriesToShow(document: string, knownOnly = false): readonly ModelEntry[] | undefined {
    if (knownOnly) return this.#entries.known(document)?.entries.slice(0, maxModels);
    const text = this.#inputs.read(document);
    const frontend = this.frontendOf(document, text);
    if (frontend === undefined || overlongText(document, text ?? '', this.#limitsFor(frontend))) return undefined;
    return this.#entriesOf(document, frontend).entries.slice(0, maxModels);
  }

  /** Models of a document of which no entry can be made; what is known of them once its entries are listed. */
  unmade(document: string): readonly UnmadeModel[] {
    return this.#entries.known(document)?.unmade ?? [];
  }

  /** Whether an entry's evaluation is known. */
  isEvaluated(entry: ModelEntry): boolean {
    return this.#evaluations.has(entry);
  }

  /** The last good models of a document's entries, where they stand now. */
  lastGood(document: string): readonly AnalyzedModel[] {
    return [...(this.#lastGood.get(document)?.values() ?? [])].map((good) => staleModel(good, this.#inputs));
  }

  /** Frees the memory of all that was made for a document. */
  drop(document: string): void {
    this.#entries.drop(document);
    this.#analyses.drop(document);
    this.#lastGood.delete(document);
    this.#evaluations.forget(document);
  }

  #limitsFor({ sourceLength = this.#limits.sourceLength }: Frontend): EvaluationLimits {
    return { ...this.#limits, sourceLength };
  }

  #entriesOf(document: string, frontend: Frontend): EntryList {
    return this.#entries.of(document, () =>
      frontend.entries(document, this.#inputs.reader(), this.#inputs.entryRequest(document)),
    );
  }

  #evaluate(entry: ModelEntry, frontend: Frontend, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const known = this.#evaluations.find(entry, limits);
    if (known !== undefined) return known;
    const { value, from } = this.#inputs.record(() =>
      frontend.evaluate(entry, this.#inputs.reader(), limits, cancellation),
    );
    if (!isCancelled(cancellation)) this.#evaluations.keep(entry, value, from, limits);
    return value;
  }

  #analyze(document: string, cancellation: Cancellation, { most, names }: Wanted): DocumentAnalysis {
    const text = this.#inputs.read(document);
    const frontend = this.frontendOf(document, text);
    if (frontend === undefined) return { document, languageId: '', models: [], problems: [], dependencies: [document] };
    const { languageId } = frontend;
    const overlong = overlongText(document, text ?? '', this.#limitsFor(frontend));
    if (overlong) return { document, languageId, models: [], problems: [overlong], dependencies: [document] };
    const list = this.#entriesOf(document, frontend);
    const problems = new ProblemList(list.problems);
    const dependencies = new Set([document]);
    const models: AnalyzedModel[] = [];
    const good = this.#lastGood.get(document) ?? new Map<string, GoodModel>();
    const nowGood = new Map<string, GoodModel>();
    const isChosenByName = this.#inputs.entryRequest(document)?.entry !== undefined;
    let limits = this.#limits;
    this.#evaluations.keepOnly(document, list.entries);
    for (const entry of list.entries.slice(0, isChosenByName ? most : maxModels)) {
      if (models.filter(isWorthwhile).length >= most || isCancelled(cancellation)) break;
      if (names?.has(entry.name) === false) continue;
      const evaluation = this.#evaluate(entry, frontend, limits, cancellation);
      problems.add(evaluation.problems);
      // A file whose models do not end must not cost its limits once for each of them.
      if (evaluation.problems.some(isLimit)) limits = reducedLimits(this.#limits);
      for (const dependency of evaluation.dependencies) dependencies.add(dependency);
      const last = good.get(entry.name);
      const broken = isBroken(list.problems) || isBroken(evaluation.problems);
      const { graph } = evaluation;
      if (graph !== undefined && (last === undefined || !broken || isNoPoorer(graph, last.graph))) {
        const model = this.#goodModel(document, entry, evaluation, graph);
        nowGood.set(entry.name, model);
        models.push({ ...model, stale: false, place: (span) => span });
      } else if (last !== undefined) {
        nowGood.set(entry.name, last);
        models.push(staleModel(last, this.#inputs));
      }
    }
    if (problems.all.some(isSyntaxError)) {
      for (const [name, last] of good) {
        if (nowGood.has(name)) continue;
        nowGood.set(name, last);
        models.push(staleModel(last, this.#inputs));
      }
    }
    if (!isCancelled(cancellation))
      this.#lastGood.set(document, most < maxModels || names ? new Map([...good, ...nowGood]) : nowGood);
    return {
      document,
      languageId,
      models: inOrder(models).slice(0, Math.min(most, maxModels)),
      problems: problems.all,
      dependencies: [...dependencies],
    };
  }

  #goodModel(
    document: string,
    entry: ModelEntry,
    evaluation: Evaluation,
    graph: NonNullable<Evaluation['graph']>,
  ): GoodModel {
    const dependencies = [...new Set([document, ...evaluation.dependencies])];
    const texts = new Map(dependencies.map((name) => [name, this.#inputs.read(name) ?? '']));
    // An input that is assumed is known when the model has been tried with it.
    const { flows = [], problems } = evaluation;
    return { entry: { ...entry, input: graph.entry.input }, graph, flows, problems, dependencies, texts };
  }

  /** Packs networks of documents that nobody has looked at for long. */
  #makeRoom(): void {
    for (const document of this.#evaluations.leastUsed(mostOps)) {
      this.#analyses.drop(document);
      this.#lastGood.delete(document);
      this.#evaluations.pack(document);
    }
  }
}

/** Whether somebody looks at a model first: it was asked for, or has weights, which a loss or a transform has not. */
function isWorthwhile({ entry, graph }: AnalyzedModel): boolean {
  const isAskedFor = entry.from !== 'call' && entry.from !== 'default';
  return isAskedFor || graph.ops.some(({ parameters }) => parameters.length > 0);
}

/** Models in the order of their entries, those without weights behind the others. */
function inOrder(models: readonly AnalyzedModel[]): readonly AnalyzedModel[] {
  return [...models.filter(isWorthwhile), ...models.filter((model) => !isWorthwhile(model))];
}
