// Which model of a file is meant: the one that is named, the only one, or one of a list.

import * as vscode from 'vscode';
import { activeDocument } from './active-document.ts';
import type { ModelSummary } from '../../server/src/protocol/lsp-extensions.ts';
import { noModelWords } from './model-words.ts';
import type { ServerConnection } from './server-connection.ts';

/** A model of a document, or of the active one; undefined after a word to the user or a cancelled choice. */
export async function chooseModel(
  server: ServerConnection,
  given: string | undefined,
  entry: string | undefined,
  placeHolder: string,
): Promise<ModelSummary | undefined> {
  const uri = given ?? activeDocument()?.toString();
  const models = uri === undefined ? [] : await server.request('morphnet/models', { uri });
  const [first] = models;
  if (first === undefined) {
    await vscode.window.showInformationMessage(noModelWords(uri));
    return undefined;
  }
  if (entry !== undefined) return models.find((model) => model.entry === entry);
  if (models.length === 1) return first;
  const items = models.map((model) => ({ label: model.entry, description: model.totals, model }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.model;
}
