// The view Runs in the activity bar: every run, iteration and sweep of the workspace, newest first, with what can be done with it.

import * as vscode from 'vscode';
import type { RunSummary } from '../../../server/src/protocol/run-files.ts';
import type { SweepFile } from '../../../server/src/protocol/sweep-file.ts';
import type { CommandId } from '../../../server/src/protocol/commands.ts';
import { runTitle } from '../commands/choose-run.ts';
import type { ServerConnection } from '../server-connection.ts';
import { runContext, runDescription, statusIcons, sweepDescription } from './run-rows.ts';

/** A row. `id` is what commands take that are chosen from its menu. */
export type RunRow =
  | { readonly kind: 'run'; readonly id: string; readonly run: RunSummary }
  | { readonly kind: 'sweep'; readonly id: string; readonly sweep: SweepFile };

/** News come several a second while a run trains. */
const pauseMs = 1000;

export class RunsView implements vscode.TreeDataProvider<RunRow>, vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #changes = new vscode.EventEmitter<undefined>();
  readonly #subscriptions: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changes.event;

  constructor(server: ServerConnection) {
    this.#server = server;
    const view = vscode.window.createTreeView('morphnet.runs', { treeDataProvider: this });
    this.#subscriptions = [
      view,
      server.onNotification('morphnet/runGrew', () => this.refreshSoon()),
      server.onNotification('morphnet/experimentGrew', () => this.refreshSoon()),
      server.onRestart(() => this.refreshSoon()),
    ];
  }

  /** Reads the list again within a moment. */
  refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changes.fire(undefined);
    }, pauseMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changes.dispose();
  }

  async getChildren(row?: RunRow): Promise<RunRow[]> {
    if (row !== undefined) return [];
    const [runs, sweeps] = await Promise.all([
      this.#server.request('morphnet/runs', {}),
      this.#server.request('morphnet/sweeps', {}),
    ]);
    const rows: readonly RunRow[] = [
      ...runs.map((run) => ({ kind: 'run', id: run.id, run }) as const),
      ...sweeps.map(({ id, sweep }) => ({ kind: 'sweep', id, sweep }) as const),
    ];
    return rows.toSorted((left, right) => right.id.localeCompare(left.id));
  }

  getTreeItem(row: RunRow): vscode.TreeItem {
    return row.kind === 'run' ? runItem(row.run) : sweepItem(row.id, row.sweep);
  }
}

function runItem(run: RunSummary): vscode.TreeItem {
  const item = new vscode.TreeItem(runTitle(run));
  item.id = run.id;
  item.description = runDescription(run);
  item.tooltip = [runTitle(run), runDescription(run), run.message, run.id]
    .filter((line) => line !== undefined)
    .join('\n');
  item.iconPath = new vscode.ThemeIcon(run.status === 'running' ? 'sync~spin' : statusIcons[run.status]);
  item.contextValue = runContext(run);
  item.accessibilityInformation = { label: `${runTitle(run)}, ${runDescription(run)}` };
  item.command = {
    command: 'morphnet.openDashboard' satisfies CommandId,
    title: 'Open Dashboard',
    arguments: [run.id],
  };
  return item;
}

function sweepItem(id: string, sweep: SweepFile): vscode.TreeItem {
  const { document, entry } = sweep.model;
  const item = new vscode.TreeItem(entry === '' ? (document.split('/').at(-1) ?? document) : entry);
  item.id = id;
  item.description = sweepDescription(sweep);
  item.iconPath = new vscode.ThemeIcon('graph-scatter');
  item.contextValue = 'sweep';
  item.command = {
    command: 'morphnet.showTradeOff' satisfies CommandId,
    title: 'Show Trade-off Curve',
    arguments: [id],
  };
  return item;
}
