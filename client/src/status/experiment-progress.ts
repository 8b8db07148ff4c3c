// Shows commands of several trainings: a notification with Cancel each, a status bar item, and what to do at the end.

import * as vscode from 'vscode';
import type {
  ExperimentKind,
  ExperimentSummary,
  ExperimentTask,
} from '../../../server/src/protocol/experiment-messages.ts';
import { executeCommand } from '../commands/register-command.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import type { DashboardPanel } from '../panel/dashboard-panel.ts';
import type { RunPanels } from '../panel/run-panels.ts';
import type { ServerConnection } from '../server-connection.ts';
import { describeExperiment, doneShare, hasEnded } from './experiment-view.ts';

interface FollowedExperiment {
  summary: ExperimentSummary;
  /** Called on every change; absent until the notification is up. */
  report?: () => void;
}

const names: Readonly<Record<ExperimentKind, string>> = {
  retrain: 'Retraining',
  sweep: 'Sweep',
  iterate: 'Iteration',
};

const keyOf = ({ kind, id }: Pick<ExperimentSummary, 'kind' | 'id'>): string => `${kind} ${id}`;

export class ExperimentProgress implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #dashboards: RunPanels<DashboardPanel>;
  readonly #item: vscode.StatusBarItem;
  readonly #works = new Map<string, FollowedExperiment>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(server: ServerConnection, dashboards: RunPanels<DashboardPanel>) {
    this.#server = server;
    this.#dashboards = dashboards;
    this.#item = vscode.window.createStatusBarItem('morphnet.experiment', vscode.StatusBarAlignment.Left);
    this.#item.name = 'MorphNet trainings';
    this.#subscriptions = [
      server.onNotification('morphnet/experimentGrew', (summary) => this.#grew(summary)),
      // The processes end with the server that started them, each at a checkpoint.
      server.onRestart(() => {
        for (const { summary } of this.#works.values()) this.#grew({ ...summary, status: 'interrupted' });
      }),
    ];
  }

  /** Starts a work and shows it until it ends; undefined when it was refused, which the user has been told. */
  async start(task: ExperimentTask): Promise<ExperimentSummary | undefined> {
    const started = await this.#server.request('morphnet/startExperiment', { task });
    if (isRefusal(started)) {
      await showRefusal(started);
      return undefined;
    }
    const followed: FollowedExperiment = { summary: started };
    this.#works.set(keyOf(started), followed);
    this.#showItem();
    void this.#notify(followed, task);
    return started;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
  }

  #grew(summary: ExperimentSummary): void {
    const followed = this.#works.get(keyOf(summary));
    if (followed === undefined) return;
    followed.summary = summary;
    this.#showItem();
    followed.report?.();
  }

  async #notify(followed: FollowedExperiment, task: ExperimentTask): Promise<void> {
    const { kind, id, model } = followed.summary;
    const title = `MorphNet: ${names[kind]} of ${model}`;
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, cancellation) =>
        new Promise<void>((resolve) => {
          let shown = 0;
          const report = (): void => {
            const done = doneShare(followed.summary);
            progress.report({ message: describeExperiment(followed.summary), increment: Math.max(0, done - shown) });
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

  async #stop(kind: ExperimentKind, id: string): Promise<void> {
    const result = await this.#server.request('morphnet/stopExperiment', { kind, id });
    if (isRefusal(result)) await showRefusal(result);
  }

  async #tellOutcome(
    title: string,
    { kind, id, status, message }: ExperimentSummary,
    task: ExperimentTask,
  ): Promise<void> {
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
    if (choice === resume) await this.start(kind === 'retrain' ? task : { kind: 'resume', what: kind, id });
    else if (choice !== undefined) await this.#show(kind, id);
  }

  #show(kind: ExperimentKind, id: string): Promise<void> {
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
    const { stage } = first;
    const place = stage === undefined ? '' : ` ${stage.number} of ${stage.of}`;
    const more = active.length > 1 ? ` (+${active.length - 1})` : '';
    this.#item.text = `$(sync~spin) ${names[first.kind]}${place}${more}`;
    this.#item.tooltip = new vscode.MarkdownString(
      active
        .map((summary) => `${names[summary.kind]} of ${summary.model}: ${describeExperiment(summary)}`)
        .join('\n\n'),
    );
    this.#item.show();
  }
}

/** What can be looked at, by kind. */
const shown: Readonly<Record<ExperimentKind, string>> = {
  retrain: 'Open Dashboard',
  sweep: 'Show Trade-off Curve',
  iterate: 'Open Dashboard',
};
