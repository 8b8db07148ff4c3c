// Shows commands of several trainings: a notification with Cancel each, a status bar item, and what to do at the end.

import * as vscode from 'vscode';
import type { MethodKind, MethodSummary, MethodTask } from '../../../server/src/protocol/method-messages.ts';
import { executeCommand } from '../commands/register-command.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import type { DashboardPanel } from '../panel/dashboard-panel.ts';
import type { RunPanels } from '../panel/run-panels.ts';
import type { ServerConnection } from '../server-connection.ts';
import { describeMethod, doneShare, hasEnded } from './method-view.ts';

interface FollowedMethod {
  summary: MethodSummary;
  /** Called on every change; absent until the notification is up. */
  report?: () => void;
}

const names: Readonly<Record<MethodKind, string>> = {
  retrain: 'Retraining',
  sweep: 'Sweep',
  iterate: 'Iteration',
};

const keyOf = ({ kind, id }: Pick<MethodSummary, 'kind' | 'id'>): string => `${kind} ${id}`;

export class MethodProgress implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #dashboards: RunPanels<DashboardPanel>;
  readonly #item: vscode.StatusBarItem;
  readonly #works = new Map<string, FollowedMethod>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(server: ServerConnection, dashboards: RunPanels<DashboardPanel>) {
    this.#server = server;
    this.#dashboards = dashboards;
    this.#item = vscode.window.createStatusBarItem('morphnet.method', vscode.StatusBarAlignment.Left);
    this.#item.name = 'MorphNet trainings';
    this.#subscriptions = [
      server.onNotification('morphnet/methodGrew', (summary) => this.#grew(summary)),
      // The processes end with the server that started them, each at a checkpoint.
      server.onRestart(() => {
        for (const { summary } of this.#works.values()) this.#grew({ ...summary, status: 'interrupted' });
      }),
    ];
  }

  /** Starts a work and shows it until it ends; undefined when it was refused, which the user has been told. */
  async start(task: MethodTask): Promise<MethodSummary | undefined> {
    const started = await this.#server.request('morphnet/startMethod', { task });
    if (isRefusal(started)) {
      await showRefusal(started);
      return undefined;
    }
    const followed: FollowedMethod = { summary: started };
    this.#works.set(keyOf(started), followed);
    this.#showItem();
    void this.#notify(followed, task);
    return started;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
  }

  #grew(summary: MethodSummary): void {
    const followed = this.#works.get(keyOf(summary));
    if (followed === undefined) return;
    followed.summary = summary;
    this.#showItem();
    followed.report?.();
  }

  async #notify(followed: FollowedMethod, task: MethodTask): Promise<void> {
    const { kind, id, model } = followed.summary;
    const title = `MorphNet: ${names[kind]} of ${model}`;
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, cancellation) =>
        new Promise<void>((resolve) => {
          let shown = 0;
          const report = (): void => {
            const done = doneShare(followed.summary);
            progress.report({ message: describeMethod(followed.summary), increment: Math.max(0, done - shown) });
            shown = Math.max(shown, done);
            if (hasEnded(followed.summary)) resolve();
          };
          followed.report = report;
          cancellation.onCancellationRequested(() => void this.#stop(kind, id));
          report();
        }),
    );
    this.#works.delete(keyOf(followed.summary));
    this.#showItem();
    await this.#tellOutcome(title, followed.summary, task);
  }

  async #stop(kind: MethodKind, id: string): Promise<void> {
    const result = await this.#server.request('morphnet/stopMethod', { kind, id });
    if (isRefusal(result)) await showRefusal(result);
  }

  async #tellOutcome(title: string, { kind, id, status, message }: MethodSummary, task: MethodTask): Promise<void> {
    if (kind === 'retrain') this.#dashboards.of(id)?.refresh();
    // An iteration has nothing to show before its last round has ended.
    const open = kind === 'iterate' && status !== 'finished' ? [] : [shown[kind]];
    if (status === 'finished') {
      const choice = await vscode.window.showInformationMessage(`${title} has ended.`, ...open);
      if (choice !== undefined) await this.#show(kind, id);
      return;
    }
    const resume = 'Go On';
    const choice =
      status === 'failed'
        ? await vscode.window.showErrorMessage(
            `${title} failed: ${message ?? 'it ended without a word.'}`,
            resume,
            ...open,
          )
        : await vscode.window.showInformationMessage(`${title} was stopped. What is done stays done.`, resume, ...open);
    if (choice === resume) await this.start(kind === 'retrain' ? task : { kind: 'go-on', what: kind, id });
    else if (choice !== undefined) await this.#show(kind, id);
  }

  #show(kind: MethodKind, id: string): Promise<void> {
    return kind === 'sweep'
      ? executeCommand('morphnet.showTradeOff', id)
      : executeCommand('morphnet.openDashboard', id);
  }

  #showItem(): void {
    const active = [...this.#works.values()].map(({ summary }) => summary).filter((summary) => !hasEnded(summary));
    const [first] = active;
    if (first === undefined) {
      this.#item.hide();
      return;
    }
    const { part } = first;
    const place = part === undefined ? '' : ` ${part.number} of ${part.of}`;
    const more = active.length > 1 ? ` (+${active.length - 1})` : '';
    this.#item.text = `$(sync~spin) ${names[first.kind]}${place}${more}`;
    this.#item.tooltip = new vscode.MarkdownString(
      active.map((summary) => `${names[summary.kind]} of ${summary.model}: ${describeMethod(summary)}`).join('\n\n'),
    );
    this.#item.show();
  }
}

/** What can be looked at, by kind. */
const shown: Readonly<Record<MethodKind, string>> = {
  retrain: 'Open Dashboard',
  sweep: 'Show Trade-off Curve',
  iterate: 'Open Dashboard',
};
