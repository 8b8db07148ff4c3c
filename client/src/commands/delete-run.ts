// "MorphNet: Delete Run": moves a run's folder to the trash, once the user has said so.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { chooseRun, runTitle } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

export function registerDeleteRun({ server, progress, runs }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.deleteRun', 'Deleting the run', async (runId) => {
    const known = await server.request('morphnet/runs', {});
    const run =
      runId === undefined
        ? await chooseRun(server, {
            purpose: 'The run to delete',
            accepts: ({ status }) => status !== 'running' && status !== 'queued',
            none: 'There is no run that could be deleted.',
          })
        : known.find(({ id }) => id === runId);
    if (run === undefined) return;
    if (run.status === 'running' || run.status === 'queued') {
      await vscode.window.showErrorMessage('MorphNet: The run is being trained. Stop it first.');
      return;
    }
    const remove = 'Move to Trash';
    const choice = await vscode.window.showWarningMessage(
      `Delete the run of ${runTitle(run)}?`,
      { modal: true, detail: `${run.folder} is moved to the trash, with its checkpoints and its proposal.` },
      remove,
    );
    if (choice !== remove) return;
    await vscode.workspace.fs.delete(vscode.Uri.file(run.folder), { recursive: true, useTrash: true });
    progress.decided(run.id);
    runs.refreshSoon();
  });
}

/** "MorphNet: Reveal Run in File Explorer". */
export function registerRevealRun({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.revealRun', 'Revealing the run', async (runId) => {
    const known = await server.request('morphnet/runs', {});
    const run =
      runId === undefined
        ? await chooseRun(server, {
            purpose: 'The run to reveal',
            accepts: () => true,
            none: 'There is no run yet. Start one with "MorphNet: Run MorphNet".',
          })
        : known.find(({ id }) => id === runId);
    if (run !== undefined) await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(run.folder));
  });
}
