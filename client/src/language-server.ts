// The language server's life in the client: started on first need, off the activation path, and shown as a ServerConnection.

import type { ChildProcess } from 'node:child_process';
import * as vscode from 'vscode';
import { modelLanguages } from '../../server/src/protocol/languages.ts';
import type {
  ServerNotificationName,
  ServerNotifications,
  ServerRequestName,
  ServerRequests,
} from '../../server/src/protocol/lsp-extensions.ts';
import type { LanguageClient } from './language-client.ts';
import { KnownInterpreter } from './python-interpreter.ts';
import type { ServerConnection } from './server-connection.ts';
import { startServerProcess } from './server-process.ts';

/** Documents that the server is told about. Untitled ones have costs too; they cannot be trained. */
const documentSelector = [
  ...['file', 'untitled'].flatMap((scheme) => modelLanguages.map((language) => ({ scheme, language }))),
  // What it names is checked where it stands.
  ...['json', 'jsonc'].map((language) => ({ scheme: 'file', language, pattern: '**/morphnet.json' })),
  // Code cells, of which the server makes one document a notebook.
  { notebook: 'jupyter-notebook', language: 'python' },
];

type Emitters = { readonly [Name in ServerNotificationName]: vscode.EventEmitter<ServerNotifications[Name]> };

export class LanguageServer implements ServerConnection, vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #emitters: Emitters = {
    'morphnet/runGrew': new vscode.EventEmitter(),
    'morphnet/experimentGrew': new vscode.EventEmitter(),
    'morphnet/measuring': new vscode.EventEmitter(),
  };
  readonly #restarts = new vscode.EventEmitter<void>();
  readonly #interpreter = new KnownInterpreter();
  #starting: Promise<LanguageClient> | undefined;
  #disposed = false;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
  }

  /** Starts the server if it is not running; a failed start is tried again by the next call. */
  start(): Promise<LanguageClient> {
    this.#starting ??= this.#launch().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async request<Name extends ServerRequestName>(
    name: Name,
    params: ServerRequests[Name]['params'],
    token?: vscode.CancellationToken,
  ): Promise<ServerRequests[Name]['result']> {
    const client = await this.start();
    // A token that is not there would be sent as a second parameter.
    return token === undefined
      ? client.sendRequest<ServerRequests[Name]['result']>(name, params)
      : client.sendRequest<ServerRequests[Name]['result']>(name, params, token);
  }

  onNotification<Name extends ServerNotificationName>(
    name: Name,
    listener: (params: ServerNotifications[Name]) => void,
  ): vscode.Disposable {
    return this.#emitters[name].event(listener);
  }

  onRestart(listener: () => void): vscode.Disposable {
    return this.#restarts.event(listener);
  }

  async stop(): Promise<void> {
    this.#disposed = true;
    const client = await this.#starting?.catch(() => undefined);
    await client?.stop();
  }

  dispose(): void {
    void this.stop();
  }

  async #launch(): Promise<LanguageClient> {
    if (this.#disposed) throw new Error('The extension is shutting down.');
    // The server starts while the library that speaks to it is compiled.
    const program = this.#context.asAbsolutePath('dist/lsp.cjs');
    let early: ChildProcess | undefined = startServerProcess(program);
    const { LanguageClient: Client, State } = await import('./language-client.ts');
    const client = new Client(
      'morphnet',
      'MorphNet',
      // Called again whenever the server has to take the place of one that died.
      () => {
        const process = early ?? startServerProcess(program);
        early = undefined;
        return Promise.resolve(process);
      },
      {
        documentSelector,
        diagnosticCollectionName: 'morphnet',
        // Diagnostics of what is shown are asked for when its text changes and when it is looked at again.
        diagnosticPullOptions: { onChange: true, onFocus: true },
        middleware: {
          workspace: {
            configuration: async (params, token, next) => {
              const sections = await next(params, token);
              return Array.isArray(sections) ? sections.map((section) => this.#interpreter.into(section)) : sections;
            },
          },
        },
      },
    );
    // Both ends are built from the same protocol files, so what arrives under a name has that name's type.
    client.onNotification('morphnet/runGrew', (params: ServerNotifications['morphnet/runGrew']) =>
      this.#emitters['morphnet/runGrew'].fire(params),
    );
    client.onNotification('morphnet/experimentGrew', (params: ServerNotifications['morphnet/experimentGrew']) =>
      this.#emitters['morphnet/experimentGrew'].fire(params),
    );
    await client.start();
    this.#interpreter.ask(() => void client.sendNotification('workspace/didChangeConfiguration', { settings: null }));
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) this.#restarts.fire();
    });
    return client;
  }
}
