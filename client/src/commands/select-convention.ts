// "MorphNet: Select Counting Convention": MACs or FLOPs, in hints, hovers, lenses and the dashboard.

import * as vscode from 'vscode';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import { updateSetting } from '../update-setting.ts';
import { registerCommand } from './register-command.ts';

const choices: readonly {
  readonly label: string;
  readonly description: string;
  readonly name: CountingConventionName;
}[] = [
  { label: 'MACs', description: 'One multiply-add counts as one.', name: 'macs' },
  { label: 'FLOPs', description: 'One multiply-add counts as two operations.', name: 'flops' },
];

export function registerSelectConvention(): vscode.Disposable {
  return registerCommand('morphnet.selectConvention', 'Selecting the convention', async () => {
    const choice = await vscode.window.showQuickPick(choices, { placeHolder: 'How operations are counted' });
    if (choice !== undefined) await updateSetting('convention', choice.name);
  });
}
