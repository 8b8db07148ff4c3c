// What the models of a document cost at the last commit. It is read when nobody waits, and shown where it differs.

import { isCancelled, type Cancellation } from '../common/cancellation.ts';
import { unitOfConvention } from '../costs/named-convention.ts';
import type { SourceReader } from '../frontends/shared/frontend.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { percentChange } from './cost-text.ts';

/** The files of a repository as they were at its last commit; the same object until there is another commit. */
export interface CommittedFiles {
  readonly reader: SourceReader;
}

/**
 * Finds the committed files of the repository that a document lies in, at the last commit or at a revision; undefined where it
 * lies in none, or that has no such revision.
 */
export type FindCommitted = (document: string, revision?: string) => CommittedFiles | undefined;

interface Committed {
  readonly files: CommittedFiles;
  /** By entry; empty while no file that the document's models read differs. */
  readonly networks: ReadonlyMap<string, NetworkGraph>;
}

/** Networks of so many documents are kept, those that were asked for last. */
const mostDocuments = 4;

export class CommittedModels {
  readonly #find: FindCommitted;
  readonly #open: (reader: SourceReader) => AnalysisSession;
  readonly #known = new Map<string, Committed>();
  #session: { readonly files: CommittedFiles; readonly session: AnalysisSession } | undefined;

  /** `open` makes a session that reads through a reader. */
  constructor(find: FindCommitted, open: (reader: SourceReader) => AnalysisSession) {
    this.#find = find;
    this.#open = open;
  }

  /** Reads a document's models at the last commit, if a file that they read has changed. True where more is known than before. */
  read(session: AnalysisSession, document: string, cancellation: Cancellation): boolean {
    const files = this.#find(document);
    const known = this.#known.get(document);
    if (files === undefined) return this.#known.delete(document);
    const { dependencies } = session.analyze(document, cancellation);
    const isChanged = dependencies.some((name) => files.reader.read(name) !== session.textOf(name));
    if (known?.files === files && (known.networks.size > 0 || !isChanged)) return false;
    const networks = new Map<string, NetworkGraph>();
    if (isChanged && files.reader.read(document) !== undefined) {
      const before = this.#sessionOver(files);
      before.requestEntry(document, session.entryRequest(document));
      for (const { entry, graph, stale } of before.analyze(document, cancellation).models)
        if (!stale) networks.set(entry.name, graph);
    }
    if (isCancelled(cancellation)) return false;
    this.#known.delete(document);
    this.#known.set(document, { files, networks });
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostDocuments && oldest !== undefined) this.#known.delete(oldest);
    return networks.size > 0 || (known?.networks.size ?? 0) > 0;
  }

  /** ` · +12 % MACs, −3 % params since HEAD`; nothing for a model that costs the same, or is not known to have been there. */
  changeOf(session: AnalysisSession, { entry, graph, stale }: AnalyzedModel, settings: AnalysisSettings): string {
    const before = this.#known.get(entry.document)?.networks.get(entry.name);
    if (before === undefined || stale) return '';
    const [was, is] = [session.costs(before, settings).total, session.costs(graph, settings).total];
    const changes = [
      [percentChange(was.operations, is.operations), unitOfConvention(settings.convention)],
      [percentChange(was.params, is.params), 'params'],
    ].flatMap(([change = '', what = '']) => (change === '' ? [] : [`${change} ${what}`]));
    return changes.length === 0 ? '' : ` · ${changes.join(', ')} since HEAD`;
  }

  /** A model's network at a revision: undefined where there is no such revision, null where it has no such model. */
  networkAt(
    session: AnalysisSession,
    { document, entry, revision }: { readonly document: string; readonly entry: string; readonly revision: string },
    cancellation: Cancellation,
  ): NetworkGraph | null | undefined {
    const files = this.#find(document, revision);
    if (files === undefined) return undefined;
    if (files.reader.read(document) === undefined) return null;
    const before = this.#open(files.reader);
    before.requestEntry(document, session.entryRequest(document));
    const { models } = before.analyze(document, cancellation);
    return models.find((model) => model.entry.name === entry && !model.stale)?.graph ?? null;
  }

  #sessionOver(files: CommittedFiles): AnalysisSession {
    if (this.#session?.files !== files) this.#session = { files, session: this.#open(files.reader) };
    return this.#session.session;
  }
}
