// Asks for a data set: its kind, then its folder.

import * as vscode from 'vscode';
import type { DataSetReference } from '../../../server/src/protocol/run-config.ts';

const formats: readonly (vscode.QuickPickItem & { readonly format: DataSetReference['kind'] })[] = [
  { label: 'MNIST format', description: 'A folder with IDX files: train-images-idx3-ubyte, …', format: 'idx' },
  { label: 'CIFAR-10', description: 'A folder with the binary version: data_batch_1.bin, …', format: 'cifar10' },
];

/** Undefined when the user backed out. The dialog opens in the model's workspace folder. */
export async function askForDataSet(model: vscode.Uri): Promise<DataSetReference | undefined> {
  const choice = await vscode.window.showQuickPick(formats, { placeHolder: 'The data set to train on' });
  if (choice === undefined) return undefined;
  const start = vscode.workspace.getWorkspaceFolder(model)?.uri;
  const folders = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: `Folder of the ${choice.label} data set`,
    openLabel: 'Use this data set',
    ...(start !== undefined && { defaultUri: start }),
  });
  const folder = folders?.[0];
  return folder && { kind: choice.format, path: folder.fsPath };
}
