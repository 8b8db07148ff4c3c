// "MorphNet: Compare Runs…": two or more runs side by side, in a panel.

import * as vscode from 'vscode';
import type { RunSummary } from '../../../server/src/protocol/run-files.ts';
import type { ClientServices } from '../client-services.ts';
import { comparisonSubject } from '../panel/comparison-panel.ts';
import { runDescription, statusIcons } from '../views/run-rows.ts';
import { runTitle } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

/** More than there are letters, colors and columns for are no comparison. */
const mostRuns = 6;

export function registerCompareRuns({ server, comparisons }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.compareRuns', 'Comparing runs', async (...given) => {
    const wanted = given.flatMap((id) => id ?? []);
    const ids = wanted.length > 1 ? wanted : await chooseRuns(await server.request('morphnet/runs', {}), wanted[0]);
    if (ids !== undefined) comparisons.open(comparisonSubject(ids));
  });
}

/** Undefined where there are too few, which the user has been told, or after Escape. */
async function chooseRuns(
  runs: readonly RunSummary[],
  first: string | undefined,
): Promise<readonly string[] | undefined> {
  if (runs.length < 2) {
    await vscode.window.showInformationMessage(
      'MorphNet: Comparing takes two runs of this workspace. Start another with "MorphNet: Run MorphNet", with another target or strength.',
    );
    return undefined;
  }
  if (runs.length === 2) return runs.map(({ id }) => id);
  const model = runs.find(({ id }) => id === first);
  // Of the same model first: those are what one compares.
  const isAlike = (run: RunSummary): boolean => run.uri === model?.uri && run.entry === model.entry;
  const ordered = [...runs.filter(isAlike), ...runs.filter((run) => !isAlike(run))];
  const chosen = await vscode.window.showQuickPick(
    ordered.map((run) => ({
      label: `$(${statusIcons[run.status]}) ${runTitle(run)}`,
      description: runDescription(run),
      detail: run.id,
      picked: run.id === first,
    })),
    { placeHolder: `Two to ${String(mostRuns)} runs to compare`, canPickMany: true, matchOnDetail: true },
  );
  if (chosen === undefined) return undefined;
  if (chosen.length >= 2 && chosen.length <= mostRuns) return chosen.map(({ detail }) => detail);
  await vscode.window.showInformationMessage(
    `MorphNet: Choose two to ${String(mostRuns)} runs; ${String(chosen.length)} ${chosen.length === 1 ? 'was' : 'were'} chosen.`,
  );
  return undefined;
}
