// "MorphNet: Resume Run": goes on from the latest checkpoint of a run that was paused, stopped, killed, or lost its window.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, requireTrust, showRefusal } from '../messages.ts';
import { chooseRun, runTitle } from './choose-run.ts';
import { executeCommand, registerCommand } from './register-command.ts';

export function registerResumeRun({ server, progress }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.resumeRun', 'Resuming the run', async (runId) => {
    if (!(await requireTrust())) return;
    const id =
      runId ??
      (
        await chooseRun(server, {
          purpose: 'The run to resume',
          accepts: ({ status }) => status === 'paused' || status === 'interrupted' || status === 'failed',
          none: 'No run was paused or interrupted.',
        })
      )?.id;
    if (id === undefined) return;
    const result = await server.request('morphnet/resumeRun', { id });
    if (isRefusal(result)) await showRefusal(result);
    else progress.follow(result);
  });
}

/** Workspace state: runs that the user does not want to be asked about again. */
const declinedKey = 'morphnet.declinedRuns';

/** After a window reload: asks once whether the latest run that lost its window should go on. */
export async function offerInterruptedRun({ context, server }: ClientServices): Promise<void> {
  if (!vscode.workspace.isTrusted) return;
  const declined = context.workspaceState.get<readonly string[]>(declinedKey, []);
  const runs = await server.request('morphnet/runs', {});
  const run = runs.find(({ status }) => status === 'interrupted');
  if (run === undefined || declined.includes(run.id)) return;
  const snapshot = await server.request('morphnet/runSnapshot', { id: run.id });
  if (isRefusal(snapshot)) return;
  const last = snapshot.events.at(-1);
  // What the user stopped stays stopped until asked for.
  if (last?.kind === 'interrupted' && last.reason === 'cancelled') return;
  const choice = await vscode.window.showInformationMessage(
    `MorphNet: the run of ${runTitle(run)} was interrupted at step ${run.step} of ${run.totalSteps}.`,
    'Resume',
    'Not this run',
  );
  if (choice === 'Resume') await executeCommand('morphnet.resumeRun', run.id);
  if (choice === 'Not this run') await context.workspaceState.update(declinedKey, [...declined, run.id].slice(-50));
}
