// "MorphNet: Go to Most Expensive Layer": the cursor goes to the layer of the chosen model that multiplies most.

import * as vscode from 'vscode';
import { activeDocument } from '../active-document.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { mostExpensive } from '../model-words.ts';
import { showSource } from '../show-source.ts';
import { registerCommand } from './register-command.ts';

export function registerGoToMostExpensiveLayer({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.goToMostExpensiveLayer', 'Going to the most expensive layer', async () => {
    const uri = activeDocument()?.toString();
    if (uri === undefined) {
      await vscode.window.showInformationMessage('MorphNet: Open a model file first.');
      return;
    }
    const costs = await server.request('morphnet/costTable', { uri });
    if (isRefusal(costs)) {
      await showRefusal(costs);
      return;
    }
    const place = mostExpensive(costs.rows)?.place;
    if (place === undefined || place === null) {
      await vscode.window.showInformationMessage(
        `MorphNet: Nothing of ${costs.entry === '' ? costs.file : costs.entry} multiplies.`,
      );
      return;
    }
    const at = new vscode.Position(place.line, place.character);
    await showSource(vscode.Uri.parse(place.uri), new vscode.Range(at, at));
  });
}
