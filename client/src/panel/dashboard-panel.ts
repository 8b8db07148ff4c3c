// One dashboard: routes its page's messages to the server and to commands, and the run's growth to its page.
// It holds no state of the run; a page that starts over is sent a fresh snapshot.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { ServerNotifications } from '../../../server/src/protocol/lsp-extensions.ts';
import { fromPageSchema, type FromPage, type ToPage } from '../../../server/src/protocol/webview-messages.ts';
import { toRange } from '../apply-edits.ts';
import { executeCommand } from '../commands/register-command.ts';
import { countingConvention } from '../counting-convention.ts';
import { isRefusal, showFailure } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { showSource } from '../show-source.ts';
import { dashboardHtml } from './dashboard-html.ts';
import { hearPage } from './hear-page.ts';
import { saveChart, savePage } from './save-export.ts';

type Growth = ServerNotifications['morphnet/runGrew'];

/** So much news is kept while the run's snapshot is on its way: a minute's. */
const mostHeld = 400;

export class DashboardPanel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #server: ServerConnection;
  readonly #runId: string;
  readonly #folder: vscode.Uri;
  readonly #subscriptions: vscode.Disposable[] = [];
  /** Growth that arrived while the page's snapshot was on its way; absent when growth goes straight on. */
  #held: Growth[] | undefined = [];
  /** The page could not be sent the run as it stands; the next news of it is a reason to try again. */
  #hasFailed = false;
  /** Counts the page's starts, so that a snapshot asked for by an earlier page is dropped. */
  #starts = 0;

  /** Takes over the panel, whether new or restored by the editor. `folder` holds the page's script and style. */
  constructor(panel: vscode.WebviewPanel, folder: vscode.Uri, server: ServerConnection, runId: string) {
    this.#panel = panel;
    this.#server = server;
    this.#runId = runId;
    this.#folder = folder;
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    // Everything listens before the page is there: its first message must not be missed.
    this.#subscriptions.push(
      hearPage(webview, fromPageSchema, 'The dashboard', (message) => this.#answer(message)),
      server.onNotification('morphnet/runGrew', (growth) => this.#grew(growth)),
      // Trainers end with the server that started them, and nobody told us: the run's folder says how it stands.
      server.onRestart(() => this.refresh()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('morphnet.convention')) {
          this.#post({ kind: 'convention', convention: countingConvention() });
        }
      }),
    );
    webview.html = dashboardHtml({
      scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.js')).toString(),
      styleUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dashboard.css')).toString(),
      styleSource: webview.cspSource,
      nonce: randomBytes(24).toString('base64url'),
      runId,
    });
  }

  /** Whether somebody can see it. */
  get isVisible(): boolean {
    return this.#panel.visible;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  /** Sends the run as it stands now, once the page is there. */
  refresh(): void {
    if (this.#starts > 0) void this.#sendSnapshot().catch((error: unknown) => showFailure('The dashboard', error));
  }

  dispose(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose();
  }

  #post(message: ToPage): void {
    void this.#panel.webview.postMessage(message);
  }

  async #answer(message: FromPage): Promise<void> {
    switch (message.kind) {
      case 'ready':
        return this.#sendSnapshot();
      case 'stop':
        return executeCommand('morphnet.stopRun', this.#runId);
      case 'pause':
        return executeCommand('morphnet.pauseRun', this.#runId);
      case 'resume':
        return executeCommand('morphnet.resumeRun', this.#runId);
      case 'apply':
        return this.#apply(
          message.expanded === true ? 'morphnet.applyExpanded' : 'morphnet.applyProposal',
          message.layer,
        );
      case 'write-file':
        return executeCommand(
          message.expanded === true ? 'morphnet.writeExpandedModel' : 'morphnet.writeSlimModel',
          this.#runId,
        );
      case 'expand':
        return executeCommand('morphnet.expandRun', this.#runId);
      case 'retrain':
        return executeCommand('morphnet.retrainRun', this.#runId);
      case 'compare':
        return executeCommand('morphnet.compareRuns', this.#runId);
      case 'show-in-code':
        return this.#showInCode(message.layer);
      case 'save-chart':
        return saveChart(message);
      case 'save-page':
        return savePage(message, this.#panel.title, this.#folder);
      case 'point':
        // Only the page of a sweep has points.
        return;
    }
  }

  #apply(command: 'morphnet.applyProposal' | 'morphnet.applyExpanded', layer: string | undefined): Promise<void> {
    return layer === undefined ? executeCommand(command, this.#runId) : executeCommand(command, this.#runId, layer);
  }

  async #sendSnapshot(): Promise<void> {
    const start = ++this.#starts;
    // What was held for an earlier snapshot is in this one.
    this.#held = [];
    this.#hasFailed = false;
    const snapshot = await this.#server.request('morphnet/runSnapshot', { id: this.#runId }).catch((error: unknown) => {
      if (start === this.#starts) this.#giveUp();
      throw error;
    });
    if (start !== this.#starts) return;
    if (isRefusal(snapshot)) {
      this.#giveUp();
      this.#post({ kind: 'refused', message: snapshot.message });
      return;
    }
    const file = vscode.Uri.parse(snapshot.config.model.document).path.split('/').at(-1);
    const model = snapshot.config.model.entry === '' ? file : snapshot.config.model.entry;
    this.#panel.title = `MorphNet: ${model ?? this.#runId}`;
    this.#post({ kind: 'snapshot', snapshot, convention: countingConvention() });
    const held = this.#held;
    this.#held = undefined;
    for (const growth of held) this.#sendGrowth(growth);
  }

  /** What was held back is in the next snapshot. */
  #giveUp(): void {
    this.#held = [];
    this.#hasFailed = true;
  }

  #grew(growth: Growth): void {
    if (growth.id !== this.#runId) return;
    if (this.#held === undefined) this.#sendGrowth(growth);
    else if (this.#hasFailed) this.refresh();
    else if (this.#held.length < mostHeld) this.#held.push(growth);
    // The answer takes so long that what it lacks is better asked for again than kept.
    else this.refresh();
  }

  #sendGrowth({ status, events, structure, proposal }: Growth): void {
    this.#post({
      kind: 'grew',
      status,
      events,
      ...(structure !== undefined && { structure }),
      ...(proposal !== undefined && { proposal }),
    });
  }

  async #showInCode(layer: string): Promise<void> {
    const place = await this.#server.request('morphnet/layerLocation', { id: this.#runId, layer });
    if (isRefusal(place)) {
      this.#post({ kind: 'refused', message: place.message });
      return;
    }
    await showSource(vscode.Uri.parse(place.uri, true), toRange(place.range));
  }
}
