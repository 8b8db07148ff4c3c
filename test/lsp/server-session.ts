// The real server over two in-memory streams, with a client that does what an editor does and files in a folder of its own.

import { mkdtempSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  createConnection,
  createProtocolConnection,
  CodeActionRequest,
  CodeActionResolveRequest,
  CodeLensRequest,
  ConfigurationRequest,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticRequest,
  CompletionRequest,
  HoverRequest,
  type CompletionItem,
  InitializedNotification,
  InitializeRequest,
  InlayHintRefreshRequest,
  InlayHintRequest,
  InlayHintResolveRequest,
  LogMessageNotification,
  LSPErrorCodes,
  RegistrationRequest,
  ResponseError,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type CancellationToken,
  type CodeAction,
  type CodeLens,
  type Command,
  type Diagnostic,
  type DocumentDiagnosticReport,
  type Hover,
  type InlayHint,
  type ProtocolConnection,
  type Range,
} from 'vscode-languageserver/node';
import { torchModule } from '../../scripts/torch-module.ts';
import { createRunNetworks } from '../../server/src/experiments/run-network-service.ts';
import { layOut } from '../../server/src/analysis/layered-layout.ts';
import { analysisHere } from './analysis-here.ts';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import type { Result } from '../../server/src/common/problem.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';
import type { RunSnapshot, RunSummary } from '../../server/src/protocol/run-files.ts';
import type {
  ServerNotifications,
  ServerRequestName,
  ServerRequests,
} from '../../server/src/protocol/lsp-extensions.ts';
import type { QueuedTraining, RunService, RunGrowth, StopAnswer } from '../../server/src/experiments/run-service.ts';
import { afterEvent, newState } from '../../server/src/runs/run-state.ts';
import { summaryOf } from '../../server/src/runs/run-summaries.ts';
import type { ProcessPaths } from '../../server/src/jobs/training-queue.ts';
import { startServer, type ServerEnvironment } from '../../server/src/lsp/server.ts';

/** A folder of its own for one test, gone after it. */
export class TestWorkspace implements Disposable {
  readonly folder: string;

  constructor(folder = realpathSync(mkdtempSync(join(tmpdir(), 'morphnet-lsp-')))) {
    this.folder = folder;
  }

  /** A folder in this one as a workspace. */
  inner(name: string): TestWorkspace {
    mkdirSync(this.pathOf(name), { recursive: true });
    return new TestWorkspace(this.pathOf(name));
  }

  get uri(): string {
    return pathToFileURL(this.folder).toString();
  }

  uriOf(name: string): string {
    return `${this.uri}/${name}`;
  }

  pathOf(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.pathOf(name)), { recursive: true });
    writeFileSync(this.pathOf(name), text);
  }

  /** Paths of all files in it, relative. */
  files(): readonly string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs as they would stand in a workspace's folder, and a trainer that does what a test says. */
/** A run as lists have it. */
function inShort(run: RunSnapshot): RunSummary {
  return summaryOf(
    run.folder,
    run.config,
    run.events.reduce(afterEvent, newState),
    run.proposal !== undefined,
    run.status,
  );
}

export class GivenRuns implements RunService {
  #runs: RunSnapshot[];
  #listener: (growth: RunGrowth) => void = () => undefined;
  /** Ids of runs that the server asked to stop. */
  readonly stopped: string[] = [];
  /** Ids of runs that it asked to pause. */
  readonly paused: string[] = [];
  /** Where it was told that processes find what they load and read. */
  paths: ProcessPaths | undefined;
  /** What the server asked to train. */
  readonly started: { readonly folder: string; readonly config: RunConfig; readonly network: NetworkGraph }[] = [];

  constructor(runs: readonly RunSnapshot[] = []) {
    this.#runs = [...runs];
  }

  /** What stands on disk changes. */
  replace(runs: readonly RunSnapshot[]): void {
    this.#runs = [...runs];
  }

  list(): ReturnType<RunService['list']> {
    const runs = this.#runs.toSorted((left, right) => right.id.localeCompare(left.id)).map(inShort);
    return Promise.resolve({ runs, unreadable: [] });
  }

