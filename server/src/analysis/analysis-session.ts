// Documents in, evaluated models out, each evaluated once per state of the texts that it was made from. While a source is
// broken the last good model stays. Everything that features need to remember between two requests lives here.

import { isCancelled, neverCancelled, type Cancellation } from '../common/cancellation.ts';
import {
  defaultLimits,
  headOf,
  isLimit,
  overlongText,
  reducedLimits,
  type EntryRequest,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
  type TracedEvaluation,
} from '../frontends/shared/frontend.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';
import { reportCosts, type CostReport } from '../costs/cost-report.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import { groupChannels } from '../structure/group-channels.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import { isSyntaxError, partlyIn, type AnalyzedModel, type DocumentAnalysis } from './analyzed-model.ts';
import { DocumentStore } from './document-store.ts';
import { EntryLists } from './entry-lists.ts';
import { DocumentReaders, type ChosenReader } from './document-readers.ts';
import { EntryMemory, type Pack } from './entry-memory.ts';
import { isBroken, isNoPoorer, staleModel, type GoodModel } from './last-good.ts';
import { chooseDevice } from './latency-device.ts';
import { importersOf } from './importers.ts';
import { ProblemList } from './problem-list.ts';
import { ProposalPlans, rebuildByStructure, type ProposedWidths, type RebuildNetwork } from './proposal-plans.ts';
import { SiblingModels } from './sibling-models.ts';

export interface SessionOptions {
  /** Asked in order; the first that accepts a document has it. */
  readonly frontends: readonly Frontend[];
  /** Reads what is not open; `roots` are where absolute imports are looked up. */
  readonly disk: SourceReader;
  /** Folder URIs without a trailing slash: only documents below them are ever edited. */
  readonly workspaceRoots: readonly string[];
  readonly limits?: EvaluationLimits;
  /** Source files of the workspace, for finding those that import an edited one; without it only open documents are known. */
  readonly sourceFiles?: () => readonly string[];
  /** Keeps models that nobody has looked at for long; without it they are evaluated anew when somebody does. */
  readonly pack?: Pack;
  /** What an edited source must come to; structure's answer unless a test wants another. */
  readonly rebuild?: RebuildNetwork;
}

/** A run's proposal for a model of a document. */
export interface AttachedProposal {
  readonly runId: string;
  /** The entry's name, as the run was started with it. */
  readonly entry: string;
  /** Input shapes of the run, without the batch. */
  readonly input?: readonly (readonly number[])[];
  readonly proposal: ProposedWidths;
}

/** More entries of one file are not evaluated for hints; the user can still choose one of them. */
const maxModels = 8;

/** Networks that are at hand have this many ops together, a kilobyte each; the others are packed. */
const mostOps = 8_000;

interface Snapshot {
  readonly revisions: ReadonlyMap<string, number>;
  readonly analysis: DocumentAnalysis;
}

export class AnalysisSession {
  readonly #frontends: readonly Frontend[];
  readonly #limits: EvaluationLimits;
  readonly #disk: SessionOptions['disk'];
  readonly #store: DocumentStore;
  #workspaceRoots: readonly string[];
  #mayShowInPart = false;
  readonly #requests = new Map<string, EntryRequest>();
  readonly #proposals = new Map<string, AttachedProposal>();
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #lastGood = new Map<string, Map<string, GoodModel>>();
  readonly #costs = new WeakMap<NetworkGraph, CostReport>();
  readonly #groupings = new WeakMap<NetworkGraph, ChannelGrouping>();
  readonly #entries: EntryLists;
  readonly #memory: EntryMemory;
  /** What each open document's last analysis read; kept when the analysis itself is not. */
  readonly #readers: DocumentReaders;
  /** Documents of which not all models were shown, for speed. */
  readonly #shownInPart = new Set<string>();
  readonly #completed = new Set<string>();
  readonly #sourceFiles: () => readonly string[];
  /** The other models of the documents that edits touch. */
  readonly siblings: SiblingModels;
  /** Proven edits for proposals; a graph's plans go with it. */
  readonly plans: ProposalPlans;

