// The language server: capabilities, the documents' life, and which feature answers what. No feature is in here.

import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  CodeActionKind,
  CodeLensRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { pathToFileURL } from 'node:url';
import { AnalysisSession, type SessionOptions } from '../analysis/analysis-session.ts';
import type { Settings } from '../protocol/settings.ts';
import { guardDocumentRequest } from './analysis-turns.ts';
import { provideCodeActions } from './code-actions.ts';
import { provideCodeLenses } from './code-lenses.ts';
import { registerCustomRequests } from './custom-requests.ts';
import { Debounced } from './debounce.ts';
import { DiagnosticsPublisher } from './diagnostics-publisher.ts';
import { provideHover } from './hover.ts';
import { provideInlayHints, resolveInlayHint } from './inlay-hints.ts';
import type { MethodBackend } from './method-backend.ts';
import { ProjectFiles } from './project-files.ts';
import type { RunBackend } from './run-backend.ts';
import { guardEvent, guardRequest } from './requests.ts';
import type { ServerContext } from './server-context.ts';
import { ServerLog } from './server-log.ts';
import { SettingsStore } from './settings-store.ts';
import type { WorkspaceDisk } from './workspace-disk.ts';
import { WorkspaceRuns } from './workspace-runs.ts';

/** What the composition root gives: all that touches the world. */
export interface ServerEnvironment {
  readonly analysis: Pick<SessionOptions, 'frontends' | 'rebuild' | 'limits' | 'pack'>;
  readonly disk: WorkspaceDisk;
  /** Absent where no trainer is installed: costs are shown all the same. */
  readonly runs?: RunBackend;
  readonly methods?: MethodBackend;
  /** Pause in typing before diagnostics are worked out, and before hints of other documents are refreshed. */
  readonly delaysMs: { readonly diagnostics: number; readonly refresh: number };
}

/** What the client told us at the start. */
interface ClientSupport {
  readonly configuration: boolean;
  readonly watchedFiles: boolean;
  readonly workspaceFolders: boolean;
  readonly hintRefresh: boolean;
  readonly lensRefresh: boolean;
  /** Whether edits may be annotated, so that they are previewed. */
  readonly changeAnnotations: boolean;
}

/** Wires a connection; the caller makes it listen. Answers until the connection closes. */
export function startServer(connection: Connection, environment: ServerEnvironment): void {
  const server = new LanguageServer(connection, environment);
  server.register();
}

