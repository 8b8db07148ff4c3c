// Asks for a data set where neither morphnet.json nor the script says one: those that were used before, or a folder or file. What
// kind it is is found out by what lies there.

import * as vscode from 'vscode';
import { chosenByHand, formatDataSet, parseDataSet } from '../../../server/src/protocol/data-set-text.ts';
import type { DataSetReference } from '../../../server/src/protocol/run-config.ts';

interface DataSetItem extends vscode.QuickPickItem {
  readonly chosen: DataSetReference | 'folder' | 'file';
}

/** The user's own state: data sets that were trained on, latest first. */
const recentKey = 'morphnet.recentDataSets';
const mostRecent = 8;

/** Undefined when the user backed out. The dialog opens in the model's workspace folder. */
export async function askForDataSet(state: vscode.Memento, model: vscode.Uri): Promise<DataSetReference | undefined> {
  const recent = state.get<readonly string[]>(recentKey, []).flatMap((text) => parseDataSet(text) ?? []);
  const items: readonly DataSetItem[] = [
    ...recent.map((chosen) => ({ label: `$(history) ${formatDataSet(chosen)}`, chosen })),
    {
      label: '$(folder-opened) Folder…',
      description:
        'images by class, beside masks or beside other images; MNIST’s or CIFAR’s files, NumPy arrays, or the root of torchvision’s data sets',
      chosen: 'folder',
    },
    { label: '$(file) File…', description: 'an .npz archive, or a .csv list of image files', chosen: 'file' },
  ];
  const choice = await vscode.window.showQuickPick(items, { placeHolder: 'The data set to train on' });
  if (choice === undefined) return undefined;
  if (typeof choice.chosen !== 'string') return choice.chosen;
  const isFolder = choice.chosen === 'folder';
  const start = vscode.workspace.getWorkspaceFolder(model)?.uri;
  const [place] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: !isFolder,
      canSelectFolders: isFolder,
      title: isFolder ? 'Folder of the data set' : 'The data set',
      openLabel: 'Use this data set',
      ...(!isFolder && { filters: { 'NumPy archive': ['npz'], 'List of files': ['csv', 'tsv'] } }),
      ...(start !== undefined && { defaultUri: start }),
    })) ?? [];
  return place && chosenByHand('auto', place.fsPath);
}

/** Offers a data set the next time too. */
export async function rememberDataSet(state: vscode.Memento, data: DataSetReference): Promise<void> {
  const text = formatDataSet(data);
  const others = state.get<readonly string[]>(recentKey, []).filter((known) => known !== text);
  await state.update(recentKey, [text, ...others].slice(0, mostRecent));
}
