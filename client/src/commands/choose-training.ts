// Which training a command means when nobody said: the only one that goes on, or one of a list of runs and experiments.

import * as vscode from 'vscode';
import type { ExperimentSummary } from '../../../server/src/protocol/experiment-messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { describeExperiment } from '../status/experiment-view.ts';
import { experimentNames, type ExperimentProgress } from '../status/experiment-progress.ts';
import { runDescription } from '../views/run-rows.ts';
import { runTitle } from './choose-run.ts';

export type ChosenTraining =
  { readonly kind: 'run'; readonly id: string } | { readonly kind: 'experiment'; readonly summary: ExperimentSummary };

interface TrainingItem extends vscode.QuickPickItem {
  readonly training: ChosenTraining;
}

/** Whatever trains or waits for its turn. Undefined when there is nothing, which the user has been told, or after Escape. */
export async function chooseTraining(
  server: ServerConnection,
  experiments: ExperimentProgress,
  placeHolder: string,
): Promise<ChosenTraining | undefined> {
  const runs = (await server.request('morphnet/runs', {})).filter(
    ({ status }) => status === 'running' || status === 'queued',
  );
  const items: readonly TrainingItem[] = [
    ...experiments.active.map((summary) => ({
      label: `$(beaker) ${experimentNames[summary.kind]} of ${summary.model}`,
      description: describeExperiment(summary),
      training: { kind: 'experiment', summary } as const,
    })),
    ...runs.map((run) => ({
      label: `$(sync) ${runTitle(run)}`,
      description: runDescription(run),
      detail: run.id,
      training: { kind: 'run', id: run.id } as const,
    })),
  ];
  const [only, ...others] = items;
  if (only === undefined) {
    await vscode.window.showInformationMessage('MorphNet: Nothing is being trained.');
    return undefined;
  }
  if (others.length === 0) return only.training;
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true }))?.training;
}
