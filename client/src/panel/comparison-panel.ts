// Runs side by side: sends them to their page, and again when one of them grew. The panel's subject is the list of their ids.

import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { fromPageSchema, type FromPage } from '../../../server/src/protocol/webview-messages.ts';
import { executeCommand } from '../commands/register-command.ts';
import { countingConvention } from '../counting-convention.ts';
import { isRefusal, showFailure } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { dashboardHtml } from './dashboard-html.ts';
import { hearPage } from './hear-page.ts';
import { saveChart, savePage } from './save-export.ts';

/** News come several a second while a run trains. */
const pauseMs = 2000;

const idsSchema = v.array(v.string());

/** Runs as one text, which the editor keeps across reloads. */
export function comparisonSubject(ids: readonly string[]): string {
  return JSON.stringify(ids);
}

export class ComparisonPanel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #server: ServerConnection;
  readonly #folder: vscode.Uri;
  readonly #ids: readonly string[];
  readonly #subscriptions: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;

  /** Takes over the panel, whether new or restored by the editor. `folder` holds the page's script and style. */
  constructor(panel: vscode.WebviewPanel, folder: vscode.Uri, server: ServerConnection, subject: string) {
    this.#panel = panel;
    this.#server = server;
    this.#folder = folder;
    this.#ids = idsOf(subject);
    panel.title = 'MorphNet: Compared Runs';
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#subscriptions = [
      hearPage(webview, fromPageSchema, 'Comparing runs', (message) => this.#answer(message)),
      server.onNotification('morphnet/runGrew', ({ id }) => {
        if (this.#ids.includes(id)) this.#schedule();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('morphnet.convention')) this.#schedule();
      }),
    ];
    webview.html = dashboardHtml({
      scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.js')).toString(),
      styleUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.css')).toString(),
      styleSource: webview.cspSource,
      nonce: randomBytes(24).toString('base64url'),
      runId: subject,
    });
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send().catch((error: unknown) => showFailure('Comparing runs', error));
    }, pauseMs);
  }

  async #answer(message: FromPage): Promise<void> {
    switch (message.kind) {
      case 'ready':
        return this.#send();
      case 'save-chart':
        return saveChart(message);
      case 'save-page':
        return savePage(message, this.#panel.title, this.#folder);
      case 'point':
        if (message.act === 'open') return executeCommand('morphnet.openDashboard', message.run);
        return executeCommand('morphnet.applyProposal', message.run);
      case 'stop':
      case 'pause':
      case 'resume':
      case 'apply':
      case 'write-file':
      case 'expand':
      case 'retrain':
      case 'compare':
      case 'show-in-code':
        // Buttons of one run's page.
        return;
    }
  }

  async #send(): Promise<void> {
    const snapshots = await Promise.all(this.#ids.map((id) => this.#server.request('morphnet/runSnapshot', { id })));
    const runs = snapshots.flatMap((snapshot) => (isRefusal(snapshot) ? [] : snapshot));
    const [refused] = snapshots.filter(isRefusal);
    await this.#panel.webview.postMessage(
      runs.length < 2 && refused !== undefined
        ? { kind: 'refused', message: refused.message }
        : { kind: 'comparison', runs, convention: countingConvention() },
    );
  }
}

function idsOf(subject: string): readonly string[] {
  try {
    const checked = v.safeParse(idsSchema, JSON.parse(subject));
    if (checked.success) return checked.output;
  } catch {
    // What the editor kept is of another version.
  }
  return [];
}
