// The model of the active editor in the language status: what it is, what it costs at which input, and the ways to change that.

import * as vscode from 'vscode';
import { modelLanguages, ownLanguages } from '../../../server/src/protocol/languages.ts';
import type { ModelSummary } from '../../../server/src/protocol/lsp-extensions.ts';
import { statusText } from '../model-words.ts';
import type { ServerConnection } from '../server-connection.ts';

/** Documents that are models as a rule; of other languages' those are added that turn out to be one. */
const own: readonly vscode.DocumentFilter[] = ownLanguages.map((language) => ({ language }));
/** Typing goes on for a while before anybody reads a total. */
const restMs = 500;

export class LanguageStatus implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #model: vscode.LanguageStatusItem;
  readonly #input: vscode.LanguageStatusItem;
  readonly #device: vscode.LanguageStatusItem;
  readonly #subscriptions: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;

  constructor(server: ServerConnection) {
    this.#server = server;
    this.#model = vscode.languages.createLanguageStatusItem('morphnet.model', own);
    this.#model.name = 'MorphNet model';
    this.#model.text = 'MorphNet';
    this.#input = vscode.languages.createLanguageStatusItem('morphnet.input', own);
    this.#input.name = 'MorphNet input';
    this.#device = vscode.languages.createLanguageStatusItem('morphnet.device', own);
    this.#device.name = 'MorphNet device';
    this.#device.command = { command: 'morphnet.selectDevice', title: 'Select Device' };
    this.#subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.#schedule(0);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document === vscode.window.activeTextEditor?.document) this.#schedule(restMs);
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('morphnet')) this.#schedule(0);
      }),
    ];
    this.#schedule(restMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of [...this.#subscriptions, this.#model, this.#input, this.#device]) subscription.dispose();
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#update(), afterMs);
  }

  async #update(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined) return;
    if (!modelLanguages.includes(document.languageId)) {
      void vscode.commands.executeCommand('setContext', 'morphnet.hasModel', false);
      return;
    }
    this.#device.text = vscode.workspace.getConfiguration('morphnet').get('device', '');
    this.#device.detail = 'latency is estimated for it';
    this.#model.busy = true;
    try {
      const models = await this.#server.request('morphnet/models', { uri: document.uri.toString() });
      // A file of some other tool never has a word from us.
      const { scheme, fsPath } = document.uri;
      const isShown = models.length > 0 && !ownLanguages.includes(document.languageId);
      const selector = isShown ? [...own, { scheme, language: document.languageId, pattern: fsPath }] : own;
      for (const item of [this.#model, this.#input, this.#device]) item.selector = selector;
      this.#show(models);
      this.#model.severity = vscode.LanguageStatusSeverity.Information;
    } catch {
      this.#model.text = 'MorphNet: the server does not answer';
      this.#model.detail = 'the output channel says why';
      this.#model.severity = vscode.LanguageStatusSeverity.Error;
    } finally {
      this.#model.busy = false;
    }
  }

  #show(models: readonly ModelSummary[]): void {
    const [chosen] = models;
    // What is offered only where it can work asks for this.
    void vscode.commands.executeCommand('setContext', 'morphnet.hasModel', chosen !== undefined);
    this.#model.text = statusText(models);
    if (chosen === undefined) {
      this.#model.detail = 'no model was found';
      this.#model.command = undefined;
      this.#input.text = '';
      this.#input.command = undefined;
      return;
    }
    this.#model.detail =
      models.length === 1 ? chosen.totals : `${chosen.totals}; ${models.length - 1} more in this file`;
    this.#model.command =
      models.length === 1
        ? { command: 'morphnet.showCosts', title: 'Show Costs', arguments: [chosen.uri, chosen.entry] }
        : { command: 'morphnet.selectModel', title: 'Select Model', arguments: [chosen.uri] };
    this.#input.text = `Input ${chosen.input.map((shape) => shape.join('×')).join(', ')}`;
    this.#input.detail = chosen.isInputAssumed ? 'assumed, since nothing in the project tells it' : '';
    this.#input.command = { command: 'morphnet.setInput', title: 'Set Input', arguments: [chosen.uri, chosen.entry] };
  }
}
