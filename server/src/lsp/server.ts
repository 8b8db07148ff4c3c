// The language server: capabilities, the documents' life, and which feature answers what. Nothing is computed on this thread:
// what a model costs is asked of the analysis thread, and what trains is another process.

import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  CancellationToken,
  CodeActionKind,
  CodeLensRefreshRequest,
  CompletionRequest,
  DiagnosticRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  LSPErrorCodes,
  ResponseError,
  TextDocuments,
  TextDocumentSyncKind,
  WatchKind,
  type CodeAction,
  type Connection,
  type DiagnosticServerCancellationData,
  type Disposable,
  type DocumentDiagnosticParams,
  type DocumentDiagnosticReport,
  type FileSystemWatcher,
  type InitializeParams,
  type InitializeResult,
  type InlayHint,
} from 'vscode-languageserver/node';
import { pathToFileURL } from 'node:url';
import { modelFilesPattern, wordLanguages } from '../protocol/languages.ts';
import type { Settings } from '../protocol/settings.ts';
import { AnalysisClient, type StartAnalysis } from './analysis-client.ts';
import type { AnalysisQuestions } from './analysis-questions.ts';
import { rememberingLayout, type LayOutDrawing } from './drawing-layouts.ts';
import { registerCustomRequests } from './custom-requests.ts';
import { uriOfAction } from './code-actions.ts';
import { Debounced } from './debounce.ts';
import type { ExperimentService } from '../experiments/experiment-service.ts';
import type { MeasuringService } from '../experiments/measuring-service.ts';
import { NotebookCells, notebookType } from './notebook-cells.ts';
import { PulledDiagnostics, type DiagnosticDelays } from './pulled-diagnostics.ts';
import type { RunService } from '../experiments/run-service.ts';
import { guardEvent, guardRequest } from './requests.ts';
import { askAbout, type ServerContext } from './server-context.ts';
import { ServerLog } from './server-log.ts';
import type { MachineProfile } from '../protocol/machine-profile.ts';
import { SettingsStore } from './settings-store.ts';
import { WorkspaceRuns } from './workspace-runs.ts';

/** What the composition root gives: all that touches the world. */
export interface ServerEnvironment {
  readonly startAnalysis: StartAnalysis;
  readonly layOut: LayOutDrawing;
  /** Absent where no trainer is installed: costs are shown all the same. */
  readonly runs?: RunService;
  readonly experiments?: ExperimentService;
  readonly measuring?: MeasuringService;
  readonly networks?: ServerContext['networks'];
  /** morphnet-torch as one file. */
  readonly torchModule?: () => string;
  /** What was measured of this machine, if it was. */
  readonly thisMachine?: () => MachineProfile | undefined;
  /** `refresh`: the pause in changes before what is shown elsewhere is refreshed. */
  readonly delaysMs: DiagnosticDelays & { readonly refresh: number };
}

/** What the client told us at the start. */
interface ClientSupport {
  readonly configuration: boolean;
  readonly watchedFiles: boolean;
  /** Whether files can be watched outside the workspace. */
  readonly watchedElsewhere: boolean;
  readonly workspaceFolders: boolean;
  /** Whether completion can be offered for some languages only. */
  readonly completion: boolean;
  readonly hintRefresh: boolean;
  readonly lensRefresh: boolean;
  readonly diagnosticRefresh: boolean;
}

/** Wires a connection; the caller makes it listen. Answers until the connection closes. */
export function startServer(connection: Connection, environment: ServerEnvironment): void {
  const server = new LanguageServer(connection, environment);
  server.register();
}

/** The questions that a request of the protocol asks about one document. */
type FeatureName = {
  readonly [Name in keyof AnalysisQuestions]: AnalysisQuestions[Name]['params'] extends {
    readonly textDocument: unknown;
  }
    ? Name
    : never;
}[keyof AnalysisQuestions];