class LanguageServer {
  readonly #connection: Connection;
  readonly #environment: ServerEnvironment;
  readonly #log: ServerLog;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #session: AnalysisSession;
  readonly #projects: ProjectFiles;
  readonly #context: ServerContext;
  readonly #publisher: DiagnosticsPublisher;
  readonly #runs: WorkspaceRuns;
  readonly #refresh: Debounced;
  readonly #reload: Debounced;
  #support: ClientSupport = {
    configuration: false,
    watchedFiles: false,
    workspaceFolders: false,
    hintRefresh: false,
    lensRefresh: false,
    changeAnnotations: false,
  };
  #roots: readonly string[] = [];
  /** Folders of installed libraries that may be read. */
  #libraries: readonly string[] = [];

  constructor(connection: Connection, environment: ServerEnvironment) {
    this.#connection = connection;
    this.#environment = environment;
    this.#log = new ServerLog(connection.console);
    this.#session = new AnalysisSession({
      ...environment.analysis,
      disk: environment.disk,
      workspaceRoots: [],
    });
    this.#projects = new ProjectFiles(
      (uri) => this.#session.textOf(uri),
      () => this.#roots,
    );
    const settings = new SettingsStore(this.#log, (scopeUri) => this.#askForSettings(scopeUri));
    this.#refresh = new Debounced(environment.delaysMs.refresh, () => void this.#refreshClient());
    this.#runs = new WorkspaceRuns(environment.runs, this.#session, this.#log, {
      grew: (params) => void connection.sendNotification('morphnet/runGrew', params),
      proposalsChanged: (documents) => this.#changed(documents),
    });
    environment.methods?.onGrew((summary) => void connection.sendNotification('morphnet/methodGrew', summary));
    const reload = guardEvent(this.#log, 'Runs', () => this.#runs.load());
    this.#reload = new Debounced(environment.delaysMs.refresh, () => void reload());
    this.#context = {
      session: this.#session,
      settings,
      log: this.#log,
      projects: this.#projects,
      runs: this.#runs,
      methods: environment.methods,
      roots: () => this.#roots,
      canPreview: () => this.#support.changeAnnotations,
      openDocument: (uri) => this.#documents.get(uri),
    };
    this.#publisher = new DiagnosticsPublisher(
      this.#context,
      environment.delaysMs.diagnostics,
      (params) => connection.sendDiagnostics(params),
      () => {
        const owed = this.#session.takeOwed();
        if (owed.length > 0) this.#changed(owed);
      },
    );
  }

  register(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(guardEvent(this.#log, 'Start', () => this.#initialized()));
    connection.onShutdown(() => this.#shutdown());
    this.#registerDocuments();
    this.#registerFeatures();
    registerCustomRequests(connection, this.#context);
  }

  #initialize({ capabilities, workspaceFolders }: InitializeParams): InitializeResult {
    const { workspace } = capabilities;
    this.#support = {
      configuration: workspace?.configuration === true,
      watchedFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
      workspaceFolders: workspace?.workspaceFolders === true,
      hintRefresh: workspace?.inlayHint?.refreshSupport === true,
      lensRefresh: workspace?.codeLens?.refreshSupport === true,
      changeAnnotations: workspace?.workspaceEdit?.changeAnnotationSupport !== undefined,
    };
    if (this.#support.hintRefresh) this.#session.showInPart();
    this.#setRoots((workspaceFolders ?? []).map(({ uri }) => uri));
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        inlayHintProvider: { resolveProvider: true },
        hoverProvider: true,
        codeLensProvider: {},
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
      serverInfo: { name: 'MorphNet' },
    };
  }

  async #initialized(): Promise<void> {
    if (this.#support.configuration) {
      await this.#connection.client.register(DidChangeConfigurationNotification.type, { section: 'morphnet' });
    }
    if (this.#support.watchedFiles) {
      const watchers = ['**/*.{py,cfg}', '**/morphnet.json', '**/.morphnet/runs/*/proposal.json'].map(
        (globPattern) => ({ globPattern }),
      );
      await this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    if (this.#support.workspaceFolders) {
      this.#connection.workspace.onDidChangeWorkspaceFolders(
        guardEvent(this.#log, 'Workspace folders', ({ added, removed }) => {
          const gone = new Set(removed.map(({ uri }) => withoutSlash(uri)));
          this.#setRoots([...this.#roots.filter((root) => !gone.has(root)), ...added.map(({ uri }) => uri)]);
          this.#changed();
        }),
      );
    }
    await this.#applyWindowSettings();
    await this.#runs.load();
  }

  async #shutdown(): Promise<void> {
    this.#refresh.cancel();
    this.#reload.cancel();
    this.#publisher.dispose();
    await this.#runs.dispose();
  }

  #registerDocuments(): void {
    const documents = this.#documents;
    documents.onDidChangeContent(
      guardEvent(this.#log, 'Document', ({ document: { uri, version } }) => {
        // The request first: it decides what the text is evaluated as.
        this.#applyProject(uri);
        this.#session.setDocument(uri, documents.get(uri)?.getText() ?? '', version);
        this.#publisher.lookAt(uri);
        this.#publisher.schedule(uri);
        const others = this.#session.openDocumentsTiedTo(uri);
        if (others.length > 0) this.#changed(others);
      }),
    );
    documents.onDidClose(
      guardEvent(this.#log, 'Document', async ({ document: { uri } }) => {
        this.#session.closeDocument(uri);
        this.#context.settings.forget(uri);
        await this.#publisher.forget(uri);
      }),
    );
    documents.listen(this.#connection);
    this.#connection.onDidChangeWatchedFiles(
      guardEvent(this.#log, 'Watched files', ({ changes }) => {
        for (const { uri } of changes) this.#session.documentChangedOnDisk(uri);
        if (changes.some(({ uri }) => ProjectFiles.isProjectFile(uri))) this.#projectsChanged();
        if (changes.some(({ uri }) => this.#runs.concerns(uri))) this.#reload.schedule();
        if (changes.some(({ uri }) => !uri.includes('/.morphnet/'))) this.#changed();
      }),
    );
    this.#connection.onDidChangeConfiguration(
      guardEvent(this.#log, 'Settings', async () => {
        this.#context.settings.forget();
        await this.#applyWindowSettings();
        this.#changed();
      }),
    );
  }

  #registerFeatures(): void {
    const connection = this.#connection;
    const context = this.#context;
    const asked = { context, lookedAt: (uri: string) => this.#publisher.lookAt(uri) };
    connection.languages.inlayHint.on(
      guardDocumentRequest(asked, 'Inlay hints', [], 'models-to-show', provideInlayHints),
    );
    connection.languages.inlayHint.resolve(async (hint, token) =>
      guardRequest(this.#log, 'Inlay hint', hint, resolveInlayHint.bind(undefined, context))(hint, token),
    );
    connection.onHover(guardDocumentRequest(asked, 'Hover', null, 'all-models', provideHover));
    connection.onCodeLens(guardDocumentRequest(asked, 'Code lenses', [], 'all-models', provideCodeLenses));
    connection.onCodeAction(guardDocumentRequest(asked, 'Code actions', [], 'all-models', provideCodeActions));
  }

  #setRoots(uris: readonly string[]): void {
    this.#roots = uris.map(withoutSlash);
    this.#environment.disk.allow({ workspace: this.#roots, libraries: this.#libraries });
    this.#session.setWorkspaceRoots(this.#roots);
    this.#runs.setRoots(this.#roots);
    this.#projectsChanged();
  }

  async #askForSettings(scopeUri: string | undefined): Promise<unknown> {
    if (!this.#support.configuration) return undefined;
    return this.#connection.workspace.getConfiguration({
      section: 'morphnet',
      ...(scopeUri !== undefined && { scopeUri }),
    });
  }

  /** Settings that are no document's own. */
  async #applyWindowSettings(): Promise<void> {
    const settings: Settings = await this.#context.settings.of();
    const { sitePackages } = settings.python;
    const libraries = sitePackages === '' ? [] : [withoutSlash(pathToFileURL(sitePackages).toString())];
    if (libraries[0] !== this.#libraries[0]) {
      this.#libraries = libraries;
      this.#environment.disk.allow({ workspace: this.#roots, libraries });
      this.#session.readableFoldersChanged();
      this.#changed();
    }
    this.#environment.runs?.setPaths({ tfjsPath: settings.training.tfjsPath, sitePackages });
  }

  #applyProject(uri: string): void {
    const entry = this.#projects.entryOf(uri);
    this.#session.requestEntry(uri, entry && { ...entry, from: 'config' });
  }

  #projectsChanged(): void {
    this.#projects.forget();
    for (const uri of this.#documents.keys()) this.#applyProject(uri);
  }

  /** What is shown of these documents (of all) may have changed for a reason that the client does not know. */
  #changed(uris: readonly string[] = this.#documents.keys()): void {
    for (const uri of uris) this.#publisher.schedule(uri);
    this.#refresh.schedule();
  }

  /** Global requests: the client asks for everything visible anew. */
  async #refreshClient(): Promise<void> {
    const refresh = guardEvent(this.#log, 'Refresh', async () => {
      if (this.#support.hintRefresh) await this.#connection.languages.inlayHint.refresh();
      if (this.#support.lensRefresh) await this.#connection.sendRequest(CodeLensRefreshRequest.type);
    });
    await refresh();
  }
}

function withoutSlash(uri: string): string {
  return uri.endsWith('/') ? uri.slice(0, -1) : uri;
}
