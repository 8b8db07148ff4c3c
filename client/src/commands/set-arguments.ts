// "Set Arguments…" above a class that needs some: asks for them, and where they are to be written: `morphnet.json`, or a comment
// above the class.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { writeProjectFile } from '../write-project-file.ts';
import { registerCommand } from './register-command.ts';

export function registerSetArguments({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.setArguments', 'Setting the arguments', async (uri, name, ...named) => {
    if (uri === undefined || name === undefined) return;
    const needs = named.filter((need) => need !== undefined);
    // The cursor stands where the first value goes.
    const cursor = (needs[0]?.length ?? -1) + 1;
    const written = await vscode.window.showInputBox({
      title: `MorphNet: Arguments of ${name}`,
      prompt: `As in a call of ${name}`,
      value: needs.map((need) => `${need}=`).join(', '),
      valueSelection: [cursor, cursor],
      validateInput: (text) => (/=\s*(,|$)/.test(text) ? 'Every argument needs a value.' : undefined),
    });
    if (written === undefined) return;
    const entry = `${name}(${written.trim()})`;
    const project = { label: 'In morphnet.json', description: 'the source stays as it is' };
    const comment = { label: 'In a comment above the class', description: `# morphnet: entry=${entry}` };
    const place = await vscode.window.showQuickPick([project, comment], { placeHolder: 'Where to write it' });
    if (place === project) await writeProjectFile(server, { uri, entry });
    else if (place === comment) await writeComment(uri, name, entry);
  });
}

/** A comment line above the class, as far in as the class is. */
async function writeComment(uri: string, name: string, entry: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri, true));
  const definition = new RegExp(`^(\\s*)class\\s+${name}\\b`);
  for (let line = 0; line < document.lineCount; line++) {
    const indent = definition.exec(document.lineAt(line).text)?.[1];
    if (indent === undefined) continue;
    const edit = new vscode.WorkspaceEdit();
    const end = document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n';
    edit.insert(document.uri, new vscode.Position(line, 0), `${indent}# morphnet: entry=${entry}${end}`);
    await vscode.workspace.applyEdit(edit);
    return;
  }
}
