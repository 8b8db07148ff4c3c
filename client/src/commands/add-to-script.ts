// "MorphNet: Add to My Training Script": the structure and the package beside the script that is open, and the lines in it, as one
// change that is previewed and undone in one step; where the loop can't be told, the lines to copy.

import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ServerRequests } from '../../../server/src/protocol/lsp-extensions.ts';
import type { ClientServices } from '../client-services.ts';
import { addEdits, askForPreview } from '../apply-edits.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { draftConfig } from './choose-config.ts';
import { scriptRows } from './config-rows.ts';
import { registerCommand } from './register-command.ts';
import { reviewConfig } from './review-config.ts';

const words = { title: 'MorphNet: Add to My Training Script', accept: 'Continue', rows: scriptRows };
const preview = { label: 'Add MorphNet to the training script', needsConfirmation: false };

export function registerAddToScript({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.addToScript', 'Adding to the training script', async (uri, entry) => {
    const drafted = await draftConfig(server, uri, entry);
    if (drafted === undefined) return;
    const { document: script, draft } = drafted;
    const data = { kind: 'own', path: dirname(vscode.Uri.parse(script).fsPath) } as const;
    const config = await reviewConfig({ ...draft.config, data }, words, { configFile: draft.configFile });
    const withPackage = config === undefined ? undefined : await choosePackage();
    if (config === undefined || withPackage === undefined) return;
    const planned = await server.request('morphnet/attachScript', { config, script, withPackage });
    if (isRefusal(planned)) await showRefusal(planned);
    else await write(planned, script);
  });
}

/** Whether the one-file package is to lie beside the script; undefined after Escape. */
async function choosePackage(): Promise<boolean | undefined> {
  const items = [
    {
      label: 'Write morphnet_torch.py beside the script',
      description: 'nothing has to be installed',
      withPackage: true,
    },
    {
      label: 'The package is installed',
      description: 'morphnet-torch is in the environment of the script',
      withPackage: false,
    },
  ];
  return (await vscode.window.showQuickPick(items, { title: words.title, ignoreFocusOut: true }))?.withPackage;
}

type Planned = Exclude<ServerRequests['morphnet/attachScript']['result'], { readonly refused: true }>;

async function write({ files, documents, byHand }: Planned, script: string): Promise<void> {
  const change = new vscode.WorkspaceEdit();
  const confirmed = byHand === null ? preview : undefined;
  for (const { uri, text, isThere } of files) {
    const options = { overwrite: isThere, contents: new TextEncoder().encode(text) };
    change.createFile(vscode.Uri.parse(uri, true), options, confirmed);
  }
  const problem = await addEdits(change, documents, confirmed);
  if (problem !== undefined) {
    await vscode.window.showErrorMessage(`MorphNet: ${problem}`);
    return;
  }
  if (confirmed !== undefined) askForPreview(change, { label: preview.label });
  // The user may have thought better of it in the preview.
  if (!(await vscode.workspace.applyEdit(change))) return;
  if (byHand === null) return;
  const copy = 'Copy the Lines';
  const name = vscode.workspace.asRelativePath(vscode.Uri.parse(script));
  const message = `MorphNet: the files are there, but the lines of ${name} are yours to write, since ${byHand.reason}.`;
  if ((await vscode.window.showInformationMessage(message, copy)) === copy)
    await vscode.env.clipboard.writeText(byHand.lines);
}
