// "MorphNet: Open Example": a folder with a small model and drawings to train it on, in the extension's own storage.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { shapeImages } from '../example/shape-images.ts';
import { registerCommand } from './register-command.ts';

/** Where the folder is remembered that was just made, until its window is there. */
const openedKey = 'morphnet.openedExample';

const projectFile = {
  data: { kind: 'idx', path: 'data' },
  target: 'flops:0.5',
  batchSize: 32,
  learningRate: 0.01,
  steps: 300,
  seed: 1,
};

export function registerOpenExample({ context }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.openExample', 'Opening the example', async () => {
    const folder = vscode.Uri.joinPath(context.globalStorageUri, 'example');
    const at = (...path: readonly string[]): vscode.Uri => vscode.Uri.joinPath(folder, ...path);
    const { fs } = vscode.workspace;
    await fs.createDirectory(at('data'));
    for (const { name, bytes } of shapeImages(2000, 400)) await fs.writeFile(at('data', name), bytes);
    const source = vscode.Uri.joinPath(context.extensionUri, 'examples', 'shapes.py');
    await fs.copy(source, at('shapes.py'), { overwrite: true });
    await fs.writeFile(at('morphnet.json'), Buffer.from(`${JSON.stringify(projectFile, undefined, 2)}\n`, 'utf8'));
    await context.globalState.update(openedKey, folder.toString());
    const forceNewWindow = (vscode.workspace.workspaceFolders ?? []).length > 0;
    await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow });
  });
}

/** In the window of the example that was just opened, its model is shown. */
export async function showOpenedExample(context: vscode.ExtensionContext): Promise<void> {
  const opened = context.globalState.get<string>(openedKey);
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (opened === undefined || folder?.uri.toString() !== opened) return;
  await context.globalState.update(openedKey, undefined);
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, 'shapes.py'));
}
