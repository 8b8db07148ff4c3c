// Decides when diagnostics are sent: after a pause in typing, for the newest text only, and only when they changed.

import type { PublishDiagnosticsParams } from 'vscode-languageserver/node';
import type { Cancellation } from '../common/cancellation.ts';
import { Debounced } from './debounce.ts';
import { documentDiagnostics } from './diagnostics.ts';
import { guardEvent, yieldToMessages } from './requests.ts';
import type { ServerContext } from './server-context.ts';

export class DiagnosticsPublisher {
  readonly #context: ServerContext;
  readonly #delayMs: number;
  readonly #send: (params: PublishDiagnosticsParams) => Promise<void>;
  readonly #analyzed: () => void;
  readonly #waiting = new Map<string, Debounced>();
  /** What the client shows, to leave out what it has. */
  readonly #shown = new Map<string, string>();

  /** `analyzed` is called when a document's analysis is whole. */
  constructor(
    context: ServerContext,
    delayMs: number,
    send: (params: PublishDiagnosticsParams) => Promise<void>,
    analyzed: () => void,
  ) {
    this.#analyzed = analyzed;
    this.#context = context;
    this.#delayMs = delayMs;
    this.#send = send;
  }

  /** To be called on whatever may change a document's diagnostics. */
  schedule(uri: string): void {
    let waiting = this.#waiting.get(uri);
    if (waiting === undefined) {
      const publish = guardEvent(this.#context.log, 'Diagnostics', () => this.#publish(uri));
      waiting = new Debounced(this.#delayMs, () => void publish());
      this.#waiting.set(uri, waiting);
    }
    waiting.schedule();
  }

  /** Takes a closed document's diagnostics back. */
  async forget(uri: string): Promise<void> {
    this.#waiting.get(uri)?.cancel();
    this.#waiting.delete(uri);
    if (this.#shown.delete(uri)) await this.#send({ uri, diagnostics: [] });
  }

  dispose(): void {
    for (const waiting of this.#waiting.values()) waiting.cancel();
    this.#waiting.clear();
  }

  async #publish(uri: string): Promise<void> {
    const document = this.#context.openDocument(uri);
    if (document === undefined) return;
    const { version } = document;
    const isCurrent = (): boolean => this.#context.openDocument(uri)?.version === version;
    // Nothing else can cancel this work: a newer text makes it stale, and the newer text's own turn comes.
    const cancellation: Cancellation = {
      get isCancellationRequested() {
        return !isCurrent();
      },
    };
    while (this.#context.session.analyzeNext(uri, cancellation)) await yieldToMessages();
    const diagnostics = await documentDiagnostics(this.#context, uri, cancellation);
    if (!isCurrent()) return;
    this.#analyzed();
    const shown = JSON.stringify(diagnostics);
    if ((this.#shown.get(uri) ?? '[]') === shown) return;
    this.#shown.set(uri, shown);
    await this.#send({ uri, version, diagnostics });
  }
}
