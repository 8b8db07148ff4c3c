// Where a model's costs are, as colours: each line by its share of the chosen model's operations, in the overview ruler or at the beginning of the line.

import * as vscode from 'vscode';
import { modelLanguages } from '../../../server/src/protocol/languages.ts';
import { isRefusal } from '../messages.ts';
import { heatLines, heatSteps } from '../model-words.ts';
import type { ServerConnection } from '../server-connection.ts';

/** Typing goes on for a while before anybody looks at colours. */
const restMs = 700;

export class CostHeat implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #subscriptions: readonly vscode.Disposable[];
  #types: readonly vscode.TextEditorDecorationType[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Questions so far: an answer to an earlier one is of no use. */
  #asked = 0;

  constructor(server: ServerConnection) {
    this.#server = server;
    this.#subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.#schedule();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document === vscode.window.activeTextEditor?.document) this.#schedule();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration('morphnet')) return;
        this.#forget();
        this.#schedule();
      }),
    ];
    this.#schedule();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#forget();
  }

  #forget(): void {
    for (const type of this.#types) type.dispose();
    this.#types = [];
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#update(), restMs);
  }

  async #update(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const place = vscode.workspace.getConfiguration('morphnet').get<string>('hints.heat', 'overview ruler');
    if (place === 'off' || editor === undefined || !modelLanguages.includes(editor.document.languageId)) return;
    const asked = ++this.#asked;
    const uri = editor.document.uri.toString();
    // A server that is starting or gone is spoken of elsewhere; colours can wait.
    const costs = await this.#server.request('morphnet/costTable', { uri }).catch(() => undefined);
    if (asked !== this.#asked || costs === undefined) return;
    if (this.#types.length === 0) this.#types = heatSteps.map(({ color }) => decoration(place, color));
    const lines = isRefusal(costs) ? [] : heatLines(costs, uri);
    this.#types.forEach((type, step) => {
      const own = lines.filter((known) => known.step === step);
      editor.setDecorations(
        type,
        own.map(({ line }) => editor.document.lineAt(Math.min(line, editor.document.lineCount - 1)).range),
      );
    });
  }
}

function decoration(place: string, color: string): vscode.TextEditorDecorationType {
  const theme = new vscode.ThemeColor(color);
  return vscode.window.createTextEditorDecorationType(
    place === 'line'
      ? { isWholeLine: true, borderStyle: 'solid', borderWidth: '0 0 0 3px', borderColor: theme }
      : { overviewRulerColor: theme, overviewRulerLane: vscode.OverviewRulerLane.Left },
  );
}
