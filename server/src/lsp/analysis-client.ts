// The server's end of the analysis thread: questions go over, answers come back, and what was told is told again to a thread
// that has to take the place of one that died.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { LSPErrorCodes, ResponseError, type CancellationToken } from 'vscode-languageserver/node';
import type { AttachedProposal } from '../analysis/analysis-session.ts';
import type { Settings } from '../protocol/settings.ts';
import type {
  AnalysisInput,
  AnalysisQuestions,
  Asked,
  FromAnalysis,
  QuestionName,
  ToAnalysis,
} from './analysis-questions.ts';
import { SharedSignals } from './shared-signals.ts';

/** A thread that serves analysis on the other end of a port. */
export interface AnalysisThread {
  /** Called once, should the thread end by itself. */
  onEnd(listener: (reason: string) => void): void;
  end(): Promise<void>;
}

/** Starts a thread on its end of a port and on shared signals. Composed in main/. */
export type StartAnalysis = (port: MessagePort, signals: SharedArrayBuffer) => AnalysisThread;

/** What is said of the thread. */
export interface AnalysisListener {
  /** What is shown of these documents may have changed. */
  readonly changed: (uris: readonly string[]) => void;
  readonly failed: (reason: string) => void;
}

/** A file that kills its thread would do so for ever. */
const mostRestarts = 3;

interface Waiting {
  /** The other end answers a question of a name with that name's answer: both are built from the same table. */
  answer(answer: unknown): void;
  fail(error: Error): void;
}

export class AnalysisClient {
  readonly #start: StartAnalysis;
  readonly #listener: AnalysisListener;
  readonly #waiting = new Map<number, Waiting>();
  /** The inputs that hold, by what each is about: what a new thread has to know. */
  readonly #inputs = new Map<string, AnalysisInput>();
  readonly #proposals = new Map<string, AttachedProposal>();
  #signals = new SharedSignals();
  #port: MessagePort | undefined;
  #thread: AnalysisThread | undefined;
  #lastId = 0;
  #restarts = 0;

  constructor(start: StartAnalysis, listener: AnalysisListener) {
    this.#start = start;
    this.#listener = listener;
    this.#connect();
  }

  /** Tells of an input. Questions that follow are answered with it. */
  tell(input: AnalysisInput): void {
    this.#remember(input);
    this.#send(input);
  }

  /**
   * Asks. The answer is of the state at the time of asking; where a newer text has come in meanwhile, or the question was
   * cancelled, the promise is rejected with the protocol's error for that.
   */
  async ask<Name extends QuestionName>(
    name: Name,
    params: AnalysisQuestions[Name]['params'],
    settings: Settings,
    token: CancellationToken,
  ): Promise<AnalysisQuestions[Name]['answer']> {
    if (token.isCancellationRequested) throw cancelled();
    const id = ++this.#lastId;
    const signals = this.#signals;
    const listening = token.onCancellationRequested(() => {
      signals.cancel(id);
      // Nobody waits until the other thread has seen it.
      this.#heard({ kind: 'cancelled', id });
    });
    const question: Asked<Name> = { kind: 'question', id, name, params, settings };
    try {
      return await new Promise<AnalysisQuestions[Name]['answer']>((resolve, reject) => {
        this.#waiting.set(id, { answer: resolve, fail: reject });
        this.#send(question);
      });
    } finally {
      listening.dispose();
    }
  }

  /** The proposal that a document shows. */
  attachedProposal(document: string): AttachedProposal | undefined {
    return this.#proposals.get(document);
  }

  /** Shows a proposal in a document; undefined takes it back. */
  attachProposal(document: string, proposal: AttachedProposal | undefined): void {
    if (proposal === undefined) this.#proposals.delete(document);
    else this.#proposals.set(document, proposal);
    this.tell({ kind: 'proposal', uri: document, proposal });
  }

  async dispose(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#failAll(cancelled());
    this.#port?.close();
    await thread?.end();
  }

  #connect(): void {
    const { port1, port2 } = new MessageChannel();
    this.#signals = new SharedSignals();
    this.#port = port1;
    port1.on('message', (message: FromAnalysis) => {
      this.#heard(message);
    });
    const thread = this.#start(port2, this.#signals.memory);
    this.#thread = thread;
    thread.onEnd((reason) => {
      if (this.#thread === thread) this.#ended(reason);
    });
  }

  #ended(reason: string): void {
    this.#thread = undefined;
    this.#port?.close();
    this.#port = undefined;
    this.#failAll(new Error(`The analysis ended: ${reason}`));
    this.#listener.failed(reason);
    if (++this.#restarts > mostRestarts) return;
    this.#connect();
    for (const input of this.#inputs.values()) this.#send(input);
    this.#listener.changed([...this.#inputs.values()].flatMap((input) => (input.kind === 'text' ? [input.uri] : [])));
  }

  #heard(message: FromAnalysis): void {
    if (message.kind === 'changed') {
      this.#listener.changed(message.uris);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    switch (message.kind) {
      case 'answer':
        waiting?.answer(message.answer);
        break;
      case 'outdated':
        waiting?.fail(new ResponseError(LSPErrorCodes.ContentModified, 'The document has changed.'));
        break;
      case 'cancelled':
        waiting?.fail(cancelled());
        break;
      case 'failure':
        waiting?.fail(new AnalysisFailure(message.reason));
        break;
    }
  }

  #send(message: ToAnalysis): void {
    if (this.#port === undefined) {
      if (message.kind === 'question')
        this.#heard({ kind: 'failure', id: message.id, reason: 'The analysis has ended.' });
      return;
    }
    this.#port.postMessage(message);
    // The message is there before the number says so.
    this.#signals.countSent();
  }

  #remember(input: AnalysisInput): void {
    switch (input.kind) {
      case 'text':
        this.#inputs.set(`text ${input.uri}`, input);
        break;
      case 'close':
        this.#inputs.delete(`text ${input.uri}`);
        break;
      case 'file':
        this.#inputs.set(`file ${input.uri}`, input);
        break;
      case 'proposal':
        this.#inputs.set(`proposal ${input.uri}`, input);
        break;
      case 'folders':
      case 'client':
        this.#inputs.set(input.kind, input);
        break;
      case 'disk':
        // A new thread reads everything anew.
        break;
    }
  }

  #failAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.fail(error);
    this.#waiting.clear();
  }
}

/** A bug of ours on the other thread; the message is its description there. */
class AnalysisFailure extends Error {
  constructor(reason: string) {
    super(reason);
    // Where it happened stands in the description; where it was heard says nothing.
    this.stack = reason;
  }
}

function cancelled(): ResponseError {
  return new ResponseError(LSPErrorCodes.RequestCancelled, 'Cancelled');
}
