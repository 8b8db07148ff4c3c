// Diagnostics are pulled by the client, for what it shows, after each change. An answer waits for a pause in typing, and for
// a longer one where it would tell of a new error in a text that is only half typed.

import {
  DocumentDiagnosticReportKind,
  LSPErrorCodes,
  ResponseError,
  type CancellationToken,
  type Diagnostic,
  type DocumentDiagnosticParams,
  type DocumentDiagnosticReport,
} from 'vscode-languageserver/node';
import { askAbout, type ServerContext } from './server-context.ts';

/** Pauses in typing, in ms. */
export interface DiagnosticDelays {
  /** Before diagnostics are worked out. */
  readonly diagnostics: number;
  /** Before an error is told that stands where something is half typed. */
  readonly halfTyped: number;
}

interface Told {
  readonly id: string;
  /** The diagnostics as text. */
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

export class PulledDiagnostics {
  readonly #context: ServerContext;
  readonly #delays: DiagnosticDelays;
  /** When each open document was last edited. */
  readonly #edited = new Map<string, number>();
  /** What the client was told last, by document. */
  readonly #told = new Map<string, Told>();
  #lastId = 0;

  constructor(context: ServerContext, delays: DiagnosticDelays) {
    this.#context = context;
    this.#delays = delays;
  }

  /** A document's text has changed by an edit. */
  edited(uri: string): void {
    this.#edited.set(uri, performance.now());
  }

  forget(uri: string): void {
    this.#edited.delete(uri);
    this.#told.delete(uri);
  }

  /** Answers a pull; one that is cancelled meanwhile, or whose text has changed, is to be asked for again. */
  async answer(params: DocumentDiagnosticParams, token: CancellationToken): Promise<DocumentDiagnosticReport> {
    const { uri } = params.textDocument;
    await this.#rest(uri, this.#delays.diagnostics, token);
    const diagnostics = await askAbout(this.#context, uri, 'diagnostics', params, token).catch((error: unknown) => {
      if (error instanceof ResponseError && error.code === LSPErrorCodes.ContentModified) throw askAgain();
      throw error;
    });
    const before = this.#told.get(uri);
    if (tellsOfHalfTyped(diagnostics, before?.diagnostics ?? [])) await this.#rest(uri, this.#delays.halfTyped, token);
    const text = JSON.stringify(diagnostics);
    if (before?.text === text && before.id === params.previousResultId)
      return { kind: DocumentDiagnosticReportKind.Unchanged, resultId: before.id };
    const told = { id: String(++this.#lastId), text, diagnostics };
    this.#told.set(uri, told);
    return { kind: DocumentDiagnosticReportKind.Full, resultId: told.id, items: diagnostics };
  }

  /** Waits until a document was left alone for so long. */
  async #rest(uri: string, restMs: number, token: CancellationToken): Promise<void> {
    const left = (this.#edited.get(uri) ?? -Infinity) + restMs - performance.now();
    if (left > 0 && !token.isCancellationRequested) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          listening.dispose();
          resolve();
        }, left);
        const listening = token.onCancellationRequested(() => {
          clearTimeout(timer);
          listening.dispose();
          resolve();
        });
      });
    }
    if (token.isCancellationRequested) throw askAgain();
  }
}

function askAgain(): ResponseError<{ readonly retriggerRequest: boolean }> {
  return new ResponseError(LSPErrorCodes.ServerCancelled, 'The document has changed.', { retriggerRequest: true });
}

/** Whether there is an error of notation that was not told before. */
function tellsOfHalfTyped(now: readonly Diagnostic[], before: readonly Diagnostic[]): boolean {
  const known = new Set(before.map(({ message }) => message));
  return now.some(({ code, message }) => String(code).split('-').includes('syntax') && !known.has(message));
}
