// One sweep's trade-off curve: sends the sweep to its page, and again when it changed. It is looked at every few seconds while
// it is in view, since not every file system tells of changes, and a strength takes minutes.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { ToPage } from '../../../server/src/protocol/webview-messages.ts';
import { showFailure } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { dashboardHtml } from './dashboard-html.ts';

const lookEveryMs = 3000;

/** Lives as long as its panel. */
export class TradeOffPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #server: ServerConnection;
  readonly #sweepId: string;
  /** What the page was sent last. */
  #sent = '';

  constructor(extension: vscode.Uri, server: ServerConnection, sweepId: string, model: string) {
    const folder = vscode.Uri.joinPath(extension, 'dist', 'webview');
    this.#server = server;
    this.#sweepId = sweepId;
    const options = { enableScripts: true, localResourceRoots: [folder] };
    const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    this.#panel = vscode.window.createWebviewPanel('morphnet.tradeOff', `MorphNet: ${model}`, column, options);
    const { webview } = this.#panel;
    // The page's only message here is that it is ready, and then it has nothing.
    const messages = webview.onDidReceiveMessage(() => {
      this.#sent = '';
      void this.#send();
    });
    const timer = setInterval(() => {
      if (this.#panel.visible && this.#sent !== '') void this.#send();
    }, lookEveryMs);
    this.#panel.onDidDispose(() => {
      clearInterval(timer);
      messages.dispose();
    });
    webview.html = dashboardHtml({
      scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.js')).toString(),
      styleUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.css')).toString(),
      styleSource: webview.cspSource,
      nonce: randomBytes(24).toString('base64url'),
      runId: sweepId,
    });
  }

  async #send(): Promise<void> {
    try {
      const sweeps = await this.#server.request('morphnet/sweeps', {});
      const found = sweeps.find(({ id }) => id === this.#sweepId);
      const message: ToPage =
        found === undefined
          ? { kind: 'refused', message: `The sweep ${this.#sweepId} can't be read any more.` }
          : { kind: 'sweep', sweep: found.sweep };
      const text = JSON.stringify(message);
      if (text === this.#sent) return;
      this.#sent = text;
      await this.#panel.webview.postMessage(message);
    } catch (error) {
      await showFailure('The trade-off curve', error);
    }
  }
}
