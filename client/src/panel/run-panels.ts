// The open panels of one kind, one a run, a sweep or a model: opens or reveals them, and takes them over again after a reload of the
// window.

import * as v from 'valibot';
import * as vscode from 'vscode';
import { activeDocument } from '../active-document.ts';
import type { ServerConnection } from '../server-connection.ts';
import { ComparisonPanel } from './comparison-panel.ts';
import { CostsPanel } from './costs-panel.ts';
import { DashboardPanel } from './dashboard-panel.ts';
import { TradeOffPanel, type SweepTraining } from './trade-off-panel.ts';

/** What the page keeps with the editor (`setState`): which run it shows. */
const pageStateSchema = v.object({ run: v.pipe(v.string(), v.minLength(1)) });

interface Page extends vscode.Disposable {
  reveal(): void;
}

export class RunPanels<P extends Page> implements vscode.Disposable {
  readonly #viewType: string;
  readonly #take: (panel: vscode.WebviewPanel, id: string) => P;
  readonly #pages = new Map<string, P>();
  readonly #serializer: vscode.Disposable;

  /** `take` fills a panel, whether new or restored by the editor. */
  constructor(viewType: string, take: (panel: vscode.WebviewPanel, id: string) => P) {
    this.#viewType = viewType;
    this.#take = take;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(viewType, {
      deserializeWebviewPanel: (panel, state: unknown) => {
        const restored = v.safeParse(pageStateSchema, state);
        if (restored.success && !this.#pages.has(restored.output.run)) this.#adopt(panel, restored.output.run);
        else panel.dispose();
        return Promise.resolve();
      },
    });
  }

  /** The open page of a run. */
  of(id: string): P | undefined {
    return this.#pages.get(id);
  }

  /** Shows a run's page: the one that is open, or a new one beside the code. */
  open(id: string): P {
    const known = this.#pages.get(id);
    if (known !== undefined) {
      known.reveal();
      return known;
    }
    const column = activeDocument() === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    return this.#adopt(vscode.window.createWebviewPanel(this.#viewType, 'MorphNet', column), id);
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const page of this.#pages.values()) page.dispose();
    this.#pages.clear();
  }

  #adopt(panel: vscode.WebviewPanel, id: string): P {
    const page = this.#take(panel, id);
    this.#pages.set(id, page);
    panel.onDidDispose(() => {
      page.dispose();
      this.#pages.delete(id);
    });
    return page;
  }
}

const pagesOf = (context: vscode.ExtensionContext): vscode.Uri =>
  vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');

/** The dashboards of runs. */
export function dashboardPanels(context: vscode.ExtensionContext, server: ServerConnection): RunPanels<DashboardPanel> {
  return new RunPanels('morphnet.dashboard', (panel, run) => new DashboardPanel(panel, pagesOf(context), server, run));
}

/** Runs side by side. */
export function comparisonPanels(
  context: vscode.ExtensionContext,
  server: ServerConnection,
): RunPanels<ComparisonPanel> {
  return new RunPanels(
    'morphnet.comparison',
    (panel, runs) => new ComparisonPanel(panel, pagesOf(context), server, runs),
  );
}

/** The tables of models' costs. */
export function costsPanels(context: vscode.ExtensionContext, server: ServerConnection): RunPanels<CostsPanel> {
  return new RunPanels('morphnet.costs', (panel, model) => new CostsPanel(panel, pagesOf(context), server, model));
}

/** The trade-off curves of sweeps. */
export function tradeOffPanels(
  context: vscode.ExtensionContext,
  server: ServerConnection,
  training: SweepTraining,
): RunPanels<TradeOffPanel> {
  return new RunPanels(
    'morphnet.tradeOff',
    (panel, sweep) => new TradeOffPanel(panel, pagesOf(context), server, training, sweep),
  );
}
