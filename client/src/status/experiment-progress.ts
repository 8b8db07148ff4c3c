// Shows commands of several trainings: a status bar item while they go on, and at their end what came of them and what to do.

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
import { describeExperiment, hasEnded } from './experiment-view.ts';
import type { OpenTrainings } from './open-trainings.ts';

interface FollowedExperiment {
  summary: ExperimentSummary;
  /** How to go on with it. */
  readonly task: ExperimentTask;
}

export const experimentNames: Readonly<Record<ExperimentKind, string>> = {
  retrain: 'Retraining',
  sweep: 'Sweep',
  iterate: 'Iteration',
};

const keyOf = ({ kind, id }: Pick<ExperimentSummary, 'kind' | 'id'>): string => `${kind} ${id}`;

/** The task that goes on with what another one began. */
function resumed(task: ExperimentTask, { kind, id }: ExperimentSummary): ExperimentTask {
  return kind === 'retrain' ? task : { kind: 'resume', what: kind, id };
}

export class ExperimentProgress implements vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #dashboards: RunPanels<DashboardPanel>;
  readonly #open: OpenTrainings;
  readonly #item: vscode.StatusBarItem;
  readonly #experiments = new Map<string, FollowedExperiment>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(server: ServerConnection, dashboards: RunPanels<DashboardPanel>, open: OpenTrainings) {
    this.#server = server;
    this.#dashboards = dashboards;
    this.#open = open;
    this.#item = vscode.window.createStatusBarItem('morphnet.experiment', vscode.StatusBarAlignment.Left);
    this.#item.name = 'MorphNet trainings';
    this.#item.command = 'morphnet.stopRun';
    this.#subscriptions = [
      server.onNotification('morphnet/experimentGrew', (summary) => this.#grew(summary)),
      // The processes end with the server that started them, each at a checkpoint.
      server.onRestart(() => {
        for (const { summary } of this.#experiments.values()) this.#grew({ ...summary, status: 'interrupted' });
      }),
    ];
  }

  /** What is in progress or waits for its turn. */
  get active(): readonly ExperimentSummary[] {
    return [...this.#experiments.values()].map(({ summary }) => summary);
  }

  /** What the page of a sweep asks and does. */
  readonly sweeps = {
    isTrained: (id: string): boolean => this.active.some((known) => known.kind === 'sweep' && known.id === id),
    stop: (id: string): Promise<void> => this.stop({ kind: 'sweep', id }),
    resume: async (id: string): Promise<void> => {
      await this.start({ kind: 'resume', what: 'sweep', id });
    },
  };

  /** Starts an experiment and shows it until it ends; undefined when it was refused, which the user has been told. */
  async start(task: ExperimentTask): Promise<ExperimentSummary | undefined> {
    const started = await this.#server.request('morphnet/startExperiment', { task });
    if (isRefusal(started)) {
      await showRefusal(started);
      return undefined;
    }
    const again = resumed(task, started);
    this.#experiments.set(keyOf(started), { summary: started, task: again });
    this.#open.add({ kind: 'experiment', id: keyOf(started), task: again });
    this.#showItem();
    return started;
  }

  /** Asks for an end at a checkpoint. A second time it asks whether to end at once. */
  async stop({ kind, id }: Pick<ExperimentSummary, 'kind' | 'id'>): Promise<void> {
    const result = await this.#server.request('morphnet/stopExperiment', { kind, id });
    if (isRefusal(result)) {
      await showRefusal(result);
      return;
    }
    if (!result.alreadyStopping) return;
    const atOnce = 'End at Once';
    const choice = await vscode.window.showWarningMessage(
      'MorphNet: It is stopping at a checkpoint. Ended at once, it loses the steps since its last one.',
      atOnce,
    );
    if (choice === atOnce) await this.#server.request('morphnet/stopExperiment', { kind, id, atOnce: true });
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
  }

  #grew(summary: ExperimentSummary): void {
    const key = keyOf(summary);
    const followed = this.#experiments.get(key);
    if (followed === undefined) return;
    followed.summary = summary;
    if (hasEnded(summary)) {
      this.#experiments.delete(key);
      this.#open.remove({ kind: 'experiment', id: key });
      void this.#tellOutcome(followed);
    }
    this.#showItem();
  }

  async #tellOutcome({ summary, task }: FollowedExperiment): Promise<void> {
    const { kind, id, model, status, message } = summary;
    const title = `MorphNet: ${experimentNames[kind]} of ${model}`;
    if (kind === 'retrain') this.#dashboards.of(id)?.refresh();
    // An iteration has nothing to show before its last round has ended.
    const open = kind === 'iterate' && status !== 'finished' ? [] : [shown[kind]];
    if (status === 'finished') {
      const came = message === undefined || message === '' ? 'has ended.' : `came to: ${message}`;
      const choice = await vscode.window.showInformationMessage(`${title} ${came}`, ...open);
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
    if (choice === resume) await this.start(task);
    else if (choice !== undefined) await this.#show(kind, id);
  }

  #show(kind: ExperimentKind, id: string): Promise<void> {
    return kind === 'sweep'
      ? executeCommand('morphnet.showTradeOff', id)
      : executeCommand('morphnet.openDashboard', id);
  }

  #showItem(): void {
    const active = this.active;
    const [first] = active;
    if (first === undefined) {
      this.#item.hide();
      return;
    }
    const { stage } = first;
    const place = stage === undefined ? '' : ` ${stage.number} of ${stage.of}`;
    const more = active.length > 1 ? ` (+${active.length - 1})` : '';
    this.#item.text = `$(sync~spin) ${experimentNames[first.kind]}${place}${more}`;
    const lines = active.map(
      (summary) => `${experimentNames[summary.kind]} of ${summary.model}: ${describeExperiment(summary)}`,
    );
    this.#item.tooltip = new vscode.MarkdownString([...lines, 'Click to stop'].join('\n\n'));
    this.#item.show();
  }
}

/** What can be looked at, by kind. */
const shown: Readonly<Record<ExperimentKind, string>> = {
  retrain: 'Open Dashboard',
  sweep: 'Show Trade-off Curve',
  iterate: 'Open Dashboard',
};
