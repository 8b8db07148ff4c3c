// Decides when diagnostics are sent: after a pause in typing, for the newest text only, and only when they changed. One
// document has its turn at a time, the one that was looked at last first; those that nobody looks at have none.

import type { PublishDiagnosticsParams } from 'vscode-languageserver/node';
import type { Cancellation } from '../common/cancellation.ts';
import { Debounced } from './debounce.ts';
import { documentDiagnostics } from './diagnostics.ts';
import { guardEvent, yieldToMessages } from './requests.ts';
import type { ServerContext } from './server-context.ts';

/** Documents opened, edited or asked about last are looked at: more than an editor shows side by side. */
const mostLookedAt = 8;

export class DiagnosticsPublisher {
  readonly #context: ServerContext;
  readonly #delayMs: number;
  readonly #send: (params: PublishDiagnosticsParams) => Promise<void>;
  readonly #analyzed: () => void;
  readonly #waiting = new Map<string, Debounced>();
  /** Documents whose pause is over; the last one has its turn first. */
  readonly #due = new Set<string>();
  #isWorking = false;
  /** The document looked at last comes last. */
  readonly #lookedAt = new Set<string>();
  /** Documents that nobody looked at when their turn came. */
  readonly #passedOver = new Set<string>();
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
    this.#due.delete(uri);
    let waiting = this.#waiting.get(uri);
    if (waiting === undefined) {
      waiting = new Debounced(this.#delayMs, () => {
        this.#due.delete(uri);
        this.#due.add(uri);
        void this.#work();
      });
      this.#waiting.set(uri, waiting);
    }
    waiting.schedule();
  }

  /** Somebody opens, edits or asks about a document. */
  lookAt(uri: string): void {
    this.#lookedAt.delete(uri);
    this.#lookedAt.add(uri);
    const [oldest] = this.#lookedAt;
    if (this.#lookedAt.size > mostLookedAt && oldest !== undefined) this.#lookedAt.delete(oldest);
    if (this.#passedOver.delete(uri)) this.schedule(uri);
  }

  /** Takes a closed document's diagnostics back. */
  async forget(uri: string): Promise<void> {
    this.#waiting.get(uri)?.cancel();
    this.#waiting.delete(uri);
    this.#due.delete(uri);
    this.#lookedAt.delete(uri);
    this.#passedOver.delete(uri);
    if (this.#shown.delete(uri)) await this.#send({ uri, diagnostics: [] });
  }

  dispose(): void {
    for (const waiting of this.#waiting.values()) waiting.cancel();
    this.#waiting.clear();
    this.#due.clear();
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    const turn = guardEvent(this.#context.log, 'Diagnostics', (uri: string) => this.#turn(uri));
    for (let uri = [...this.#due].at(-1); uri !== undefined; uri = [...this.#due].at(-1)) {
      await turn(uri);
      await yieldToMessages();
    }
    this.#isWorking = false;
  }

  /** Evaluates one model of a document; when all are known, its diagnostics are sent. */
  async #turn(uri: string): Promise<void> {
    this.#due.delete(uri);
    if (!this.#lookedAt.has(uri)) this.#passedOver.add(uri);
    else if (this.#context.session.analyzeNext(uri)) this.#due.add(uri);
    else await this.#publish(uri);
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
    const diagnostics = await documentDiagnostics(this.#context, uri, cancellation);
    if (!isCurrent()) return;
    this.#analyzed();
    const shown = JSON.stringify(diagnostics);
    if ((this.#shown.get(uri) ?? '[]') === shown) return;
    this.#shown.set(uri, shown);
    await this.#send({ uri, version, diagnostics });
  }
}
