// "MorphNet: Select Model…" and "Set Input…": which of a file's models is meant, and at which input, written into the
// `morphnet.json` that applies, or a new one.

import * as vscode from 'vscode';
import { chooseModel } from '../choose-model.ts';
import type { ClientServices } from '../client-services.ts';
import { writeProjectFile } from '../write-project-file.ts';
import { registerCommand } from './register-command.ts';

export function registerSelectModel({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.selectModel', 'Selecting the model', async (given, entry) => {
    const model = await chooseModel(server, given, entry, 'The model that hints, lenses and runs are about');
    if (model !== undefined) await writeProjectFile(server, { uri: model.uri, entry: model.entry });
  });
}

export function registerSetInput({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.setInput', 'Setting the input', async (given, entry) => {
    const model = await chooseModel(server, given, entry, 'The model to set the input of');
    if (model === undefined) return;
    const input = await vscode.window.showInputBox({
      title: `MorphNet: Input of ${model.entry === '' ? 'the network' : model.entry}`,
      prompt: 'Without the batch, channels first: 3x32x32; several inputs as 3x32x32,10',
      value: model.input.map((shape) => shape.join('x')).join(','),
      validateInput: (text) =>
        /^\s*\d+([x×]\d+)*(\s*,\s*\d+([x×]\d+)*)*\s*$/i.test(text) ? undefined : 'Write a shape such as 3x32x32',
    });
    if (input !== undefined)
      await writeProjectFile(server, { uri: model.uri, entry: model.entry, input: input.trim() });
  });
}
