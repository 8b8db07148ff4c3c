// Asks for a data set: its kind, then its folder or file.

import * as vscode from 'vscode';
import { chosenByHand } from '../../../server/src/protocol/data-set-text.ts';
import type { DataSetReference } from '../../../server/src/protocol/run-config.ts';

interface DataSetItem extends vscode.QuickPickItem {
  readonly format: DataSetReference['kind'];
  /** Endings of the file that it is; absent: a folder. */
  readonly endings?: readonly string[];
}

const items: readonly DataSetItem[] = [
  { label: 'Image folder', description: 'One sub-folder a class, with JPEG, PNG or WebP files', format: 'images' },
  { label: 'MNIST format', description: 'A folder with IDX files: train-images-idx3-ubyte, …', format: 'idx' },
  { label: 'CIFAR-10', description: 'A folder with the binary version: data_batch_1.bin, …', format: 'cifar10' },
  { label: 'CIFAR-100', description: 'A folder with the binary version: train.bin and test.bin', format: 'cifar100' },
  { label: 'NumPy archive', description: 'An .npz file with x_train, y_train, …', format: 'numpy', endings: ['npz'] },
  { label: 'NumPy files', description: 'A folder with x_train.npy, y_train.npy, …', format: 'numpy' },
  {
    label: 'List of files',
    description: 'A .csv file with a path and a class a line',
    format: 'csv',
    endings: ['csv', 'tsv'],
  },
];

/** Undefined when the user backed out. The dialog opens in the model's workspace folder. */
export async function askForDataSet(model: vscode.Uri): Promise<DataSetReference | undefined> {
  const choice = await vscode.window.showQuickPick(items, { placeHolder: 'The data set to train on' });
  if (choice === undefined) return undefined;
  const { label, format, endings } = choice;
  const start = vscode.workspace.getWorkspaceFolder(model)?.uri;
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: endings !== undefined,
    canSelectFolders: endings === undefined,
    title: endings === undefined ? `Folder of the data set: ${label}` : `The data set: ${label}`,
    openLabel: 'Use this data set',
    ...(endings !== undefined && { filters: { [label]: [...endings] } }),
    ...(start !== undefined && { defaultUri: start }),
  });
  const [place] = chosen ?? [];
  return place && chosenByHand(format, place.fsPath);
}
