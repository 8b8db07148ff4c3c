// Shows runs outside the dashboard: one status bar item while they train, and what to do at the end. What waits for a decision
// stays in the status bar until somebody looks at it.

import * as vscode from 'vscode';
import type { CommandId } from '../../../server/src/protocol/commands.ts';
import type { ServerNotifications } from '../../../server/src/protocol/lsp-extensions.ts';
import type { RunSummary } from '../../../server/src/protocol/run-files.ts';
import { executeCommand } from '../commands/register-command.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { OpenTrainings } from './open-trainings.ts';
import { describeProgress, foldEvents, type RunView } from './run-view.ts';

interface FollowedRun {
  view: RunView;
  readonly title: string;
  /** It could not begin, and there is no folder to look at. */
  isRemoved: boolean;
}

/** A run's dashboard. */
interface RunPage {
  readonly isVisible: boolean;
}

const hasEnded = ({ view }: FollowedRun): boolean => view.status !== 'running' && view.status !== 'queued';

export class RunProgress implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #open: OpenTrainings;
  readonly #pageOf: (id: string) => RunPage | undefined;
  readonly #item: vscode.StatusBarItem;
  readonly #runs = new Map<string, FollowedRun>();
  /** Runs that ended and that nobody has looked at since, latest last. */
  readonly #undecided: FollowedRun[] = [];
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(server: ServerConnection, open: OpenTrainings, pageOf: (id: string) => RunPage | undefined) {
    this.#server = server;
    this.#open = open;
    this.#pageOf = pageOf;
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

  /** Shows a run from now until it ends. */
  follow(run: RunSummary): void {
    if (this.#runs.has(run.id)) return;
    const { id, status, step, totalSteps } = run;
    const title = run.entry === '' ? vscode.workspace.asRelativePath(vscode.Uri.parse(run.uri)) : run.entry;
    const followed: FollowedRun = { view: { id, status, step, totalSteps }, title, isRemoved: false };
    this.#runs.set(id, followed);
    this.#open.add({ kind: 'run', id });
    this.decided(id);
    this.#showItem();
    void this.#catchUp(followed);
  }

  /** Somebody looked at a run, applied it or took it up again: nothing waits any more. */
  decided(id: string): void {
    for (const [index, { view }] of [...this.#undecided.entries()].reverse())
      if (view.id === id) this.#undecided.splice(index, 1);
    this.#showItem();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
  }

  #grew({ id, status, events, removed }: ServerNotifications['morphnet/runGrew']): void {
    const followed = this.#runs.get(id);
    if (followed === undefined) return;
    followed.view = foldEvents(followed.view, status, events);
    followed.isRemoved = removed === true;
    this.#changed(followed);
  }

  /** A short run may have ended before we listened. */
  async #catchUp(followed: FollowedRun): Promise<void> {
    const { id } = followed.view;
    const runs = await this.#server.request('morphnet/runs', {}).catch(() => []);
    const run = runs.find((known) => known.id === id);
    if (run === undefined) return;
    const { status, step, message } = run;
    followed.view = { ...followed.view, status, step, ...(message !== undefined && { outcome: message }) };
    this.#changed(followed);
  }

  #changed(followed: FollowedRun): void {
    const { id } = followed.view;
    if (hasEnded(followed) && this.#runs.delete(id)) {
      this.#open.remove({ kind: 'run', id });
      const isSeen = this.#pageOf(id)?.isVisible === true && followed.view.status === 'finished';
      if (!followed.isRemoved && !isSeen) this.#undecided.push(followed);
      // Whoever looks at the dashboard sees what came of it, and what to do next.
      if (!isSeen) void this.#tellOutcome(followed);
    }
    this.#showItem();
  }

  async #tellOutcome({ view, title, isRemoved }: FollowedRun): Promise<void> {
    const { id, outcome } = view;
    const dashboard = 'Open Dashboard';
    const open = isRemoved ? [] : [dashboard];
    switch (view.status) {
      case 'finished': {
        const message = `MorphNet: ${title}: ${outcome ?? 'finished.'}`;
        // The dashboard has the button too: the editor's message could not take its own back once that was used.
        const apply = this.#pageOf(id) === undefined ? ['Apply'] : [];
        await act(id, await vscode.window.showInformationMessage(message, ...apply, ...open));
        return;
      }
      case 'failed': {
        const message = `MorphNet: ${title} failed: ${outcome ?? 'the trainer ended without a word.'}`;
        await act(id, await vscode.window.showErrorMessage(message, ...open));
        return;
      }
      case 'paused':
      case 'interrupted': {
        const came = view.status === 'paused' ? 'is paused' : 'stopped';
        const message = `MorphNet: ${title} ${came} at step ${view.step} of ${view.totalSteps}. What it learned is kept.`;
        await act(id, await vscode.window.showInformationMessage(message, 'Resume', ...open));
        return;
      }
      case 'queued':
      case 'running':
        return;
    }
  }

  #showItem(): void {
    const active = [...this.#runs.values()];
    const [first] = active;
    const shown = first ?? this.#undecided.at(-1);
    if (shown === undefined) {
      this.#item.hide();
      return;
    }
    const more = active.length > 1 ? ` (+${active.length - 1})` : '';
    this.#item.text =
      first === undefined
        ? `$(${endIcons[shown.view.status] ?? 'pass'}) MorphNet: ${shown.title} ${shown.view.status}`
        : `$(sync~spin) MorphNet ${describeProgress(first.view)}${more}`;
    const lines = active.map(({ title, view }) => `${title}: step ${view.step} of ${view.totalSteps}`);
    const waiting = this.#undecided.map(({ title, view }) => `${title}: ${view.status}, not looked at yet`);
    this.#item.tooltip = new vscode.MarkdownString([...lines, ...waiting, 'Click for the dashboard'].join('\n\n'));
    this.#item.command = {
      command: 'morphnet.openDashboard' satisfies CommandId,
      title: 'Open Dashboard',
      arguments: [shown.view.id],
    };
    this.#item.show();
  }
}

const endIcons: Readonly<Partial<Record<RunView['status'], string>>> = {
  finished: 'pass',
  failed: 'error',
  paused: 'debug-pause',
  interrupted: 'debug-disconnect',
};

async function act(id: string, choice: string | undefined): Promise<void> {
  if (choice === 'Apply') await executeCommand('morphnet.applyProposal', id);
  if (choice === 'Resume') await executeCommand('morphnet.resumeRun', id);
  if (choice === 'Open Dashboard') await executeCommand('morphnet.openDashboard', id);
}