  constructor(options: SessionOptions) {
    this.#frontends = options.frontends;
    this.#limits = options.limits ?? defaultLimits;
    this.#disk = options.disk;
    this.#store = new DocumentStore(options.disk);
    this.#entries = new EntryLists(this.#store);
    this.#memory = new EntryMemory(this.#store, options.pack);
    this.#readers = new DocumentReaders((document) => this.#store.read(document));
    this.#workspaceRoots = options.workspaceRoots;
    this.#sourceFiles = options.sourceFiles ?? (() => this.openDocuments);
    this.siblings = new SiblingModels(this);
    this.plans = new ProposalPlans(this, options.rebuild ?? rebuildByStructure);
  }

  /** Opens a document, or takes its new text. */
  setDocument(document: string, text: string, version: number): void {
    const before = this.#store.read(document);
    this.#store.set(document, text, version);
    if (before !== undefined && before !== text) this.#readers.textChanged(document, before, text);
  }

  closeDocument(document: string): void {
    this.#store.close(document);
    this.#forgetResults(document);
    this.#readers.forget(document);
    this.#shownInPart.delete(document);
  }

  /** A file watcher's news: files or folders that were created, changed or deleted on disk. False when nothing depends on them. */
  filesChangedOnDisk(paths: readonly string[]): boolean {
    return this.#store.changedOnDisk(new Set(paths));
  }

  /** Whoever shows models asks again for documents that `takeCompleted` names, so that a part of them may be shown first. */
  showInPart(): void {
    this.#mayShowInPart = true;
  }

  setWorkspaceRoots(roots: readonly string[]): void {
    this.#workspaceRoots = roots;
    this.readableFoldersChanged();
  }

  /** The disk's reader reads other folders than before. */
  readableFoldersChanged(): void {
    this.#store.forgetDisk();
  }

