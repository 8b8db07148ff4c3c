// "MorphNet: Show Costs" and "MorphNet: Show Graph": what every layer of a model costs, in a table or as a graph beside the code.
// Nothing is run, so it works anywhere.

import type * as vscode from 'vscode';
import { chooseModel } from '../choose-model.ts';
import type { ClientServices } from '../client-services.ts';
import { costsSubject, type CostsPanel } from '../panel/costs-panel.ts';
import { registerCommand } from './register-command.ts';

export function registerShowCosts(services: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.showCosts', 'Showing the costs', async (given, entry) => {
    await openCosts(services, given, entry);
  });
}

export function registerShowGraph(services: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.showGraph', 'Showing the graph', async (given, entry) => {
    (await openCosts(services, given, entry))?.show('graph');
  });
}

/** The page of a model's costs; undefined where no model is chosen. */
async function openCosts(
  { server, costs }: ClientServices,
  given: string | undefined,
  entry: string | undefined,
): Promise<CostsPanel | undefined> {
  if (given !== undefined && entry !== undefined) return costs.open(costsSubject(given, entry));
  const model = await chooseModel(server, given, undefined, 'The model to show');
  return model && costs.open(costsSubject(model.uri, model.entry));
}
