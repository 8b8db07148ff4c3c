// "MorphNet: Show Costs": what every layer of a model costs, in a table beside the code. Nothing is run, so it works anywhere.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { costsSubject } from '../panel/costs-panel.ts';
import { registerCommand } from './register-command.ts';

export function registerShowCosts({ server, costs }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.showCosts', 'Showing the costs', async (given, entry) => {
    const uri = given ?? vscode.window.activeTextEditor?.document.uri.toString();
    if (uri === undefined) {
      await vscode.window.showInformationMessage(
        'MorphNet: Open the file of a model first, or choose Show Costs in the explorer’s menu of a file.',
      );
      return;
    }
    if (entry !== undefined) {
      costs.open(costsSubject(uri, entry));
      return;
    }
    const models = await server.request('morphnet/models', { uri });
    const [first] = models;
    if (first === undefined) {
      const file = vscode.Uri.parse(uri).path.split('/').at(-1) ?? uri;
      await vscode.window.showInformationMessage(
        `MorphNet: No model was found in ${file}. Name the one that is meant in a comment: # morphnet: entry=Model()`,
      );
      return;
    }
    if (models.length === 1 || first.chosen) {
      costs.open(costsSubject(uri, first.entry));
      return;
    }
    const items = models.map((model) => ({ label: model.entry, detail: model.totals, model }));
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: 'The model to show', matchOnDetail: true });
    if (chosen !== undefined) costs.open(costsSubject(uri, chosen.model.entry));
  });
}
