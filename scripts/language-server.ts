// The language server as a process, with an editor's side of the protocol: for measurements of what users wait for.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  CancellationTokenSource,
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type Diagnostic,
  type DocumentDiagnosticReport,
  type InlayHint,
  type ProtocolConnection,
  type Range,
} from 'vscode-languageserver/node';
import { serverNodeOptions } from '../client/src/server-node-options.ts';

export class LanguageServerProcess implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #connection: ProtocolConnection;
  readonly #folder: string;
  readonly #versions = new Map<string, number>();

  /**
   * Starts a bundle of the server as the extension does, on a workspace folder that is given as a URI; under this Node unless
   * another executable is named.
   */
  constructor(
    bundle: string,
    folder: string,
    {
      executable,
      environment,
    }: { readonly executable: string; readonly environment: Readonly<Record<string, string>> } = {
      executable: process.execPath,
      environment: {},
    },
  ) {
    this.#process = spawn(executable, [...serverNodeOptions, bundle, '--stdio'], {
      stdio: 'pipe',
      env: { ...process.env, ...environment },
    });
    this.#process.stderr.pipe(process.stderr);
    this.#connection = createProtocolConnection(
      new StreamMessageReader(this.#process.stdout),
      new StreamMessageWriter(this.#process.stdin),
    );
    this.#connection.onRequest('workspace/configuration', ({ items }: { readonly items: readonly unknown[] }) =>
      items.map(() => null),
    );
    this.#connection.onRequest('workspace/inlayHint/refresh', () => null);
    this.#connection.onRequest('workspace/diagnostic/refresh', () => null);
    this.#connection.listen();
    this.#folder = folder;
  }

  async start(): Promise<void> {
    await this.#connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: this.#folder,
      capabilities: {
        workspace: {
          workspaceFolders: true,
          inlayHint: { refreshSupport: true },
          diagnostics: { refreshSupport: true },
        },
      },
      workspaceFolders: [{ uri: this.#folder, name: 'measured' }],
    });
    await this.#connection.sendNotification('initialized', {});
  }

  async open(uri: string, text: string): Promise<void> {
    this.#versions.set(uri, 1);
    await this.#connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'python', version: 1, text },
    });
  }

  async change(uri: string, range: Range, text: string): Promise<void> {
    const version = (this.#versions.get(uri) ?? 0) + 1;
    this.#versions.set(uri, version);
    await this.#connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range, text }],
    });
  }

  async close(uri: string): Promise<void> {
    await this.#connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  /** The hints of some lines; a hundred, as an editor shows, unless said. */
  async hints(uri: string, first = 0, count = 100): Promise<readonly InlayHint[]> {
    const range = { start: { line: first, character: 0 }, end: { line: first + count, character: 0 } };
    const found: InlayHint[] | null = await this.#connection.sendRequest('textDocument/inlayHint', {
      textDocument: { uri },
      range,
    });
    return found ?? [];
  }

  /** The number of lenses of a document: all its models are evaluated for them. */
  async lenses(uri: string): Promise<number> {
    const found: readonly unknown[] | null = await this.#connection.sendRequest('textDocument/codeLens', {
      textDocument: { uri },
    });
    return found?.length ?? 0;
  }

  /** The lenses of a document, as a request that can be cancelled. */
  cancellableLenses(uri: string): { readonly answer: Promise<unknown>; readonly cancel: () => void } {
    const source = new CancellationTokenSource();
    const params = { textDocument: { uri } };
    const answer = this.#connection.sendRequest<unknown>('textDocument/codeLens', params, source.token);
    return {
      answer,
      cancel: () => {
        source.cancel();
      },
    };
  }

  /** Resolves when the process has computed next to nothing for a while: all work is done. */
  async quiet(): Promise<void> {
    for (let idle = 0, before = this.computedSeconds(); idle < 4;) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const now = this.computedSeconds();
      if (now === undefined || before === undefined) return;
      idle = now - before < 0.05 ? idle + 1 : 0;
      before = now;
    }
  }

  /** Whether a hover at a place says anything. */
  async hovers(uri: string, line: number, character: number): Promise<boolean> {
    const found: unknown = await this.#connection.sendRequest('textDocument/hover', {
      textDocument: { uri },
      position: { line, character },
    });
    return found !== null;
  }

  /** The diagnostics of a document. */
  async diagnostics(uri: string): Promise<readonly Diagnostic[]> {
    const report: DocumentDiagnosticReport = await this.#connection.sendRequest('textDocument/diagnostic', {
      textDocument: { uri },
    });
    return report.kind === 'full' ? report.items : [];
  }

  /** Memory that the process holds, in bytes: now, and the most so far. Undefined where the system does not say. */
  memory(): { readonly now: number; readonly most: number } | undefined {
    try {
      const status = readFileSync(`/proc/${String(this.#process.pid)}/status`, 'utf8');
      const bytes = (name: string): number => 1024 * Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1] ?? NaN);
      return { now: bytes('VmRSS'), most: bytes('VmHWM') };
    } catch {
      return undefined;
    }
  }

  /** Seconds that the process has computed so far, all its threads together; undefined where the system does not say. */
  computedSeconds(): number | undefined {
    try {
      const fields =
        readFileSync(`/proc/${String(this.#process.pid)}/stat`, 'utf8')
          .split(') ')
          .at(-1)
          ?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.sendRequest('shutdown');
    const ended = once(this.#process, 'exit');
    await this.#connection.sendNotification('exit');
    // It ends by itself, and keeps then what was compiled of it.
    const impatient = setTimeout(() => this.#process.kill(), 5000);
    await ended;
    clearTimeout(impatient);
    this.#connection.dispose();
  }
}
