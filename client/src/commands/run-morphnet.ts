// "MorphNet: Run MorphNet": from the active editor to a run in the background, asking only for what nobody said yet.

import * as vscode from 'vscode';
import type { ModelSummary } from '../../../server/src/protocol/lsp-extensions.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, requireTrust, showRefusal } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { askForDataSet } from './ask-for-data-set.ts';
import { registerCommand } from './register-command.ts';
import { reviewConfig } from './review-config.ts';

export function registerRunMorphNet({ server, progress }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.runMorphNet', 'Starting the run', async (uri, entry) => {
    if (!(await requireTrust())) return;
    const document = uri ?? modelDocument();
    if (document === undefined) {
      await vscode.window.showInformationMessage('MorphNet: open the file of a model first, then run MorphNet again.');
      return;
    }
    const chosen = entry ?? (await chooseEntry(server, document));
    if (chosen === undefined) return;
    const draft = await server.request('morphnet/draftRun', { uri: document, entry: chosen });
    if (isRefusal(draft)) {
      await showRefusal(draft);
      return;
    }
    const data = draft.config.data ?? (await askForDataSet(vscode.Uri.parse(document)));
    if (data === undefined) return;
    const config = await reviewConfig({ ...draft.config, data }, draft.configFile);
    if (config === undefined) return;
    const run = await server.request('morphnet/startRun', { config });
    if (isRefusal(run)) await showRefusal(run);
    else progress.follow(run);
  });
}

/** The URI of the active editor's document if it can hold a model. */
function modelDocument(): string | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined || !['python', 'darknet'].includes(document.languageId)) return undefined;
  return document.uri.toString();
}

/** The entry to train: what the user wrote down, the only one, or one of a list. */
async function chooseEntry(server: ServerConnection, uri: string): Promise<string | undefined> {
  const models = await server.request('morphnet/models', { uri });
  const [first] = models;
  if (first === undefined) {
    const file = vscode.workspace.asRelativePath(vscode.Uri.parse(uri));
    await vscode.window.showErrorMessage(
      `MorphNet: no model was found in ${file}. Name one in morphnet.json or by a line such as "# morphnet: entry=LeNet() input=1x28x28".`,
    );
    return undefined;
  }
  if (first.chosen || models.length === 1) return first.entry;
  const items = models.map((model: ModelSummary) => ({
    label: model.entry,
    description: model.totals,
    entry: model.entry,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'The model to train' }))?.entry;
}
