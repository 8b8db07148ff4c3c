// From the active editor to the settings of a training, asking only for what nobody said yet.

import * as vscode from 'vscode';
import { activeDocument } from '../active-document.ts';
import type { ModelSummary, RunDraft } from '../../../server/src/protocol/lsp-extensions.ts';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { noModelWords } from '../model-words.ts';
import type { ServerConnection } from '../server-connection.ts';
import { askForDataSet, rememberDataSet } from './ask-for-data-set.ts';
import { reviewConfig, type ReviewWords } from './review-config.ts';

/** Undefined when there is nothing to train, which the user has been told, or when the user backed out. */
export async function chooseConfig(
  { server, context }: Pick<ClientServices, 'server' | 'context'>,
  words: ReviewWords,
  uri: string | undefined,
  entry: string | undefined,
): Promise<RunConfig | undefined> {
  const drafted = await draftConfig(server, uri, entry);
  if (drafted === undefined) return undefined;
  const { document, draft } = drafted;
  const data = draft.config.data ?? (await askForDataSet(context.globalState, vscode.Uri.parse(document)));
  if (data === undefined) return undefined;
  const config = await reviewConfig({ ...draft.config, data }, words, {
    configFile: draft.configFile,
    ask: (timed, token) => server.request('morphnet/timeRun', { config: timed }, token),
  });
  if (config !== undefined) await rememberDataSet(context.globalState, config.data);
  return config;
}

/** A document's model with the settings that are known of it; undefined after a word to the user, or after Escape. */
export async function draftConfig(
  server: ServerConnection,
  uri: string | undefined,
  entry: string | undefined,
): Promise<{ readonly document: string; readonly draft: RunDraft } | undefined> {
  const document = uri ?? activeDocument()?.toString();
  if (document === undefined) {
    await vscode.window.showInformationMessage(noModelWords(undefined));
    return undefined;
  }
  const chosen = entry ?? (await chooseEntry(server, document));
  if (chosen === undefined) return undefined;
  const draft = await server.request('morphnet/draftRun', { uri: document, entry: chosen });
  if (!isRefusal(draft)) return { document, draft };
  await showRefusal(draft);
  return undefined;
}

/** The entry to train: what the user wrote down, the only one, or one of a list. */
async function chooseEntry(server: ServerConnection, uri: string): Promise<string | undefined> {
  const models = await server.request('morphnet/models', { uri });
  const [first] = models;
  if (first === undefined) {
    await vscode.window.showErrorMessage(noModelWords(uri));
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