  /** Their folders are called by their ids alone. */
  find(_workspace: string, id: string): string | undefined {
    return this.#runs.find((known) => known.id === id)?.folder;
  }

  read(folder: string): Promise<Result<RunSnapshot>> {
    const run = this.#runs.find((known) => known.folder === folder);
    return Promise.resolve(run === undefined ? { ok: false, error: `${folder} is gone.` } : { ok: true, value: run });
  }

  async summary(folder: string): ReturnType<RunService['summary']> {
    const run = await this.read(folder);
    return run.ok ? { ok: true, value: inShort(run.value) } : run;
  }

  async proposal(folder: string): ReturnType<RunService['proposal']> {
    const run = await this.read(folder);
    return run.ok ? { ok: true, value: run.value.proposal } : run;
  }

  engines(): ReturnType<RunService['engines']> {
    return Promise.reject(new Error('Not asked for here'));
  }

  setPaths(paths: ProcessPaths): void {
    this.paths = paths;
  }

  start(
    { workspace }: { readonly workspace: string },
    config: RunConfig,
    network: NetworkGraph,
  ): Promise<Result<QueuedTraining>> {
    this.started.push({ folder: workspace, config, network });
    const id = `started-${String(this.started.length)}`;
    const folder = join(workspace, '.morphnet/runs', id);
    this.#runs.push({ id, folder, status: 'queued', config, events: [] });
    return this.resume(folder);
  }

  async resume(folder: string): Promise<Result<QueuedTraining>> {
    const run = await this.read(folder);
    if (!run.ok) return run;
    const never = new Promise<never>(() => undefined);
    return { ok: true, value: { folder, summary: inShort(run.value), stop: () => undefined, ended: never } };
  }

  sweeps(): ReturnType<RunService['sweeps']> {
    return Promise.resolve([]);
  }

  dataSetOf(): ReturnType<RunService['dataSetOf']> {
    return Promise.resolve(undefined);
  }

  sweep(): ReturnType<RunService['sweep']> {
    return Promise.resolve(undefined);
  }

  unfinished(): ReturnType<RunService['unfinished']> {
    return Promise.resolve(undefined);
  }

  stop(folder: string, atOnce: boolean): StopAnswer {
    const id = basename(folder);
    if (this.stopped.includes(id) && !atOnce) return 'stopping';
    this.stopped.push(id);
    return 'asked';
  }

  pause(folder: string): StopAnswer {
    this.paused.push(basename(folder));
    return 'asked';
  }

  onGrew(listener: (growth: RunGrowth) => void): void {
    this.#listener = listener;
  }

