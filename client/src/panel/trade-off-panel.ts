// One sweep's trade-off curve: sends the sweep to its page, and again when it changed. It is looked at every few seconds while
// it is in view, since not every file system tells of changes, and a strength takes minutes.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { fromPageSchema, type FromPage, type ToPage } from '../../../server/src/protocol/webview-messages.ts';
import { executeCommand } from '../commands/register-command.ts';
import { showFailure } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { dashboardHtml } from './dashboard-html.ts';
import { hearPage } from './hear-page.ts';
import { saveChart, savePage } from './save-export.ts';

const lookEveryMs = 3000;

/** What is done with the run of a point. */
const pointCommands = {
  open: 'morphnet.openDashboard',
  apply: 'morphnet.applyProposal',
  retrain: 'morphnet.retrainRun',
} as const;

/** What a sweep's page is told until its file is there. */
const notYet = (id: string): string =>
  `The sweep ${id} has no sweep.json. It appears as the sweep begins, when the trainings before it have ended.`;

/** The training of sweeps in this window. */
export interface SweepTraining {
  isTrained(id: string): boolean;
  stop(id: string): Promise<void>;
  resume(id: string): Promise<void>;
}

/** Takes over the panel, whether new or restored by the editor; lives until it is disposed of. */
export class TradeOffPanel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #server: ServerConnection;
  readonly #training: SweepTraining;
  readonly #sweepId: string;
  readonly #folder: vscode.Uri;
  readonly #subscriptions: readonly vscode.Disposable[];
  /** What the page was sent last; absent before it is there. */
  #sent: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Questions so far, and the one whose answer is shown. */
  #looks = 0;
  #shownLook = 0;

  /** `folder` holds the page's script and style. */
  constructor(
    panel: vscode.WebviewPanel,
    folder: vscode.Uri,
    server: ServerConnection,
    training: SweepTraining,
    sweepId: string,
  ) {
    this.#panel = panel;
    this.#server = server;
    this.#training = training;
    this.#sweepId = sweepId;
    this.#folder = folder;
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#subscriptions = [
      hearPage(webview, fromPageSchema, 'The trade-off curve', (message) => this.#answer(message)),
      panel.onDidChangeViewState(() => this.#watch()),
    ];
    webview.html = dashboardHtml({
      scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.js')).toString(),
      styleUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.css')).toString(),
      styleSource: webview.cspSource,
      nonce: randomBytes(24).toString('base64url'),
      runId: sweepId,
    });
    this.#watch();
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #answer(message: FromPage): Promise<void> {
    switch (message.kind) {
      case 'ready':
        // A page that starts has nothing.
        this.#sent = '';
        break;
      case 'stop':
        await this.#training.stop(this.#sweepId);
        break;
      case 'resume':
        await this.#training.resume(this.#sweepId);
        break;
      case 'save-chart':
        await saveChart(message);
        return;
      case 'save-page':
        await savePage(message, this.#panel.title, this.#folder);
        return;
      case 'point':
        await executeCommand(pointCommands[message.act], `${this.#sweepId}/${message.run}`);
        return;
      default:
        return;
    }
    this.#look();
  }

  /** Looks at the file regularly exactly while the panel is in view. */
  #watch(): void {
    if (!this.#panel.visible) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#look(), lookEveryMs);
      this.#look();
    }
  }

  #look(): void {
    if (this.#sent === undefined) return;
    this.#send().catch(async (error: unknown) => {
      // Once: what fails now fails in three seconds as well.
      clearInterval(this.#timer);
      await showFailure('The trade-off curve', error);
    });
  }

  async #send(): Promise<void> {
    const look = ++this.#looks;
    const sweep = await this.#server.request('morphnet/sweep', { id: this.#sweepId });
    // A later answer was here before.
    if (look < this.#shownLook) return;
    this.#shownLook = look;
    if (sweep !== null) {
      const { document, entry } = sweep.model;
      this.#panel.title = `Trade-off: ${entry === '' ? vscode.Uri.parse(document).path.split('/').at(-1) : entry}`;
    }
    const isTrained = this.#training.isTrained(this.#sweepId);
    const message: ToPage =
      sweep === null ? { kind: 'refused', message: notYet(this.#sweepId) } : { kind: 'sweep', sweep, isTrained };
    const text = JSON.stringify(message);
    if (text === this.#sent) return;
    this.#sent = text;
    await this.#panel.webview.postMessage(message);
  }
}
