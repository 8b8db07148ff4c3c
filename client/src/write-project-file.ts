// What the user says of a model, written into the `morphnet.json` that applies, or a new one.

import * as vscode from 'vscode';
import { toRange } from './apply-edits.ts';
import { isRefusal, showRefusal } from './messages.ts';
import type { ServerConnection } from './server-connection.ts';

/** Writes the choice, shows nothing: hints and lenses follow by themselves. */
export async function writeProjectFile(
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
