// "MorphNet: Open Model File…": the costs of any file that a model can be read from, wherever it lies.

import * as vscode from 'vscode';
import { binaryEndings, modelFileView, modelSources } from '../../../server/src/protocol/languages.ts';
import type { ClientServices } from '../client-services.ts';
import { executeCommand, registerCommand } from './register-command.ts';

export function registerOpenModelFile({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.openModelFile', 'Opening the model file', async (given) => {
    const uri = given === undefined ? await chooseFile() : vscode.Uri.parse(given, true);
    if (uri === undefined) return;
    if (binaryEndings.some((ending) => uri.path.toLowerCase().endsWith(ending))) {
      await vscode.commands.executeCommand('vscode.openWith', uri, modelFileView);
      return;
    }
    await server.request('morphnet/openModelFile', { uri: uri.toString() });
    await vscode.window.showTextDocument(uri);
    await executeCommand('morphnet.showCosts', uri.toString());
  });
}

async function chooseFile(): Promise<vscode.Uri | undefined> {
  const endings = modelSources.flatMap((source) => source.endings.map((ending) => ending.slice(1)));
  const chosen = await vscode.window.showOpenDialog({ title: 'Open Model File', filters: { Models: endings } });
  return chosen?.[0];
}
