// Shows runs outside the dashboard: one status bar item, a notification with Cancel per run, and what to do at the end.

import * as vscode from 'vscode';
import type { CommandId } from '../../../server/src/protocol/commands.ts';
import type { ServerNotifications } from '../../../server/src/protocol/lsp-extensions.ts';
import type { RunSummary } from '../../../server/src/protocol/run-files.ts';
import { executeCommand } from '../commands/register-command.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { describeProgress, foldEvents, type RunView } from './run-view.ts';

interface FollowedRun {
  view: RunView;
  readonly title: string;
  /** Called on every change; absent until the notification is up. */
  report?: () => void;
}

const ended = (view: RunView): boolean => view.status !== 'running' && view.status !== 'queued';

export class RunProgress implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #item: vscode.StatusBarItem;
  readonly #runs = new Map<string, FollowedRun>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(server: ServerConnection) {
    this.#server = server;
    this.#item = vscode.window.createStatusBarItem('morphnet.run', vscode.StatusBarAlignment.Left);
    this.#item.name = 'MorphNet run';
    this.#subscriptions = [
      server.onNotification('morphnet/runGrew', (grew) => this.#grew(grew)),
      // Trainers end with the server that started them; the runs' folders say how far they came.
      server.onRestart(() => {
        for (const followed of this.#runs.values()) void this.#catchUp(followed);
      }),
    ];
  }

  /** Ids of runs that are being trained, oldest first. */
  get active(): readonly string[] {
    return [...this.#runs.values()].filter(({ view }) => !ended(view)).map(({ view }) => view.id);
  }

  /** Shows a run from now until it ends. */
  follow(run: RunSummary): void {
    if (this.#runs.has(run.id)) return;
    const { id, status, step, totalSteps } = run;
    const name = run.entry === '' ? vscode.workspace.asRelativePath(vscode.Uri.parse(run.uri)) : run.entry;
    const followed: FollowedRun = { view: { id, status, step, totalSteps }, title: name };
    this.#runs.set(id, followed);
    this.#showItem();
    void this.#notify(followed);
    void this.#catchUp(followed);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
    for (const followed of this.#runs.values()) followed.report?.();
  }

  #grew({ id, status, events }: ServerNotifications['morphnet/runGrew']): void {
    const followed = this.#runs.get(id);
    if (followed === undefined) return;
    followed.view = foldEvents(followed.view, status, events);
    this.#showItem();
    followed.report?.();
  }

  /** A short run may have ended before we listened; its folder says so. */
  async #catchUp(followed: FollowedRun): Promise<void> {
    const { id, totalSteps } = followed.view;
    const snapshot = await this.#server.request('morphnet/runSnapshot', { id }).catch(() => undefined);
    if (snapshot === undefined || isRefusal(snapshot)) return;
    followed.view = foldEvents({ id, status: snapshot.status, step: 0, totalSteps }, snapshot.status, snapshot.events);
    this.#showItem();
    followed.report?.();
  }

  async #notify(followed: FollowedRun): Promise<void> {
    const { id } = followed.view;
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `MorphNet: ${followed.title}`, cancellable: true },
      (progress, cancellation) =>
        new Promise<void>((resolve) => {
          let shown = 0;
          const report = (): void => {
            const { step, totalSteps } = followed.view;
            const share = totalSteps > 0 ? (100 * step) / totalSteps : 0;
            progress.report({ message: describeProgress(followed.view), increment: Math.max(0, share - shown) });
            shown = Math.max(shown, share);
            if (ended(followed.view)) resolve();
          };
          followed.report = report;
          cancellation.onCancellationRequested(() => void this.#stop(id));
          report();
        }),
    );
    // A run that is resumed later is followed anew.
    this.#runs.delete(id);
    this.#showItem();
    await this.#tellOutcome(followed);
  }

  async #stop(id: string): Promise<void> {
    const result = await this.#server.request('morphnet/stopRun', { id });
    if (isRefusal(result)) await showRefusal(result);
  }

  async #tellOutcome({ view, title }: FollowedRun): Promise<void> {
    const { id, outcome } = view;
    switch (view.status) {
      case 'finished': {
        const choice = await vscode.window.showInformationMessage(
          `MorphNet: ${title}: ${outcome ?? 'finished.'}`,
          'Apply',
          'Open dashboard',
        );
        if (choice === 'Apply') await executeCommand('morphnet.applyProposal', id);
        if (choice === 'Open dashboard') await executeCommand('morphnet.openDashboard', id);
        return;
      }
      case 'failed': {
        const choice = await vscode.window.showErrorMessage(
          `MorphNet: ${title} failed: ${outcome ?? 'the trainer ended without a word.'}`,
          'Open dashboard',
        );
        if (choice === 'Open dashboard') await executeCommand('morphnet.openDashboard', id);
        return;
      }
      case 'paused':
      case 'interrupted': {
        const came = view.status === 'paused' ? 'is paused' : 'stopped';
        const choice = await vscode.window.showInformationMessage(
          `MorphNet: ${title} ${came} at step ${view.step} of ${view.totalSteps}. What it learned is kept.`,
          'Resume',
          'Open dashboard',
        );
        if (choice === 'Resume') await executeCommand('morphnet.resumeRun', id);
        if (choice === 'Open dashboard') await executeCommand('morphnet.openDashboard', id);
        return;
      }
      case 'queued':
      case 'running':
        return;
    }
  }

  #showItem(): void {
    const active = [...this.#runs.values()].filter(({ view }) => !ended(view));
    const [first] = active;
    if (first === undefined) {
      this.#item.hide();
      return;
    }
    const more = active.length > 1 ? ` (+${active.length - 1})` : '';
    this.#item.text = `$(sync~spin) MorphNet ${describeProgress(first.view)}${more}`;
    this.#item.tooltip = new vscode.MarkdownString(
      active.map(({ title, view }) => `${title}: step ${view.step} of ${view.totalSteps}`).join('\n\n'),
    );
    this.#item.command = {
      command: 'morphnet.openDashboard' satisfies CommandId,
      title: 'Open Dashboard',
      arguments: [first.view.id],
    };
    this.#item.show();
  }
}