class LanguageServer {
  readonly #connection: Connection;
  readonly #environment: ServerEnvironment;
  readonly #log: ServerLog;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #cells = new NotebookCells();
  readonly #analysis: AnalysisClient;
  readonly #context: ServerContext;
  readonly #diagnostics: PulledDiagnostics;
  readonly #runs: WorkspaceRuns;
  readonly #refresh: Debounced;
  readonly #reload: Debounced;
  #support: ClientSupport = {
    configuration: false,
    watchedFiles: false,
    watchedElsewhere: false,
    workspaceFolders: false,
    completion: false,
    hintRefresh: false,
    lensRefresh: false,
    diagnosticRefresh: false,
  };
  #roots: readonly string[] = [];
  /** Versions of open documents that analysis was told of. */
  readonly #toldVersions = new Map<string, number>();
  readonly #inBackground = new Set<string>();
  #libraryWatch: Disposable | undefined;
  /** Folders of installed libraries that may be read. */
  #libraries: readonly string[] = [];

  constructor(connection: Connection, environment: ServerEnvironment) {
    this.#connection = connection;
    this.#environment = environment;
    this.#log = new ServerLog(connection.console);
    const settings = new SettingsStore(
      this.#log,
      (scopeUri) => this.#askForSettings(scopeUri),
      environment.thisMachine,
    );
    this.#refresh = new Debounced(environment.delaysMs.refresh, () => void this.#refreshClient());
    this.#analysis = new AnalysisClient(environment.startAnalysis, {
      changed: () => {
        this.#refresh.schedule();
      },
      failed: (reason) => {
        this.#log.failure('Analysis', reason);
      },
    });
    this.#runs = new WorkspaceRuns(environment.runs, this.#analysis, this.#log, {
      grew: (params) => void connection.sendNotification('morphnet/runGrew', params),
      proposalsChanged: () => {
        this.#refresh.schedule();
      },
    });
    environment.experiments?.onGrew((summary) => void connection.sendNotification('morphnet/experimentGrew', summary));
    const reload = guardEvent(this.#log, 'Runs', () => this.#runs.load());
    this.#reload = new Debounced(environment.delaysMs.refresh, () => void reload());
    this.#context = {
      analysis: this.#analysis,
      cells: this.#cells,
      settings,
      log: this.#log,
      runs: this.#runs,
      experiments: environment.experiments,
      measuring: environment.measuring && {
        service: environment.measuring,
        progress: (share) => void connection.sendNotification('morphnet/measuring', { share }),
        stored: () => {
          settings.forget();
          this.#refresh.schedule();
        },
      },
      networks: environment.networks,
      layOut: rememberingLayout(environment.layOut),
      torchModule: environment.torchModule,
    };
    this.#diagnostics = new PulledDiagnostics(this.#context, environment.delaysMs);
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
    const { workspace, textDocument } = capabilities;
    const canResolve = textDocument?.codeAction?.resolveSupport?.properties.includes('edit') === true;
    const canPreview = workspace?.workspaceEdit?.changeAnnotationSupport !== undefined;
    this.#support = {
      configuration: workspace?.configuration === true,
      watchedFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
      watchedElsewhere: workspace?.didChangeWatchedFiles?.relativePatternSupport === true,
      workspaceFolders: workspace?.workspaceFolders === true,
      completion: textDocument?.completion?.dynamicRegistration === true,
      hintRefresh: workspace?.inlayHint?.refreshSupport === true,
      lensRefresh: workspace?.codeLens?.refreshSupport === true,
      diagnosticRefresh: workspace?.diagnostics?.refreshSupport === true,
    };
    this.#analysis.tell({
      kind: 'client',
      canPreview,
      canResolve,
      refreshesHints: this.#support.hintRefresh,
    });
    this.#setRoots((workspaceFolders ?? []).map(({ uri }) => uri));
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        notebookDocumentSync: {
          notebookSelector: [{ notebook: { notebookType }, cells: [{ language: 'python' }] }],
        },
        inlayHintProvider: { resolveProvider: true },
        hoverProvider: true,
        codeLensProvider: {},
        codeActionProvider: {
          codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite],
          resolveProvider: true,
        },
        diagnosticProvider: { interFileDependencies: true, workspaceDiagnostics: false },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
      serverInfo: { name: 'MorphNet' },
    };
  }

  async #initialized(): Promise<void> {
    if (this.#support.configuration) {
      await this.#connection.client.register(DidChangeConfigurationNotification.type, { section: 'morphnet' });
    }
    // For these languages alone: in others nobody should wait for an answer that is always empty.
    if (this.#support.completion) {
      await this.#connection.client.register(CompletionRequest.type, {
        documentSelector: wordLanguages.map((language) => ({ language })),
        triggerCharacters: ['[', '=', ':', '"'],
      });
    }
    if (this.#support.watchedFiles) {
      const watchers: FileSystemWatcher[] = [
        ...[modelFilesPattern, '**/morphnet.json', '**/.morphnet/runs/*/proposal.json'].map((globPattern) => ({
          globPattern,
        })),
        // Of a folder that comes, goes or gets another name nothing but that is told.
        { globPattern: '**/*', kind: WatchKind.Create | WatchKind.Delete },
      ];
      await this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    if (this.#support.workspaceFolders) {
      this.#connection.workspace.onDidChangeWorkspaceFolders(
        guardEvent(this.#log, 'Workspace folders', ({ added, removed }) => {
          const gone = new Set(removed.map(({ uri }) => withoutSlash(uri)));
          this.#setRoots([...this.#roots.filter((root) => !gone.has(root)), ...added.map(({ uri }) => uri)]);
          this.#refresh.schedule();
        }),
      );
    }
    await this.#applyWindowSettings();
    await this.#runs.load();
  }

  async #shutdown(): Promise<void> {
    this.#refresh.cancel();
    this.#reload.cancel();
    await Promise.all([this.#runs.dispose(), this.#analysis.dispose()]);
  }

  #registerDocuments(): void {
    const documents = this.#documents;
    documents.onDidOpen(
      guardEvent(this.#log, 'Document', ({ document }) => {
        this.#tellText(document);
      }),
    );
    documents.onDidChangeContent(
      guardEvent(this.#log, 'Document', ({ document }) => {
        // The first content comes with the opening.
        if (document.version === this.#toldVersions.get(document.uri)) return;
        this.#diagnostics.edited(document.uri);
        this.#tellText(document);
      }),
    );
    documents.onDidClose(
      guardEvent(this.#log, 'Document', ({ document: { uri } }) => {
        this.#toldVersions.delete(uri);
        this.#analysis.tell({ kind: 'close', uri });
        this.#context.settings.forget(uri);
        this.#diagnostics.forget(uri);
      }),
    );
    documents.listen(this.#connection);
    this.#cells.listen(this.#connection, {
      changed: (notebook) => {
        for (const cell of this.#cells.cellsOf(notebook.uri)) this.#diagnostics.edited(cell);
        this.#analysis.tell({ kind: 'text', ...notebook });
        this.#refresh.schedule();
      },
      closed: (uri) => {
        this.#analysis.tell({ kind: 'close', uri });
        this.#context.settings.forget(uri);
      },
    });
    this.#connection.onDidChangeWatchedFiles(
      guardEvent(this.#log, 'Watched files', ({ changes }) => {
        if (changes.some(({ uri }) => this.#runs.concerns(uri))) this.#reload.schedule();
        const uris = changes.map(({ uri }) => uri).filter((uri) => !uri.includes('/.morphnet/'));
        if (uris.length > 0) this.#analysis.tell({ kind: 'disk', uris });
      }),
    );
    this.#connection.onDidChangeConfiguration(
      guardEvent(this.#log, 'Settings', async () => {
        this.#context.settings.forget();
        await this.#applyWindowSettings();
        this.#refresh.schedule();
      }),
    );
  }

  #tellText(document: TextDocument): void {
    const { uri, version } = document;
    this.#toldVersions.set(uri, version);
    this.#analysis.tell({ kind: 'text', uri, version, text: document.getText() });
  }

  #registerFeatures(): void {
    const { languages } = this.#connection;
    languages.inlayHint.on(this.#feature('Inlay hints', 'inlay-hints', []));
    languages.inlayHint.resolve((hint, token) =>
      guardRequest(this.#log, 'Inlay hint', hint, async () =>
        askAbout(this.#context, uriOfHint(hint), 'inlay-hint', hint, token),
      )(hint, token),
    );
    languages.diagnostics.on(
      guardRequest<DocumentDiagnosticParams, DocumentDiagnosticReport, DiagnosticServerCancellationData>(
        this.#log,
        'Diagnostics',
        { kind: 'full', items: [] },
        (params, token) => this.#diagnostics.answer(params, token),
      ),
    );
    this.#connection.onHover(this.#feature('Hover', 'hover', null));
    const lenses = this.#feature('Code lenses', 'code-lenses', []);
    this.#connection.onCompletion(this.#feature('Completion', 'completion', []));
    this.#connection.onCodeLens(async (params, token) => {
      const listed = await lenses(params, token);
      void this.#readCommitted(params.textDocument.uri);
      return listed;
    });
    const actions = this.#feature('Code actions', 'code-actions', []);
    this.#connection.onCodeAction(async (params, token) => {
      const listed = await actions(params, token);
      // Whoever sees an action that sets widths may choose it: what its proof compares is read until then.
      const chosen = Array.isArray(listed) ? listed.find((action) => uriOfAction(action) !== undefined) : undefined;
      if (chosen !== undefined) void this.#readSiblings(uriOfAction(chosen) ?? '');
      return listed;
    });
    this.#connection.onCodeActionResolve((chosen, asked) =>
      guardRequest(this.#log, 'Code action', chosen, async (action: CodeAction, token) => {
        const resolved = await askAbout(this.#context, uriOfAction(action), 'code-action', action, token);
        if (!('refused' in resolved)) return resolved;
        // The editor shows this error in place of an edit.
        throw new ResponseError(LSPErrorCodes.RequestFailed, resolved.message);
      })(chosen, asked),
    );
  }

  async #readSiblings(uri: string): Promise<void> {
    await this.#askInBackground('siblings', 'Other models', uri);
  }

  async #readCommitted(uri: string): Promise<void> {
    const answer = await this.#askInBackground('committed', 'Models at the last commit', uri);
    if (answer?.isNews === true) this.#refresh.schedule();
  }

  /** Asks what nobody waits for, once at a time for a document. */
  async #askInBackground<Name extends 'siblings' | 'committed'>(
    name: Name,
    title: string,
    uri: string,
  ): Promise<AnalysisQuestions[Name]['answer'] | undefined> {
    const key = `${name} ${uri}`;
    if (this.#inBackground.has(key)) return undefined;
    this.#inBackground.add(key);
    try {
      return await this.#analysis.ask(name, { uri }, await this.#context.settings.of(uri), CancellationToken.None);
    } catch (error) {
      // A text that has changed meanwhile makes the answer useless, not wrong.
      if (!(error instanceof ResponseError)) this.#log.failure(title, error);
      return undefined;
    } finally {
      this.#inBackground.delete(key);
    }
  }

  /** The handler of a request about a document that the analysis thread answers. */
  #feature<Name extends FeatureName>(
    title: string,
    name: Name,
    fallback: AnalysisQuestions[Name]['answer'],
  ): (
    params: AnalysisQuestions[Name]['params'],
    token: CancellationToken,
  ) => Promise<AnalysisQuestions[Name]['answer'] | ResponseError> {
    return guardRequest(this.#log, title, fallback, (params, token) =>
      askAbout(this.#context, params.textDocument.uri, name, params, token),
    );
  }

  #setRoots(uris: readonly string[]): void {
    this.#roots = uris.map(withoutSlash);
    this.#tellFolders();
    this.#runs.setRoots(this.#roots);
  }

  #tellFolders(): void {
    this.#analysis.tell({ kind: 'folders', workspace: this.#roots, libraries: this.#libraries });
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
      this.#tellFolders();
      await this.#watchLibraries();
      this.#refresh.schedule();
    }
    this.#environment.runs?.setPaths({
      tfjsPath: settings.training.tfjsPath,
      python: settings.training.python,
      sitePackages,
    });
  }

  /** What is installed into folders outside the workspace is told by nobody else. */
  async #watchLibraries(): Promise<void> {
    this.#libraryWatch?.dispose();
    this.#libraryWatch = undefined;
    if (!this.#support.watchedElsewhere || this.#libraries.length === 0) return;
    const watchers = this.#libraries.map((baseUri) => ({ globPattern: { baseUri, pattern: '**/*-packages/*' } }));
    const own = this.#libraries.map((baseUri) => ({ globPattern: { baseUri, pattern: '*' } }));
    const wanted = { watchers: [...own, ...watchers] };
    this.#libraryWatch = await this.#connection.client.register(DidChangeWatchedFilesNotification.type, wanted);
  }

  /** Global requests: the client asks for everything visible anew. */
  async #refreshClient(): Promise<void> {
    const refresh = guardEvent(this.#log, 'Refresh', async () => {
      if (this.#support.hintRefresh) await this.#connection.languages.inlayHint.refresh();
      if (this.#support.lensRefresh) await this.#connection.sendRequest(CodeLensRefreshRequest.type);
      if (this.#support.diagnosticRefresh) await this.#connection.sendRequest(DiagnosticRefreshRequest.type);
    });
    await refresh();
  }
}

function withoutSlash(uri: string): string {
  return uri.endsWith('/') ? uri.slice(0, -1) : uri;
}

/** The document that a hint was given for, as the client sends it back. */
function uriOfHint(hint: InlayHint): string | undefined {
  const data: unknown = hint.data;
  const isObject = typeof data === 'object' && data !== null;
  return isObject && 'uri' in data && typeof data.uri === 'string' ? data.uri : undefined;
}
