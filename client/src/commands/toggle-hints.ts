// "MorphNet: Toggle Hints": the costs at the ends of lines, on or off.

import * as vscode from 'vscode';
import { updateSetting } from '../update-setting.ts';
import { registerCommand } from './register-command.ts';

export function registerToggleHints(): vscode.Disposable {
  return registerCommand('morphnet.toggleHints', 'Toggling the hints', async () => {
    const isShown = vscode.workspace.getConfiguration('morphnet').get<boolean>('hints.enabled', true);
    await updateSetting('hints.enabled', !isShown);
  });
}
