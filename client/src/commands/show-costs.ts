// "MorphNet: Show Costs": what every layer of a model costs, in a table beside the code. Nothing is run, so it works anywhere.

import type * as vscode from 'vscode';
import { chooseModel } from '../choose-model.ts';
import type { ClientServices } from '../client-services.ts';
import { costsSubject } from '../panel/costs-panel.ts';
import { registerCommand } from './register-command.ts';

export function registerShowCosts({ server, costs }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.showCosts', 'Showing the costs', async (given, entry) => {
    if (given !== undefined && entry !== undefined) {
      costs.open(costsSubject(given, entry));
      return;
    }
    const model = await chooseModel(server, given, undefined, 'The model to show');
    if (model !== undefined) costs.open(costsSubject(model.uri, model.entry));
  });
}
