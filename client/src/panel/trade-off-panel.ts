// One sweep's trade-off curve: sends the sweep to its page, and again whenever the sweep's file changes.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { ToPage } from '../../../server/src/protocol/webview-messages.ts';
import { showFailure } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { dashboardHtml } from './dashboard-html.ts';

/** Lives as long as its panel. */
export class TradeOffPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #server: ServerConnection;
  readonly #sweepId: string;

  constructor(extension: vscode.Uri, server: ServerConnection, sweepId: string, model: string) {
    const folder = vscode.Uri.joinPath(extension, 'dist', 'webview');
    this.#server = server;
    this.#sweepId = sweepId;
    const options = { enableScripts: true, localResourceRoots: [folder] };
    const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    this.#panel = vscode.window.createWebviewPanel('morphnet.tradeOff', `MorphNet: ${model}`, column, options);
    const { webview } = this.#panel;
    const files = vscode.workspace.createFileSystemWatcher('**/.morphnet/sweeps/*/sweep.json');
    const subscriptions = [
      files,
      // The page's only message here is that it is ready.
      webview.onDidReceiveMessage(() => void this.#send()),
      files.onDidChange(() => void this.#send()),
      files.onDidCreate(() => void this.#send()),
    ];
    this.#panel.onDidDispose(() => {
      for (const subscription of subscriptions) subscription.dispose();
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
      await this.#panel.webview.postMessage(message);
    } catch (error) {
      await showFailure('The trade-off curve', error);
    }
  }
}
