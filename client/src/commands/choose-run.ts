// Which run a command means when nobody said: the only one that fits, or one of a list.

import * as vscode from 'vscode';
import type { RunStatus, RunSummary } from '../../../server/src/protocol/run-files.ts';
import type { ServerConnection } from '../server-connection.ts';

export interface RunChoice {
  /** What the chosen run is for: the list's placeholder. */
  readonly purpose: string;
  readonly accepts: (run: RunSummary) => boolean;
  /** Said when no run fits. */
  readonly none: string;
}

const statusIcon: Readonly<Record<RunStatus, string>> = {
  queued: '$(clock)',
  running: '$(sync)',
  paused: '$(debug-pause)',
  interrupted: '$(debug-disconnect)',
  finished: '$(pass)',
  failed: '$(error)',
};

/** Undefined when there is none, which the user has been told, or when the user backed out. */
export async function chooseRun(server: ServerConnection, choice: RunChoice): Promise<RunSummary | undefined> {
  const runs = (await server.request('morphnet/runs', {})).filter(choice.accepts);
  const [first] = runs;
  if (first === undefined) {
    await vscode.window.showInformationMessage(`MorphNet: ${choice.none}`);
    return undefined;
  }
  if (runs.length === 1) return first;
  const items = runs.map((run) => ({
    label: `${statusIcon[run.status]} ${runTitle(run)}`,
    description: `${run.status}, step ${run.step} of ${run.totalSteps}`,
    detail: run.id,
    run,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: choice.purpose, matchOnDetail: true }))?.run;
}

/** A run that has proposed widths. */
export function chooseProposal(server: ServerConnection, purpose: string): Promise<RunSummary | undefined> {
  return chooseRun(server, {
    purpose,
    accepts: ({ step, status }) => status === 'finished' || step > 0,
    none: 'No run has proposed widths yet. Start one with "MorphNet: Run MorphNet".',
  });
}

/** `resnet20() in models/resnet.py`. */
export function runTitle(run: RunSummary): string {
  const file = vscode.workspace.asRelativePath(vscode.Uri.parse(run.uri));
  return run.entry === '' ? file : `${run.entry} in ${file}`;
}
