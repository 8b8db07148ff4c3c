// "MorphNet: Give Each Block Its Own Width…": code rewritten so that layers that share a number can differ, after the editor's own
// preview of it.

import type * as vscode from 'vscode';
import { chooseModel } from '../choose-model.ts';
import type { ClientServices } from '../client-services.ts';
import { previewWidths } from '../set-widths.ts';
import { registerCommand } from './register-command.ts';

export function registerGiveOwnWidths({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.giveOwnWidths', 'Rewriting the code', async (given, entry) => {
    const isGiven = given !== undefined && entry !== undefined;
    const subject = isGiven
      ? { uri: given, entry }
      : await chooseModel(server, given, entry, 'The model whose blocks get widths of their own');
    if (subject === undefined) return;
    await previewWidths(() => server.request('morphnet/ownWidths', { uri: subject.uri, entry: subject.entry }));
  });
}
