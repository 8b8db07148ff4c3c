// "MorphNet: Select Counting Convention": MACs, FLOPs or a public counter's, in hints, hovers, lenses and the table of costs.

import * as vscode from 'vscode';
import { conventionChoices } from '../../../server/src/protocol/settings.ts';
import { updateSetting } from '../update-setting.ts';
import { registerCommand } from './register-command.ts';

export function registerSelectConvention(): vscode.Disposable {
  return registerCommand('morphnet.selectConvention', 'Selecting the convention', async () => {
    const words: Readonly<Record<string, string>> = { macs: 'MACs', flops: 'FLOPs' };
    const items = Object.entries(conventionChoices).map(([name, detail]) => ({
      label: words[name] ?? name,
      detail,
      name,
    }));
    const choice = await vscode.window.showQuickPick(items, { placeHolder: 'How operations are counted' });
    if (choice !== undefined) await updateSetting('convention', choice.name);
  });
}
