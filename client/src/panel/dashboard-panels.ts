// The open dashboards, one a run: opens or reveals them, and takes them over again after a reload of the window.

import * as v from 'valibot';
import * as vscode from 'vscode';
import type { ServerConnection } from '../server-connection.ts';
import { DashboardPanel } from './dashboard-panel.ts';

const viewType = 'morphnet.dashboard';

/** What the page keeps with the editor (`setState`): which run it shows. */
const pageStateSchema = v.object({ run: v.pipe(v.string(), v.minLength(1)) });

export class DashboardPanels implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #folder: vscode.Uri;
  readonly #panels = new Map<string, DashboardPanel>();
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

  /** Shows a run's dashboard: the one that is open, or a new one beside the code. */
  open(runId: string): void {
    const known = this.#panels.get(runId);
    if (known !== undefined) {
      known.reveal();
      return;
    }
    const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    this.#adopt(vscode.window.createWebviewPanel(viewType, 'MorphNet', column), runId);
  }

  /** Reads what a run's folder holds beside its log once more, if its dashboard is open. */
  refresh(runId: string): void {
    this.#panels.get(runId)?.refresh();
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of this.#panels.values()) panel.dispose();
    this.#panels.clear();
  }

  #adopt(panel: vscode.WebviewPanel, runId: string): void {
    const dashboard = new DashboardPanel(panel, this.#folder, this.#server, runId);
    this.#panels.set(runId, dashboard);
    panel.onDidDispose(() => {
      dashboard.dispose();
      this.#panels.delete(runId);
    });
  }
}