  /** What `morphnet.json` or the user says about a document's entry and input; undefined takes it back. */
  requestEntry(document: string, request: EntryRequest | undefined): void {
    if (JSON.stringify(this.#requests.get(document)) === JSON.stringify(request)) return;
    if (request === undefined) this.#requests.delete(document);
    else this.#requests.set(document, request);
    this.#forgetResults(document);
  }

  #forgetResults(document: string): void {
    this.#entries.forget(document);
    this.#snapshots.delete(document);
    this.#lastGood.delete(document);
    this.#memory.forget(document);
  }

  entryRequest(document: string): EntryRequest | undefined {
    return this.#requests.get(document);
  }

  /** The proposal that hints and quick-fixes of a document come from; undefined takes it back. */
  attachProposal(document: string, proposal: AttachedProposal | undefined): void {
    if (proposal === undefined) this.#proposals.delete(document);
    else this.#proposals.set(document, proposal);
  }

  attachedProposal(document: string): AttachedProposal | undefined {
    return this.#proposals.get(document);
  }

  /** The present text, open or on disk. */
  textOf(document: string): string | undefined {
    return this.#store.read(document);
  }

  /** The editor's version of an open document. */
  versionOf(document: string): number | undefined {
    return this.#store.openDocument(document)?.version;
  }

  get openDocuments(): readonly string[] {
    return this.#store.openDocuments;
  }

  /** Whether edits may touch a document: installed packages are nobody's to edit, wherever they lie. */
  isEditable(document: string): boolean {
    const isBelow = (root: string): boolean => document.startsWith(`${root}/`);
    const libraries = this.#disk.roots.filter((root) => !this.#workspaceRoots.includes(root));
    return this.#workspaceRoots.some(isBelow) && !libraries.some(isBelow);
  }

  /** Whether some frontend takes the document. */
  accepts(document: string): boolean {
    return this.#frontendOf(document) !== undefined;
  }

  /** The models of a document; empty for a document that holds none. Cached until a text that it read changes. */
  analyze(document: string, cancellation: Cancellation = neverCancelled): DocumentAnalysis {
    const cached = this.#snapshots.get(document);
    if (cached !== undefined && this.#isCurrent(cached)) {
      this.#memory.use(document);
      return cached.analysis;
    }
    const frontend = this.#frontendOf(document);
    if (frontend === undefined) return { document, languageId: '', models: [], problems: [] };
    const seen = new Set([document]);
    const analysis = this.#evaluateAll(document, frontend, seen, cancellation);
    // Half a result must not be taken for the whole one later.
    if (cancellation.isCancellationRequested) return cached?.analysis ?? analysis;
    this.#snapshots.set(document, {
      revisions: this.#store.revisionsOf(seen),
      analysis,
    });
    this.#noteReads(document, seen, analysis);
    this.#makeRoom();
    return analysis;
  }

  /** Documents that show more than before because more was analyzed since the last time of asking. */
  takeCompleted(): readonly string[] {
    const completed = [...this.#completed];
    this.#completed.clear();
    return completed;
  }

  /** Whether the models of `modelsIn` (or only those of `modelsToShow`) can be given without an evaluation. */
  isKnown(document: string, which: 'all' | 'shown'): boolean {
    const own = this.#snapshots.get(document);
    const isWhole = own !== undefined && this.#isCurrent(own);
    if (!isWhole && (which === 'all' || !this.#mayShowInPart || !this.#isFirstKnown(document))) return false;
    return this.#readersOf(document).every(({ reader }) => {
      const snapshot = this.#snapshots.get(reader);
      return snapshot !== undefined && this.#isCurrent(snapshot);
    });
  }

  /** Whether the chosen model of a document is at hand. */
  #isFirstKnown(document: string): boolean {
    const list = this.#entries.known(document, this.#requests.get(document));
    const [first] = list?.entries ?? [];
    return first !== undefined && this.#memory.has(first);
  }

  /** The open documents whose models read a document, and those that its own models read. */
  openDocumentsTiedTo(document: string): readonly string[] {
    return this.#store.openDocuments.filter((other) => other !== document && this.#readers.areTied(document, other));
  }

  #noteReads(document: string, seen: ReadonlySet<string>, { models }: DocumentAnalysis): void {
    if (this.#store.openDocument(document) === undefined) return;
    const graphs = models.filter(({ stale }) => !stale).map(({ graph }) => graph);
    const showing = new Set(this.#readers.note(document, seen, graphs));
    if (this.#shownInPart.delete(document)) this.#completed.add(document);
    for (const other of this.#store.openDocuments)
      if (showing.has(other) || (this.#shownInPart.has(other) && seen.has(other))) this.#completed.add(other);
  }

  /** Puts networks of documents away that nobody has looked at for long. */
  #makeRoom(): void {
    for (const document of this.#memory.beyond(mostOps)) {
      this.#snapshots.delete(document);
      this.#lastGood.delete(document);
      this.#memory.putAway(document);
    }
  }

  /**
   * Evaluates one more of the models that `modelsIn` will want, so that others get their turn in between. False when all are
   * known.
   */
  analyzeNext(document: string, cancellation: Cancellation = neverCancelled): boolean {
    return this.#analyzeNext(document, maxModels, cancellation);
  }

  /** The same for the models that `modelsToShow` will want. */
  analyzeNextToShow(document: string, cancellation: Cancellation = neverCancelled): boolean {
    return this.#analyzeNext(document, this.#mayShowInPart ? 1 : maxModels, cancellation);
  }

  #analyzeNext(document: string, mostModels: number, cancellation: Cancellation): boolean {
    const documents = [document, ...this.#readersOf(document).map(({ reader }) => reader)];
    return documents.some((one) => this.#evaluateNext(one, mostModels, cancellation));
  }

  #evaluateNext(document: string, mostModels: number, cancellation: Cancellation): boolean {
    const cached = this.#snapshots.get(document);
    if (cached !== undefined && this.#isCurrent(cached)) return false;
    const text = this.#store.read(document);
    const frontend = this.#frontendOf(document, text);
    if (frontend === undefined || overlongText(document, text ?? '', this.#limits)) return false;
    const reader = this.#store.tracking();
    const { entries } = this.#entries.of(document, frontend, this.#requests.get(document));
    const next = entries.slice(0, mostModels).find((entry) => !this.#memory.has(entry));
    if (next === undefined) return false;
    const evaluation = frontend.evaluate(next, reader, this.#limits, cancellation);
    if (cancellation.isCancellationRequested) return false;
    this.#memory.keep(next, evaluation);
    this.#makeRoom();
    // A file whose models do not end is left to `analyze`, which gives the others less.
    return !evaluation.problems.some(isLimit);
  }

  /**
   * The chosen model alone, for those who want no other: entries are evaluated until one gives a network, or just the one
   * that was asked for. Problems are those of the entries that were evaluated.
   */
  analyzeChosen(document: string, cancellation: Cancellation = neverCancelled): DocumentAnalysis {
    const frontend = this.#frontendOf(document);
    if (frontend === undefined) return { document, languageId: '', models: [], problems: [] };
    return this.#evaluateAll(document, frontend, new Set(), cancellation, 1);
  }

  /** The models whose text stands at least partly in a document: its own first, then those of open documents that read it. */
  modelsIn(document: string, cancellation: Cancellation = neverCancelled): readonly AnalyzedModel[] {
    return [...this.analyze(document, cancellation).models, ...this.#modelsOfReaders(document, cancellation)];
  }

  /**
   * The models of `modelsIn` for those who can not wait: after an edit the chosen model is the new one, the document's others
   * are shown as they were, marked stale, until the document is analyzed as a whole; `takeCompleted` then names it.
   */
  modelsToShow(document: string, cancellation: Cancellation = neverCancelled): readonly AnalyzedModel[] {
    if (!this.#mayShowInPart) return this.modelsIn(document, cancellation);
    const own = this.#modelsAtOnce(document, cancellation);
    if (own.inPart) this.#shownInPart.add(document);
    const readers = this.#readersOf(document).flatMap((chosen) => {
      const known = this.#modelsAtOnce(chosen.reader, cancellation, chosen);
      if (known.inPart) this.#shownInPart.add(document);
      return partlyIn(document, known.models);
    });
    const models = [...own.models, ...readers];
    this.#makeRoom();
    return models;
  }

  /** The models of a document as they are known, with the chosen one evaluated where it is not; of a reader those that show. */
  #modelsAtOnce(
    document: string,
    cancellation: Cancellation,
    chosen?: ChosenReader,
  ): { readonly models: readonly AnalyzedModel[]; readonly inPart: boolean } {
    const whole = (): { models: readonly AnalyzedModel[]; inPart: boolean } => ({
      models: chosen ? this.#modelsShown(chosen, cancellation) : this.analyze(document, cancellation).models,
      inPart: false,
    });
    const cached = this.#snapshots.get(document);
    const text = this.#store.read(document);
    const frontend = this.#frontendOf(document, text);
    if (frontend === undefined || (cached !== undefined && this.#isCurrent(cached))) return whole();
    if (overlongText(document, text ?? '', this.#limits)) return whole();
    const { entries } = this.#entries.of(document, frontend, this.#requests.get(document));
    if (entries.slice(1, maxModels).every((entry) => this.#memory.has(entry))) return whole();
    const { models } = this.#evaluateAll(document, frontend, new Set(), cancellation, 1);
    const fresh = new Set(models.map(({ entry }) => entry.name));
    const others = [...(this.#lastGood.get(document)?.values() ?? [])].filter(({ entry }) => !fresh.has(entry.name));
    return { models: [...models, ...others.map((last) => staleModel(last, this.#store))], inPart: true };
  }

  /** Models of other open documents, as far as these were analyzed, with parts of their text in this one. */
  #modelsOfReaders(document: string, cancellation: Cancellation): readonly AnalyzedModel[] {
    return this.#readersOf(document).flatMap((chosen) => partlyIn(document, this.#modelsShown(chosen, cancellation)));
  }

  /** Where all models of a reader are known but not at hand, only those that show are taken out. */
  #modelsShown({ reader, entries }: ChosenReader, cancellation: Cancellation): readonly AnalyzedModel[] {
    const cached = this.#snapshots.get(reader);
    const frontend = this.#frontendOf(reader);
    if (frontend !== undefined && (cached === undefined || !this.#isCurrent(cached))) {
      const list = this.#entries.of(reader, frontend, this.#requests.get(reader)).entries.slice(0, maxModels);
      if (list.every((entry) => this.#memory.has(entry)) && list.some(({ name }) => entries.has(name)))
        return this.#evaluateAll(reader, frontend, new Set(), cancellation, maxModels, entries).models;
    }
    return this.analyze(reader, cancellation).models;
  }

  #readersOf(document: string): readonly ChosenReader[] {
    return this.#readers.choose(document, this.#store.openDocuments, (reader) => this.#proposals.has(reader));
  }

  /** The model of a document with an entry's name; the chosen one without a name. */
  model(document: string, entry?: string, cancellation: Cancellation = neverCancelled): AnalyzedModel | undefined {
    const { models } = this.analyze(document, cancellation);
    return entry === undefined ? models[0] : models.find((model) => model.entry.name === entry);
  }

  /**
   * Evaluates an entry with other texts in place of the present ones; nothing is cached. An edit is proven this way.
   * Undefined when the entry is not there any more.
   */
  evaluateWith(
    overlay: ReadonlyMap<string, string>,
    entry: ModelEntry,
    cancellation: Cancellation = neverCancelled,
  ): NetworkGraph | undefined {
    const reader = this.#store.tracking(overlay);
    const text = reader.read(entry.document);
    const frontend = this.#frontendOf(entry.document, text);
    if (frontend === undefined) return undefined;
    const found = this.#sameEntry(frontend, entry, reader);
    if (found === undefined) return undefined;
    // The edit is proven at this input, whichever way it was found.
    const input = { ...entry.input, from: 'request' } as const;
    return frontend.evaluate({ ...found, input }, reader, this.#limits, cancellation).graph;
  }

  /** Grows whenever any text may have changed. */
  get revision(): number {
    return this.#store.changes;
  }

  /** Every model that a document offers by itself, whatever was asked for. */
  entriesIn(document: string): readonly ModelEntry[] {
    return this.#frontendOf(document)?.entries(document, this.#store.tracking()).entries ?? [];
  }

  /** The definitions of functions in a document. */
  functionsIn(document: string): readonly SourceSpan[] {
    return this.#frontendOf(document)?.functions?.(document, this.#store.tracking()) ?? [];
  }

  /** Documents of the workspace that import one of these, directly or through others. */
  importersOf(documents: readonly string[]): readonly string[] {
    return importersOf(documents, this.#sourceFiles(), (document) => this.#store.read(document));
  }

  /** Evaluates an entry and keeps how its numbers came about; undefined where its format does not tell. */
  trace(entry: ModelEntry, cancellation: Cancellation = neverCancelled): TracedEvaluation | undefined {
    const frontend = this.#frontendOf(entry.document);
    if (frontend?.trace === undefined) return undefined;
    const reader = this.#store.tracking();
    const isAssumed = entry.input.from === 'default';
    const found = isAssumed
      ? frontend.evaluate(entry, reader, this.#limits, cancellation).graph?.entry.input
      : entry.input;
    return frontend.trace({ ...entry, input: found ?? entry.input }, reader, this.#limits, cancellation);
  }

  /** The costs of a graph on the settings' device; worked out once. */
  costs(graph: NetworkGraph, settings: Pick<AnalysisSettings, 'device' | 'devices'>): CostReport {
    const { device } = chooseDevice(settings);
    const known = this.#costs.get(graph);
    if (known !== undefined && JSON.stringify(known.device) === JSON.stringify(device)) return known;
    const report = reportCosts(graph, device);
    this.#costs.set(graph, report);
    return report;
  }

  /** Which channels of a graph live and die together; worked out once. */
  grouping(graph: NetworkGraph): ChannelGrouping {
    const known = this.#groupings.get(graph);
    if (known !== undefined) return known;
    const grouping = groupChannels(graph);
    this.#groupings.set(graph, grouping);
    return grouping;
  }

  #frontendOf(document: string, text = this.#store.read(document)): Frontend | undefined {
    return text === undefined
      ? undefined
      : this.#frontends.find((frontend) => frontend.accepts(document, headOf(text)));
  }

  /**
   * The entry in another text of its document. It keeps its place in the list but maybe not its name: an edit in
   * `net = Net(16)` renames the entry `Net(16)`.
   */
  #sameEntry(frontend: Frontend, entry: ModelEntry, reader: SourceReader): ModelEntry | undefined {
    const { document, name } = entry;
    const before = frontend.entries(document, this.#store.tracking()).entries;
    const index = before.findIndex((one) => one.name === name);
    const after = index < 0 ? undefined : frontend.entries(document, reader).entries[index];
    if (after !== undefined) return after;
    const request: EntryRequest = { entry: name, input: entry.input.shapes, from: 'request' };
    return frontend.entries(document, reader, request).entries.find((one) => one.name === name);
  }

  #isCurrent(snapshot: Snapshot): boolean {
    for (const [document, revision] of snapshot.revisions) {
      if (this.#store.revision(document) !== revision) return false;
    }
    return true;
  }

  #evaluateAll(
    document: string,
    frontend: Frontend,
    seen: Set<string>,
    cancellation: Cancellation,
    mostModels = maxModels,
    only?: ReadonlySet<string>,
  ): DocumentAnalysis {
    const reader = this.#store.tracking();
    const overlong = overlongText(document, reader.read(document) ?? '', this.#limits);
    if (overlong) return { document, languageId: frontend.languageId, models: [], problems: [overlong] };
    const list = this.#entries.of(document, frontend, this.#requests.get(document));
    const problems = new ProblemList(list.problems);
    const models: AnalyzedModel[] = [];
    const good = this.#lastGood.get(document) ?? new Map<string, GoodModel>();
    const nowGood = new Map<string, GoodModel>();
    let limits = this.#limits;
    const entries = list.entries.slice(0, this.#requests.get(document)?.entry === undefined ? maxModels : mostModels);
    this.#memory.keepOnly(document, list.entries);
    for (const entry of entries) {
      if (models.length >= mostModels || isCancelled(cancellation)) break;
      if (only?.has(entry.name) === false) continue;
      const known = this.#memory.find(entry);
      const evaluation = known ?? frontend.evaluate(entry, reader, limits, cancellation);
      if (known === undefined && !cancellation.isCancellationRequested) this.#memory.keep(entry, evaluation);
      problems.add(evaluation.problems);
      // A file whose models do not end must not cost its time once for each of them.
      if (evaluation.problems.some(isLimit)) limits = reducedLimits(limits);
      for (const dependency of evaluation.dependencies) seen.add(dependency);
      const last = good.get(entry.name);
      const broken = isBroken(list.problems) || isBroken(evaluation.problems);
      const { graph } = evaluation;
      if (graph !== undefined && (last === undefined || !broken || isNoPoorer(graph, last.graph))) {
        const dependencies = [...new Set([document, ...evaluation.dependencies])];
        const texts = new Map(dependencies.map((name) => [name, this.#store.read(name) ?? '']));
        // An input that is assumed is known when the model has been tried with it.
        const tried = { ...entry, input: graph.entry.input };
        const model = { entry: tried, graph, problems: evaluation.problems, dependencies, texts };
        nowGood.set(entry.name, model);
        models.push({ ...model, stale: false, place: (span) => span });
      } else if (last !== undefined) {
        nowGood.set(entry.name, last);
        models.push(staleModel(last, this.#store));
      }
    }
    if (problems.all.some(isSyntaxError)) {
      for (const [name, last] of good) {
        if (nowGood.has(name)) continue;
        nowGood.set(name, last);
        models.push(staleModel(last, this.#store));
      }
    }
    for (const name of reader.seen) seen.add(name);
    if (!cancellation.isCancellationRequested)
      this.#lastGood.set(document, mostModels < maxModels || only ? new Map([...good, ...nowGood]) : nowGood);
    return { document, languageId: frontend.languageId, models: models.slice(0, maxModels), problems: problems.all };
  }
}
