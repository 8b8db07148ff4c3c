// Times a few steps of a run while its settings are reviewed: anew where a setting changes what a step takes, and never two at once.

import * as vscode from 'vscode';
import type { Refusal } from '../../../server/src/protocol/lsp-extensions.ts';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import type { RunTime } from '../../../server/src/protocol/run-time.ts';
import { isRefusal } from '../messages.ts';

export type Timed =
  | { readonly kind: 'timing' }
  | { readonly kind: 'timed'; readonly time: RunTime }
  | { readonly kind: 'failed'; readonly reason: string };

/** Asks the server, which ends the steps when the token says so. */
export type AskForTime = (config: RunConfig, token: vscode.CancellationToken) => Promise<RunTime | Refusal>;

export class RunTimer implements vscode.Disposable {
  readonly #ask: AskForTime;
  readonly #changed: () => void;
  #subject = '';
  #known: Timed = { kind: 'timing' };
  #cancellation: vscode.CancellationTokenSource | undefined;

  /** `changed` is called when more is known. */
  constructor(ask: AskForTime, changed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** What is known of a run with these settings by now; timing begins with the first look. */
  of(config: RunConfig): Timed {
    const { model, data, batchSize, engine, threads, torch, optimizer, labelSmoothing } = config;
    const subject = JSON.stringify([model, data, batchSize, engine, threads, torch, optimizer, labelSmoothing]);
    if (subject !== this.#subject) {
      this.#subject = subject;
      this.#known = { kind: 'timing' };
      void this.#time(config, subject);
    }
    return this.#known;
  }

  dispose(): void {
    this.#subject = '';
    this.#cancellation?.cancel();
  }

  async #time(config: RunConfig, subject: string): Promise<void> {
    this.#cancellation?.cancel();
    const cancellation = new vscode.CancellationTokenSource();
    this.#cancellation = cancellation;
    const answer = await this.#answer(config, cancellation.token);
    cancellation.dispose();
    if (subject !== this.#subject) return;
    this.#known = answer;
    this.#changed();
  }

  async #answer(config: RunConfig, token: vscode.CancellationToken): Promise<Timed> {
    try {
      const time = await this.#ask(config, token);
      return isRefusal(time) ? { kind: 'failed', reason: time.message } : { kind: 'timed', time };
    } catch (error) {
      return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
  }
}
