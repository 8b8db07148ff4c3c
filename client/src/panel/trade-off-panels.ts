// The open trade-off curves, one a sweep: opens or reveals them, and takes them over again after a reload of the window.

import * as v from 'valibot';
import * as vscode from 'vscode';
import type { ServerConnection } from '../server-connection.ts';
import { TradeOffPanel } from './trade-off-panel.ts';

const viewType = 'morphnet.tradeOff';

/** What the page keeps with the editor (`setState`): which sweep it shows. */
const pageStateSchema = v.object({ run: v.pipe(v.string(), v.minLength(1)) });

export class TradeOffPanels implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #folder: vscode.Uri;
  readonly #panels = new Map<string, vscode.WebviewPanel>();
  readonly #serializer: vscode.Disposable;

  constructor(context: vscode.ExtensionContext, server: ServerConnection) {
    this.#server = server;
    this.#folder = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
    this.#serializer = vscode.window.registerWebviewPanelSerializer(viewType, {
      deserializeWebviewPanel: (panel, state: unknown) => {
        const restored = v.safeParse(pageStateSchema, state);
        if (restored.success && !this.#panels.has(restored.output.run)) this.#adopt(panel, restored.output.run);
        else panel.dispose();
        return Promise.resolve();
      },
    });
  }

  /** Shows a sweep's curve: the one that is open, or a new one beside the code. */
  open(sweepId: string): void {
    const known = this.#panels.get(sweepId);
    if (known !== undefined) {
      known.reveal();
      return;
    }
    const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    this.#adopt(vscode.window.createWebviewPanel(viewType, 'MorphNet', column), sweepId);
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of this.#panels.values()) panel.dispose();
    this.#panels.clear();
  }

  #adopt(panel: vscode.WebviewPanel, sweepId: string): void {
    const tradeOff = new TradeOffPanel(panel, this.#folder, this.#server, sweepId);
    this.#panels.set(sweepId, panel);
    panel.onDidDispose(() => {
      tradeOff.dispose();
      this.#panels.delete(sweepId);
    });
  }
}
