// The texts that analysis reads: open documents first, then what the rim reads from disk. Counts a revision per document,
// so that a cached result knows whether what it was made from has changed.

import type { SourceReader } from '../frontends/shared/frontend.ts';

/** An open document. `version` is the editor's and goes back with edits. */
export interface OpenDocument {
  readonly text: string;
  readonly version: number;
}

/** A reader that remembers what was asked of it, missing documents included. */
export interface TrackingReader extends SourceReader {
  readonly seen: ReadonlySet<string>;
}

export class DocumentStore {
  readonly #disk: SourceReader;
  readonly #open = new Map<string, OpenDocument>();
  readonly #revisions = new Map<string, number>();
  readonly #names = new Map<string, string>();
  #changes = 0;
  /** Texts on disk as they were last read, missing ones too, until somebody says that one has changed. */
  readonly #onDisk = new Map<string, string | undefined>();

  constructor(disk: SourceReader) {
    this.#disk = disk;
  }

  /** Opens a document or replaces its text. A text that stays the same makes nothing stale. */
  set(document: string, text: string, version: number): void {
    const before = this.read(document);
    this.#open.set(document, { text, version });
    // What stands on disk is read again when the document is closed.
    this.#onDisk.delete(document);
    if (before !== text) this.touch(document);
  }

  /** From here on the document is what stands on disk. */
  close(document: string): void {
    const open = this.#open.get(document);
    if (open === undefined) return;
    this.#open.delete(document);
    this.#onDisk.delete(document);
    if (this.read(document) !== open.text) this.touch(document);
  }

  /** Something else changed a document: whatever was made from it is stale. */
  touch(document: string): void {
    this.#onDisk.delete(document);
    this.#changes += 1;
    this.#revisions.set(document, this.revision(document) + 1);
  }

  /**
   * Files or folders were created, changed or deleted: what was read or missed there is read again. False when none of it was
   * ever asked for.
   */
  changedOnDisk(paths: ReadonlySet<string>): boolean {
    const concerned = [...this.#onDisk.keys()].filter((document) => isAtOrBelow(document, paths));
    for (const document of concerned) this.touch(document);
    return concerned.length > 0;
  }

  read(document: string): string | undefined {
    const open = this.#open.get(document);
    if (open !== undefined) return open.text;
    if (!this.#onDisk.has(document)) this.#onDisk.set(document, this.#disk.read(document));
    return this.#onDisk.get(document);
  }

  /** Other folders may be read from now on: what was missing may be there, and what was there may not be. */
  forgetDisk(): void {
    for (const document of [...this.#onDisk.keys()]) this.touch(document);
  }

  openDocument(document: string): OpenDocument | undefined {
    return this.#open.get(document);
  }

  get openDocuments(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** The revisions of documents by name. Thousands of results depend on the same documents, so they share the names. */
  revisionsOf(documents: Iterable<string>): ReadonlyMap<string, number> {
    return new Map([...documents].map((document) => [this.#nameOf(document), this.revision(document)]));
  }

  #nameOf(document: string): string {
    const known = this.#names.get(document);
    if (known !== undefined) return known;
    this.#names.set(document, document);
    return document;
  }

  /** Grows whenever any text may have changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Grows whenever the document's text may have changed. */
  revision(document: string): number {
    return this.#revisions.get(document) ?? 0;
  }

  /** A reader for one evaluation. `overlay` replaces texts, for trying an edit out. */
  tracking(overlay: ReadonlyMap<string, string> = new Map()): TrackingReader {
    const seen = new Set<string>();
    return {
      seen,
      roots: this.#disk.roots,
      read: (document) => {
        seen.add(document);
        return overlay.get(document) ?? this.read(document);
      },
    };
  }
}

/** Whether a path, or a folder that it lies in, is one of these. */
function isAtOrBelow(document: string, paths: ReadonlySet<string>): boolean {
  for (let end = document.length; end > 0; end = document.lastIndexOf('/', end - 1))
    if (paths.has(document.slice(0, end))) return true;
  return false;
}
