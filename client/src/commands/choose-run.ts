// Which run a command means when nobody said: the only one that fits, or one of a list.

import * as vscode from 'vscode';
import type { RunSummary } from '../../../server/src/protocol/run-files.ts';
import type { ServerConnection } from '../server-connection.ts';
import { runDescription, statusIcons } from '../views/run-rows.ts';

export interface RunChoice {
  /** What the chosen run is for: the list's placeholder. */
  readonly purpose: string;
  readonly accepts: (run: RunSummary) => boolean;
  /** Said when no run fits. */
  readonly none: string;
}

/** Undefined when there is none, which the user has been told, or when the user backed out. */
export async function chooseRun(server: ServerConnection, choice: RunChoice): Promise<RunSummary | undefined> {
  const runs = activeFirst((await server.request('morphnet/runs', {})).filter(choice.accepts));
  const [first] = runs;
  if (first === undefined) {
    await vscode.window.showInformationMessage(`MorphNet: ${choice.none}`);
    return undefined;
  }
  if (runs.length === 1) return first;
  const items = runs.map((run) => ({
    label: `$(${statusIcons[run.status]}) ${runTitle(run)}`,
    description: runDescription(run),
    detail: run.id,
    run,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: choice.purpose, matchOnDetail: true }))?.run;
}

/** Those of a document first; the order is kept otherwise. */
function activeFirst(runs: readonly RunSummary[]): readonly RunSummary[] {
  const active = vscode.window.activeTextEditor?.document.uri.toString();
  return [...runs.filter(({ uri }) => uri === active), ...runs.filter(({ uri }) => uri !== active)];
}

/** A run that has proposed widths. */
export function chooseProposal(server: ServerConnection, purpose: string): Promise<RunSummary | undefined> {
  return chooseRun(server, {
    purpose,
    accepts: ({ hasProposal }) => hasProposal,
    none: 'No run has proposed widths yet. Start one with "MorphNet: Run MorphNet".',
  });
}

/** `resnet20() in models/resnet.py`. */
export function runTitle(run: RunSummary): string {
  const file = vscode.workspace.asRelativePath(vscode.Uri.parse(run.uri));
  return run.entry === '' ? file : `${run.entry} in ${file}`;
}
