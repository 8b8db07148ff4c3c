// Which models a document offers, found once for each state of its text.

import type { EntryList, EntryRequest, Frontend } from '../frontends/shared/frontend.ts';
import type { DocumentStore } from './document-store.ts';

interface KnownList {
  readonly list: EntryList;
  readonly frontend: Frontend;
  readonly request: EntryRequest | undefined;
  /** Of every document that was read for it. */
  readonly revisions: ReadonlyMap<string, number>;
}

export class EntryLists {
  readonly #store: DocumentStore;
  readonly #known = new Map<string, KnownList>();

  constructor(store: DocumentStore) {
    this.#store = store;
  }

  /** The models of a document as a request wants them; the same list as long as nothing has changed. */
  of(document: string, frontend: Frontend, request: EntryRequest | undefined): EntryList {
    const known = this.#known.get(document);
    if (known?.frontend === frontend && known.request === request && this.#isCurrent(known)) return known.list;
    const reader = this.#store.tracking();
    const list = frontend.entries(document, reader, request);
    const revisions = this.#store.revisionsOf(reader.seen);
    this.#known.set(document, { list, frontend, request, revisions });
    return list;
  }

  /** The list as far as it was made and is still good. */
  known(document: string, request: EntryRequest | undefined): EntryList | undefined {
    const known = this.#known.get(document);
    return known !== undefined && known.request === request && this.#isCurrent(known) ? known.list : undefined;
  }

  forget(document: string): void {
    this.#known.delete(document);
  }

  #isCurrent({ revisions }: KnownList): boolean {
    for (const [document, revision] of revisions) if (this.#store.revision(document) !== revision) return false;
    return true;
  }
}
