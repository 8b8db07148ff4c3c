// What answers are made from: texts (open ones first, then what the rim reads from disk), what was said about a document's
// entry, and the folders that may be read. Each has a revision, and whoever works something out is told which it used.

import { LineIndex } from '../common/line-index.ts';
import type { EntryRequest, SourceReader } from '../frontends/shared/frontend.ts';

/** An open document. `version` is the editor's and goes back with edits. */
interface OpenDocument {
  readonly text: string;
  readonly version: number;
}

/** The inputs that something was made from, with their revisions then. */
export type MadeFrom = ReadonlyMap<string, number>;

/** The input that is no document's: which folders may be read, in which order. */
const folders = 'folders';

export class Inputs {
  readonly #disk: SourceReader;
  readonly #isBinary: (document: string) => boolean;
  readonly #open = new Map<string, OpenDocument>();
  /** Texts on disk as they were last read, missing ones too, until somebody says that one has changed. */
  readonly #onDisk = new Map<string, string | undefined>();
  readonly #requests = new Map<string, EntryRequest>();
  readonly #revisions = new Map<string, number>();
  readonly #names = new Map<string, string>();
  readonly #lines = new Map<string, { readonly text: string; readonly lines: LineIndex }>();
  /** What is being worked out, the innermost last, with the inputs that it used so far. */
  readonly #recording: Map<string, number>[] = [];

  /** `isBinary` tells files that are no text: only their bytes are read, and their text is empty. */
  constructor(disk: SourceReader, isBinary: (document: string) => boolean = () => false) {
    this.#disk = disk;
    this.#isBinary = isBinary;
  }

  /** Opens a document or replaces its text. A text that stays the same makes nothing stale. */
  setText(document: string, text: string, version: number): void {
    const before = this.#textOf(document);
    this.#open.set(document, { text, version });
    // What stands on disk is read again when the document is closed.
    this.#onDisk.delete(document);
    if (before !== text) this.#changed(document);
  }

  /** From here on the document is what stands on disk. */
  close(document: string): void {
    const open = this.#open.get(document);
    if (open === undefined) return;
    this.#open.delete(document);
    this.#lines.delete(document);
    this.#onDisk.delete(document);
    if (this.#textOf(document) !== open.text) this.#changed(document);
  }

  /**
   * Files or folders were created, changed or deleted: what was read or missed there is read again. False when none of it was
   * ever asked for.
   */
  changedOnDisk(paths: ReadonlySet<string>): boolean {
    const concerned = [...this.#onDisk.keys()].filter((document) => isAtOrBelow(document, paths));
    for (const document of concerned) this.#readAgain(document);
    return concerned.length > 0;
  }

  /** Other folders may be read from now on: what was missing may be there, and what was there may not be. */
  foldersChanged(): void {
    for (const document of [...this.#onDisk.keys()]) this.#readAgain(document);
    this.#changed(folders);
  }

  /** What `morphnet.json` or the user says about a document's entry and input; undefined takes it back. */
  request(document: string, request: EntryRequest | undefined): void {
    if (JSON.stringify(this.#requests.get(document)) === JSON.stringify(request)) return;
    if (request === undefined) this.#requests.delete(document);
    else this.#requests.set(document, request);
    this.#changed(requestOf(document));
  }

  /** The present text, open or on disk. */
  read(document: string): string | undefined {
    this.#used(document);
    return this.#textOf(document);
  }

  /** The lines of a document's present text. */
  linesOf(document: string): LineIndex | undefined {
    const text = this.read(document);
    if (text === undefined) return undefined;
    const known = this.#lines.get(document);
    if (known?.text === text) return known.lines;
    const lines = new LineIndex(text);
    this.#lines.set(document, { text, lines });
    return lines;
  }

  entryRequest(document: string): EntryRequest | undefined {
    this.#used(requestOf(document));
    return this.#requests.get(document);
  }

  /** A reader for one evaluation. `overlay` replaces texts, for trying an edit out. */
  reader(overlay: ReadonlyMap<string, string> = new Map()): SourceReader {
    this.#used(folders);
    return {
      roots: this.#disk.roots,
      read: (document) => overlay.get(document) ?? this.read(document),
      bytes: (document) => {
        this.#used(document);
        return this.#textOf(document) === undefined ? undefined : this.#disk.bytes?.(document);
      },
    };
  }

  /** The editor's version of an open document. */
  versionOf(document: string): number | undefined {
    return this.#open.get(document)?.version;
  }

  get openDocuments(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Works something out and tells what it was made from. */
  record<Value>(work: () => Value): { readonly value: Value; readonly from: MadeFrom } {
    const from = new Map<string, number>();
    this.#recording.push(from);
    try {
      return { value: work(), from };
    } finally {
      this.#recording.pop();
      this.use(from);
    }
  }

  /** What is being worked out uses what something else was made from. */
  use(from: MadeFrom): void {
    const recording = this.#recording.at(-1);
    if (recording !== undefined) for (const [input, revision] of from) recording.set(input, revision);
  }

  /** Whether all that something was made from is as it was. */
  isCurrent(from: MadeFrom): boolean {
    for (const [input, revision] of from) if (this.#revision(input) !== revision) return false;
    return true;
  }

  #used(input: string): void {
    this.#recording.at(-1)?.set(this.#nameOf(input), this.#revision(input));
  }

  /** Thousands of results depend on the same inputs, so they share the names. */
  #nameOf(input: string): string {
    const known = this.#names.get(input);
    if (known !== undefined) return known;
    this.#names.set(input, input);
    return input;
  }

  #textOf(document: string): string | undefined {
    const open = this.#open.get(document);
    if (open !== undefined) return open.text;
    if (!this.#onDisk.has(document)) this.#onDisk.set(document, this.#readFromDisk(document));
    return this.#onDisk.get(document);
  }

  #readFromDisk(document: string): string | undefined {
    if (!this.#isBinary(document)) return this.#disk.read(document);
    return this.#disk.bytes?.(document) === undefined ? undefined : '';
  }

  #readAgain(document: string): void {
    this.#onDisk.delete(document);
    this.#changed(document);
  }

  #changed(input: string): void {
    this.#revisions.set(input, this.#revision(input) + 1);
  }

  #revision(input: string): number {
    return this.#revisions.get(input) ?? 0;
  }
}

/** No document has such a name. */
function requestOf(document: string): string {
  return `request ${document}`;
}

/** Whether a path, or a folder that it lies in, is one of these. */
function isAtOrBelow(document: string, paths: ReadonlySet<string>): boolean {
  for (let end = document.length; end > 0; end = document.lastIndexOf('/', end - 1))
    if (paths.has(document.slice(0, end))) return true;
  return false;
}
