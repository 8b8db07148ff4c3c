// "MorphNet: Write Slim Model to a New File": the network at a run's proposed widths as a module beside the source.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { showSource } from '../show-source.ts';
import { chooseProposal } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

export function registerWriteSlimModel(services: ClientServices): vscode.Disposable {
  return registerWrite(services, 'morphnet.writeSlimModel', false);
}

/** "MorphNet: Write Expanded Model to a New File": the same for what a run's proposal was expanded to. */
export function registerWriteExpandedModel(services: ClientServices): vscode.Disposable {
  return registerWrite(services, 'morphnet.writeExpandedModel', true);
}

function registerWrite(
  { server }: ClientServices,
  command: 'morphnet.writeSlimModel' | 'morphnet.writeExpandedModel',
  expanded: boolean,
): vscode.Disposable {
  return registerCommand(command, 'Writing the model', async (runId) => {
    const id = runId ?? (await chooseProposal(server, 'The run whose network to write'))?.id;
    if (id === undefined) return;
    const result = await server.request('morphnet/slimModel', { id, expanded });
    if (isRefusal(result)) {
      await showRefusal(result);
      return;
    }
    const file = vscode.Uri.parse(result.uri, true);
    const change = new vscode.WorkspaceEdit();
    // What came to be there meanwhile stays as it is: the editor then refuses the change.
    change.createFile(file, { overwrite: false, contents: new TextEncoder().encode(result.text) });
    if (await vscode.workspace.applyEdit(change)) await showSource(file);
    else await vscode.window.showErrorMessage(`MorphNet: ${vscode.workspace.asRelativePath(file)} was not written.`);
  });
}