  /** The trainer says something. */
  grow(growth: RunGrowth): void {
    this.#listener(growth);
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** What a test may say about its editor. */
export interface EditorOptions {
  /** The `morphnet` section of the settings. */
  readonly settings?: unknown;
  readonly analysis?: Parameters<typeof analysisHere>[0];
  readonly runs?: ServerEnvironment['runs'];
  /** Kept by the caller, who fills it before the server starts. */
  readonly workspace?: TestWorkspace;
  /** Pauses that the server makes; a millisecond each unless a test says so. */
  readonly delaysMs?: ServerEnvironment['delaysMs'];
  /** Whether the editor asks for an action's edit when it is chosen, as VS Code does; else all are listed with theirs. */
  readonly resolvesActions?: boolean;
}

/** An editor whose server has started, in a folder of its own. */
export async function openEditor(options: EditorOptions = {}): Promise<Editor> {
  const editor = new Editor(options);
  await editor.start();
  return editor;
}

/** An editor that talks to a server of its own. */
export class Editor implements AsyncDisposable {
  readonly #client: ProtocolConnection;
  readonly #waiting = new Set<{
    readonly event: EditorEvent;
    readonly isOver: () => boolean;
    readonly done: () => void;
  }>();
  readonly #texts = new Map<string, { version: number; text: string }>();
  /** Everything that the server logged. */
  readonly log: string[] = [];
  readonly workspace: TestWorkspace;
  readonly #resolvesActions: boolean;
  #settings: unknown;

  constructor({
    resolvesActions = false,
    settings,
    analysis = { frontends: [darknetFrontend] },
    runs = new GivenRuns(),
    workspace = new TestWorkspace(),
    delaysMs = { diagnostics: 1, halfTyped: 1, refresh: 1 },
  }: EditorOptions) {
    this.#settings = settings;
    this.#resolvesActions = resolvesActions;
    this.workspace = workspace;
    const up = new PassThrough();
    const down = new PassThrough();
    const server = createConnection(new StreamMessageReader(up), new StreamMessageWriter(down));
    const networks = createRunNetworks(workspace.folder);
    startServer(server, {
      startAnalysis: analysisHere(analysis),
      layOut: (drawing) => Promise.resolve(layOut(drawing)),
      runs,
      networks,
      torchModule,
      delaysMs,
    });
    server.listen();
    this.#client = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
    this.#client.onRequest(ConfigurationRequest.type, ({ items }) => items.map(() => this.#settings));
    this.#client.onRequest(RegistrationRequest.type, () => undefined);
    this.#client.onRequest(InlayHintRefreshRequest.type, () => {
      this.#happened('refresh');
    });
    this.#client.onNotification(LogMessageNotification.type, ({ message }) => {
      this.log.push(message);
      this.#happened('log');
    });
    this.#client.listen();
  }

  async start(): Promise<void> {
    const start = {
      processId: null,
      rootUri: null,
      workspaceFolders: [{ uri: this.workspace.uri, name: 'test' }],
      capabilities: {
        workspace: {
          configuration: true,
          workspaceFolders: true,
          didChangeWatchedFiles: { dynamicRegistration: true },
          didChangeConfiguration: { dynamicRegistration: true },
          inlayHint: { refreshSupport: true },
        },
        textDocument: {
          completion: { dynamicRegistration: true },
          ...(this.#resolvesActions && { codeAction: { resolveSupport: { properties: ['edit'] } } }),
        },
      },
    };
    await this.#client.sendRequest(InitializeRequest.type, start);
    await this.#client.sendNotification(InitializedNotification.type, {});
  }

  /** Writes a file and opens it. */
  async open(name: string, text: string, languageId = name.endsWith('.py') ? 'python' : 'darknet'): Promise<string> {
    this.workspace.write(name, text);
    const uri = this.workspace.uriOf(name);
    this.#texts.set(uri, { version: 1, text });
    await this.#client.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId, version: 1, text },
    });
    return uri;
  }

  /** Replaces the whole text in the editor; the file stays as it is. */
  async change(uri: string, text: string): Promise<number> {
    const version = (this.#texts.get(uri)?.version ?? 0) + 1;
    this.#texts.set(uri, { version, text });
    await this.#client.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
    return version;
  }

  async close(uri: string): Promise<void> {
    await this.#client.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  /** Hints as `line: label`, lines counted from 1. */
  async hints(uri: string, range = wholeDocument): Promise<readonly string[]> {
    return (await this.rawHints(uri, range)).map(
      ({ position, label }) =>
        `${String(position.line + 1)}: ${typeof label === 'string' ? label : label.map(({ value }) => value).join('')}`,
    );
  }

  async rawHints(uri: string, range = wholeDocument): Promise<readonly InlayHint[]> {
    return (await this.#client.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range })) ?? [];
  }

  hover(uri: string, line: number, character: number): Promise<Hover | null> {
    return this.#client.sendRequest(HoverRequest.type, { textDocument: { uri }, position: { line, character } });
  }

  async completion(uri: string, line: number, character: number): Promise<readonly CompletionItem[]> {
    const position = { line, character };
    const answer = await this.#client.sendRequest(CompletionRequest.type, { textDocument: { uri }, position });
    return answer === null || 'items' in answer ? [] : answer;
  }

  async lenses(uri: string, token?: CancellationToken): Promise<readonly CodeLens[]> {
    return (await this.#client.sendRequest(CodeLensRequest.type, { textDocument: { uri } }, token)) ?? [];
  }

  async actions(
    uri: string,
    line: number,
    diagnostics: readonly Diagnostic[] = [],
  ): Promise<readonly (Command | CodeAction)[]> {
    const at = { line, character: 0 };
    const range = { start: at, end: at };
    const params = { textDocument: { uri }, range, context: { diagnostics: [...diagnostics] } };
    return (await this.#client.sendRequest(CodeActionRequest.type, params)) ?? [];
  }

  resolveAction(action: CodeAction): Promise<CodeAction> {
    return this.#client.sendRequest(CodeActionResolveRequest.type, action);
  }

  /** Pulls diagnostics, as an editor does again and again, until a test accepts them. */
  async diagnostics(
    uri: string,
    accepts: (found: readonly Diagnostic[]) => boolean = () => true,
  ): Promise<readonly Diagnostic[]> {
    for (;;) {
      const report = await this.pull(uri);
      if (report?.kind === 'full' && accepts(report.items)) return report.items;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** One pull; undefined where the server says that the text has changed meanwhile. */
  async pull(uri: string, previousResultId?: string): Promise<DocumentDiagnosticReport | undefined> {
    const params = { textDocument: { uri }, ...(previousResultId !== undefined && { previousResultId }) };
    try {
      return await this.#client.sendRequest(DocumentDiagnosticRequest.type, params);
    } catch (error) {
      if (error instanceof ResponseError && error.code === LSPErrorCodes.ServerCancelled) return undefined;
      throw error;
    }
  }

  /** Waits until the server asks for hints to be refreshed. */
  refreshed(): Promise<void> {
    return this.#next('refresh', () => true);
  }

  /** Waits until the server has logged a text. */
  async logged(text: string): Promise<void> {
    const isOver = (): boolean => this.log.some((line) => line.includes(text));
    if (!isOver()) await this.#next('log', isOver);
  }

  async changeSettings(settings: unknown): Promise<void> {
    this.#settings = settings;
    await this.notify('workspace/didChangeConfiguration', { settings: null });
  }

  resolveHint(hint: InlayHint): Promise<InlayHint> {
    return this.#client.sendRequest(InlayHintResolveRequest.type, hint);
  }

  cancellableHover(uri: string, token: CancellationToken): Promise<Hover | null> {
    const params = { textDocument: { uri }, position: { line: 0, character: 0 } };
    return this.#client.sendRequest(HoverRequest.type, params, token);
  }

  request<Name extends ServerRequestName>(
    name: Name,
    params: ServerRequests[Name]['params'],
  ): Promise<ServerRequests[Name]['result']> {
    return this.#client.sendRequest(name, params);
  }

  /** A request as a hostile client would send it. */
  rawRequest(name: string, params: unknown): Promise<unknown> {
    return this.#client.sendRequest(name, params);
  }

  notify(name: string, params: unknown): Promise<void> {
    return this.#client.sendNotification(name, params);
  }

  /** Hears what the server tells by a name. */
  hear(name: string, listener: (params: unknown) => void): void {
    this.#client.onNotification(name, listener);
  }

  /** The next news of a run. */
  nextGrowth(): Promise<ServerNotifications['morphnet/runGrew']> {
    return new Promise((resolve) => {
      this.#client.onNotification('morphnet/runGrew', resolve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.sendRequest(ShutdownRequest.type);
    // The server's own end stays: what it still has to say goes nowhere, as when an editor is closed.
    this.#client.dispose();
    this.workspace[Symbol.dispose]();
  }

  /** Waits for an event after which a claim holds; a test that waits in vain times out. */
  #next(event: EditorEvent, isOver: () => boolean): Promise<void> {
    return new Promise((done) => this.#waiting.add({ event, isOver, done }));
  }

  #happened(event: EditorEvent): void {
    for (const waiting of this.#waiting) {
      if (waiting.event !== event || !waiting.isOver()) continue;
      this.#waiting.delete(waiting);
      waiting.done();
    }
  }
}

type EditorEvent = 'refresh' | 'log';

const wholeDocument: Range = { start: { line: 0, character: 0 }, end: { line: 1_000_000, character: 0 } };
