// Inputs in, models and figures out: the one door to analysis for features. What is remembered between two questions, and when
// it stops being good, is the business of the answers behind it (document-models.ts, memo.ts, inputs.ts).

import type { AnalysisSettings } from './analysis-settings.ts';
import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { LineIndex } from '../common/line-index.ts';
import type { SourceSpan } from '../common/source-span.ts';
import { reportCosts, type CostReport } from '../costs/cost-report.ts';
import { isSameDevice, type DeviceProfile } from '../costs/device-profile.ts';
import {
  defaultLimits,
  type EntryRequest,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
  type TracedEvaluation,
  type UnmadeModel,
} from '../frontends/shared/frontend.ts';
import type { ModuleWriter } from '../frontends/shared/module-writer.ts';
import { unwrittenNumbers, type NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import { groupChannels } from '../structure/group-channels.ts';
import { partlyIn, type AnalyzedModel, type DocumentAnalysis } from './analyzed-model.ts';
import { DocumentModels, maxModels } from './document-models.ts';
import type { Result } from '../common/problem.ts';
import type { NamedNumbers, NamingRequest, TextEdit } from '../frontends/shared/named-numbers.ts';
import type { WordsHere } from '../frontends/shared/words.ts';
import type { TrainingLines, TrainingLinesRequest } from '../frontends/shared/training-lines.ts';
import { DocumentReaders, type ChosenReader } from './document-readers.ts';
import type { Pack } from './evaluation-memory.ts';
import { importersOf, importWords, type ImportWords } from './importers.ts';
import { Inputs } from './inputs.ts';
import { Memo } from './memo.ts';
import { chooseDevice, type LatencySettings } from './latency-device.ts';
import { ProposalPlans, rebuildByStructure, type ProposedWidths, type RebuildNetwork } from './proposal-plans.ts';
import { isReadOnly } from './read-only-models.ts';
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

export class AnalysisSession {
  readonly #limits: EvaluationLimits;
  readonly #disk: SessionOptions['disk'];
  readonly #inputs: Inputs;
  readonly #models: DocumentModels;
  #workspaceRoots: readonly string[];
  #showsChosenFirst = false;
  readonly #proposals = new Map<string, AttachedProposal>();
  readonly #costs = new WeakMap<NetworkGraph, CostReport>();
  readonly #groupings = new WeakMap<NetworkGraph, ChannelGrouping>();
  /** What each open document's last analysis read and made. */
  readonly #readers: DocumentReaders;
  /** Documents of which only the chosen model was shown as it is now. */
  readonly #incomplete = new Set<string>();
  readonly #completed = new Set<string>();
  readonly #sourceFiles: () => readonly string[];
  /** What documents offer by themselves, and would with the texts of a proof. */
  readonly #entriesOf: Memo<readonly ModelEntry[]>;
  readonly #importWords: Memo<ImportWords>;
  readonly #functions: Memo<readonly SourceSpan[]>;
  readonly #entriesWith = new WeakMap<ReadonlyMap<string, string>, Map<string, readonly ModelEntry[]>>();
  readonly #refused = new WeakMap<ReadonlyMap<string, string>, boolean>();
  /** The other models of the documents that edits touch. */
  readonly siblings: SiblingModels;
  /** Proven edits for proposals; a graph's plans go with it. */
  readonly plans: ProposalPlans;

  constructor(options: SessionOptions) {
    this.#limits = options.limits ?? defaultLimits;
    this.#disk = options.disk;
    this.#inputs = new Inputs(options.disk, (document) =>
      options.frontends.some((frontend) => frontend.isBinary?.(document)),
    );
    this.#models = new DocumentModels(this.#inputs, options.frontends, this.#limits, options.pack);
    this.#readers = new DocumentReaders((document) => this.#inputs.read(document));
    this.#workspaceRoots = options.workspaceRoots;
    this.#sourceFiles = options.sourceFiles ?? (() => this.openDocuments);
    this.siblings = new SiblingModels(this, this.#inputs);
    this.#entriesOf = new Memo(this.#inputs);
    this.#importWords = new Memo(this.#inputs);
    this.#functions = new Memo(this.#inputs);
    this.plans = new ProposalPlans(this, this.#inputs, options.rebuild ?? rebuildByStructure);
  }

  /** Opens a document, or takes its new text. */
  setDocument(document: string, text: string, version: number): void {
    const before = this.#inputs.read(document);
    this.#inputs.setText(document, text, version);
    if (before !== undefined && before !== text) this.#readers.textChanged(document, before, text);
  }

  /** From here on the document is what stands on disk, for those that import it too. */
  closeDocument(document: string): void {
    this.#inputs.close(document);
    this.#models.drop(document);
    this.#readers.forget(document);
    this.#incomplete.delete(document);
  }

  /** A file watcher's news: files or folders that were created, changed or deleted on disk. False when nothing depends on them. */
  filesChangedOnDisk(paths: readonly string[]): boolean {
    return this.#inputs.changedOnDisk(new Set(paths));
  }

  /** Whoever shows models asks again for documents that `takeCompleted` names, so that the chosen model may be shown first. */
  showChosenFirst(): void {
    this.#showsChosenFirst = true;
  }

  /** Other folders are the workspace, or other ones may be read. */
  setWorkspaceRoots(roots: readonly string[]): void {
    this.#workspaceRoots = roots;
    this.#inputs.foldersChanged();
  }

  /** What `morphnet.json` or the user says about a document's entry and input; undefined takes it back. */
  requestEntry(document: string, request: EntryRequest | undefined): void {
    this.#inputs.request(document, request);
  }

  entryRequest(document: string): EntryRequest | undefined {
    return this.#inputs.entryRequest(document);
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
    return this.#inputs.read(document);
  }

  /** The lines of the present text. */
  linesOf(document: string): LineIndex | undefined {
    return this.#inputs.linesOf(document);
  }

  /** The editor's version of an open document. */
  versionOf(document: string): number | undefined {
    return this.#inputs.versionOf(document);
  }

  get openDocuments(): readonly string[] {
    return this.#inputs.openDocuments;
  }

  /** Whether edits may touch a document: installed packages are nobody's to edit, wherever they lie, and some files have no text. */
  isEditable(document: string): boolean {
    const isBelow = (root: string): boolean => document.startsWith(`${root}/`);
    const libraries = this.#disk.roots.filter((root) => !this.#workspaceRoots.includes(root));
    return this.#workspaceRoots.some(isBelow) && !libraries.some(isBelow) && !isReadOnly(document);
  }

  /** How slim files of a document's models are written; undefined where its format has none. */
  writerOf({ entry, framework }: NetworkGraph): ModuleWriter | undefined {
    return this.#models.frontendOf(entry.document)?.writers?.[framework];
  }

  /** The setting that is `True` where a batch norm of a network has a scale; undefined where its format has none. */
  scaleSettingOf({ entry, framework }: NetworkGraph): string | undefined {
    return this.#models.frontendOf(entry.document)?.scaleSettings?.[framework];
  }

  /** How the language that a model is written in writes numbers and computes with them. */
  numbersOf({ document }: ModelEntry): NumberDialect {
    return this.#models.frontendOf(document)?.numbers ?? unwrittenNumbers;
  }

  /** Whether some frontend takes the document. */
  accepts(document: string): boolean {
    return this.#models.frontendOf(document) !== undefined;
  }

  /** The models of a document; empty for a document that holds none. */
  analyze(document: string, cancellation: Cancellation = neverCancelled): DocumentAnalysis {
    return this.#models.whole(document, cancellation, (analysis) => {
      this.#noteReads(analysis);
    });
  }

  /** Documents that show more than before because more was analyzed since the last time of asking. */
  takeCompleted(): readonly string[] {
    const completed = [...this.#completed];
    this.#completed.clear();
    return completed;
  }

  /** Whether the models of `modelsIn` (or only those of `modelsToShow`) can be given without an evaluation. */
  isKnown(document: string, which: 'all' | 'shown'): boolean {
    const isWhole = this.#models.known(document) !== undefined;
    if (!isWhole && (which === 'all' || !this.#showsChosenFirst || !this.#isChosenKnown(document))) return false;
    return this.#readersOf(document).every(({ reader }) => this.#models.known(reader) !== undefined);
  }

  /** Whether the chosen model of a document is known. */
  #isChosenKnown(document: string): boolean {
    const [first] = this.#models.entriesToShow(document, true) ?? [];
    return first !== undefined && this.#models.isEvaluated(first);
  }

  /** The open documents whose models read a document, and those that its own models read. */
  openDocumentsTiedTo(document: string): readonly string[] {
    return this.#inputs.openDocuments.filter((other) => other !== document && this.#readers.areTied(document, other));
  }

  #noteReads({ document, models, dependencies }: DocumentAnalysis): void {
    if (this.#inputs.versionOf(document) === undefined) return;
    const read = new Set(dependencies);
    const graphs = models.filter(({ stale }) => !stale).map(({ graph }) => graph);
    const showing = new Set(this.#readers.note(document, read, graphs));
    if (this.#incomplete.delete(document)) this.#completed.add(document);
    for (const other of this.#inputs.openDocuments)
      if (showing.has(other) || (this.#incomplete.has(other) && read.has(other))) this.#completed.add(other);
  }

  /**
   * The chosen model alone, for those who want no other: entries are evaluated until one gives a network, or just the one
   * that was asked for. Problems are those of the entries that were evaluated.
   */
  analyzeChosen(document: string, cancellation: Cancellation = neverCancelled): DocumentAnalysis {
    return this.#models.some(document, { most: 1 }, cancellation);
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
    if (!this.#showsChosenFirst) return this.modelsIn(document, cancellation);
    const own = this.#modelsAtOnce(document, cancellation);
    if (!own.isComplete) this.#incomplete.add(document);
    const readers = this.#readersOf(document).flatMap((chosen) => {
      const known = this.#modelsAtOnce(chosen.reader, cancellation, chosen);
      if (!known.isComplete) this.#incomplete.add(document);
      return partlyIn(document, known.models);
    });
    return [...own.models, ...readers];
  }

  /** The models of a document as they are known, with the chosen one evaluated where it is not; of a reader those that show. */
  #modelsAtOnce(
    document: string,
    cancellation: Cancellation,
    chosen?: ChosenReader,
  ): { readonly models: readonly AnalyzedModel[]; readonly isComplete: boolean } {
    const entries = this.#models.known(document) === undefined ? this.#models.entriesToShow(document) : undefined;
    if (entries === undefined || entries.slice(1).every((entry) => this.#models.isEvaluated(entry))) {
      const models = chosen ? this.#modelsShown(chosen, cancellation) : this.analyze(document, cancellation).models;
      return { models, isComplete: true };
    }
    const { models } = this.#models.some(document, { most: 1 }, cancellation);
    const fresh = new Set(models.map(({ entry }) => entry.name));
    const others = this.#models.lastGood(document).filter(({ entry }) => !fresh.has(entry.name));
    return { models: [...models, ...others], isComplete: false };
  }

  /** Models of other open documents, as far as these were analyzed, with parts of their text in this one. */
  #modelsOfReaders(document: string, cancellation: Cancellation): readonly AnalyzedModel[] {
    return this.#readersOf(document).flatMap((chosen) => partlyIn(document, this.#modelsShown(chosen, cancellation)));
  }

  /** Where all models of a reader are known but not at hand, only those that show are taken out. */
  #modelsShown({ reader, entries }: ChosenReader, cancellation: Cancellation): readonly AnalyzedModel[] {
    if (this.#models.known(reader) === undefined) {
      const list = this.#models.entriesToShow(reader) ?? [];
      if (list.every((entry) => this.#models.isEvaluated(entry)) && list.some(({ name }) => entries.has(name)))
        return this.#models.some(reader, { most: maxModels, names: entries }, cancellation).models;
    }
    return this.analyze(reader, cancellation).models;
  }

  #readersOf(document: string): readonly ChosenReader[] {
    return this.#readers.choose(document, this.#inputs.openDocuments, (reader) => this.#proposals.has(reader));
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
    const reader = this.#inputs.reader(overlay);
    const text = reader.read(entry.document);
    const frontend = this.#models.frontendOf(entry.document, text);
    if (frontend === undefined || this.#isRefused(overlay)) return undefined;
    const found = this.#sameEntry(frontend, entry, reader, overlay);
    if (found === undefined) return undefined;
    // The edit is proven at this input, whichever way it was found.
    const input = { ...entry.input, from: 'request' } as const;
    return frontend.evaluate({ ...found, input }, reader, this.#limits, cancellation).graph;
  }

  /** The models that a document offers for hints, found in its text alone. */
  entriesToShow(document: string): readonly ModelEntry[] {
    return this.#models.entriesToShow(document) ?? [];
  }

  /** Models of a document of which no entry can be made, where the document was analyzed. */
  unmadeModels(document: string): readonly UnmadeModel[] {
    return this.#models.unmade(document);
  }

  /** Every model that a document offers by itself, whatever was asked for. */
  entriesIn(document: string): readonly ModelEntry[] {
    return this.#entriesOf.of(
      document,
      () => this.#models.frontendOf(document)?.entries(document, this.#inputs.reader()).entries ?? [],
    );
  }

  /** Words of the document's format that can stand at an offset; undefined where it has none there. */
  wordsAt(document: string, offset: number): WordsHere | undefined {
    const text = this.textOf(document);
    return text === undefined ? undefined : this.#models.frontendOf(document)?.words?.(text, offset);
  }

  /** The definitions of functions in a document. */
  functionsIn(document: string): readonly SourceSpan[] {
    return this.#functions.of(
      document,
      () => this.#models.frontendOf(document)?.functions?.(document, this.#inputs.reader()) ?? [],
    );
  }

  /** Whether a document's language lets numbers get names of their own. */
  canNameNumbers(document: string): boolean {
    return this.#models.frontendOf(document)?.nameNumbers !== undefined;
  }

  /** The lines that make a training script learn widths, as edits of it. */
  trainingLines(request: TrainingLinesRequest): Result<TrainingLines> {
    const found = this.#models.frontendOf(request.document)?.trainingLines?.(request, this.#inputs.reader());
    return found ?? { ok: false, error: 'it is no Python file that mentions PyTorch' };
  }

  /** Edits of files that a document builds on, as edits of the document where its format lets it have the last word. */
  inOwnFile(document: string, edits: readonly TextEdit[]): readonly TextEdit[] {
    return this.#models.frontendOf(document)?.inOwnFile?.(document, edits, this.#inputs.reader()) ?? edits;
  }

  /** Gives numbers of a document's language names of their own. */
  nameNumbers(document: string, request: NamingRequest): Result<NamedNumbers> {
    const named = this.#models.frontendOf(document)?.nameNumbers?.(request, this.#inputs.reader());
    return named ?? { ok: false, error: 'its language has no functions' };
  }

  /** Documents of the workspace that import one of these, directly or through others. */
  importersOf(documents: readonly string[]): readonly string[] {
    return importersOf(documents, this.#sourceFiles(), (document) =>
      this.#importWords.of(document, () => importWords(this.#inputs.read(document) ?? '')),
    );
  }

  /** Evaluates an entry and keeps how its numbers came about; undefined where its format does not tell. */
  trace(entry: ModelEntry, cancellation: Cancellation = neverCancelled): TracedEvaluation | undefined {
    const frontend = this.#models.frontendOf(entry.document);
    if (frontend?.trace === undefined) return undefined;
    return frontend.trace(entry, this.#inputs.reader(), this.#limits, cancellation);
  }

  /** The costs of a graph on the settings' device; worked out once. */
  costs(graph: NetworkGraph, settings: LatencySettings & Partial<Pick<AnalysisSettings, 'convention'>>): CostReport {
    const { device, batch } = chooseDevice(settings);
    const known = this.#costs.get(graph);
    const { convention = 'macs' } = settings;
    if (known?.batch === batch && known.convention === convention && isSameDevice(known.device, device)) return known;
    const report = reportCosts(graph, device, batch, convention);
    this.#costs.set(graph, report);
    return report;
  }

  /** The device of a name under some settings, or why there is none. */
  deviceNamed(device: string, settings: LatencySettings): Result<DeviceProfile> {
    const chosen = chooseDevice({ ...settings, device });
    return chosen.problem === undefined ? { ok: true, value: chosen.device } : { ok: false, error: chosen.problem };
  }

  /** Which channels of a graph live and die together; worked out once. */
  grouping(graph: NetworkGraph): ChannelGrouping {
    const known = this.#groupings.get(graph);
    if (known !== undefined) return known;
    const grouping = groupChannels(graph);
    this.#groupings.set(graph, grouping);
    return grouping;
  }

  /**
   * The entry in another text of its document. It keeps its place in the list but maybe not its name: an edit in
   * `net = Net(16)` renames the entry `Net(16)`.
   */
  #sameEntry(
    frontend: Frontend,
    entry: ModelEntry,
    reader: SourceReader,
    overlay: ReadonlyMap<string, string>,
  ): ModelEntry | undefined {
    const { document, name } = entry;
    const index = this.entriesIn(document).findIndex((one) => one.name === name);
    const after = index < 0 ? undefined : this.#entriesAfter(frontend, document, reader, overlay)[index];
    if (after !== undefined) return after;
    const request: EntryRequest = { entry: name, input: entry.input.shapes, from: 'request' };
    return frontend.entries(document, reader, request).entries.find((one) => one.name === name);
  }

  /** Whether texts of a proof would be no programs in their language where the present ones are; asked once a proof. */
  #isRefused(overlay: ReadonlyMap<string, string>): boolean {
    const known = this.#refused.get(overlay);
    if (known !== undefined) return known;
    const refused = [...overlay].some(([document, text]) => {
      const frontend = this.#models.frontendOf(document, text);
      if (frontend?.refusalOf?.(document, text) === undefined) return false;
      const present = this.#inputs.read(document);
      return present === undefined || frontend.refusalOf(document, present) === undefined;
    });
    this.#refused.set(overlay, refused);
    return refused;
  }

  /** All models of a file are proven with the same texts, in which they are looked for once. */
  #entriesAfter(
    frontend: Frontend,
    document: string,
    reader: SourceReader,
    overlay: ReadonlyMap<string, string>,
  ): readonly ModelEntry[] {
    if (!overlay.has(document)) return this.entriesIn(document);
    const known = this.#entriesWith.get(overlay) ?? new Map<string, readonly ModelEntry[]>();
    this.#entriesWith.set(overlay, known);
    const entries = known.get(document) ?? frontend.entries(document, reader).entries;
    known.set(document, entries);
    return entries;
  }
}
