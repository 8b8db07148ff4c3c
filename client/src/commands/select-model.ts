// "MorphNet: Select Model…" and "Set Input…": which of a file's models is meant, and at which input, written into the
// `morphnet.json` that applies, or a new one.

import * as vscode from 'vscode';
import { toRange } from '../apply-edits.ts';
import { chooseModel } from '../choose-model.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { registerCommand } from './register-command.ts';

export function registerSelectModel({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.selectModel', 'Selecting the model', async (given, entry) => {
    const model = await chooseModel(server, given, entry, 'The model that hints, lenses and runs are about');
    if (model !== undefined) await write(server, { uri: model.uri, entry: model.entry });
  });
}

export function registerSetInput({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.setInput', 'Setting the input', async (given, entry) => {
    const model = await chooseModel(server, given, entry, 'The model to set the input of');
    if (model === undefined) return;
    const input = await vscode.window.showInputBox({
      title: `MorphNet: Input of ${model.entry === '' ? 'the network' : model.entry}`,
      prompt: 'Without the batch, channels first: 3x32x32; several inputs as 3x32x32,10',
      value: model.input.map((shape) => shape.join('x')).join(','),
      validateInput: (text) =>
        /^\s*\d+([x×]\d+)*(\s*,\s*\d+([x×]\d+)*)*\s*$/i.test(text) ? undefined : 'Write a shape such as 3x32x32',
    });
    if (input !== undefined) await write(server, { uri: model.uri, entry: model.entry, input: input.trim() });
  });
}

/** Writes the choice, shows nothing: hints and lenses follow by themselves. */
async function write(
  server: ServerConnection,
  choice: { readonly uri: string; readonly entry: string; readonly input?: string },
): Promise<void> {
  const change = await server.request('morphnet/projectEdit', choice);
  if (isRefusal(change)) {
    await showRefusal(change);
    return;
  }
  const uri = vscode.Uri.parse(change.uri, true);
  if (change.startsAs !== null) await vscode.workspace.fs.writeFile(uri, Buffer.from(change.startsAs, 'utf8'));
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  for (const { range, newText } of change.edits) edit.replace(uri, toRange(range), newText);
  await vscode.workspace.applyEdit(edit);
  await document.save();
}
