// "MorphNet: Toggle Hints" and "Toggle Shapes Where Data Flows": what stands at the ends of lines, on or off.

import * as vscode from 'vscode';
import { updateSetting } from '../update-setting.ts';
import { registerCommand } from './register-command.ts';

export function registerToggleHints(): vscode.Disposable {
  return registerCommand('morphnet.toggleHints', 'Toggling the hints', () => toggle('hints.enabled', true));
}

export function registerToggleShapes(): vscode.Disposable {
  return registerCommand('morphnet.toggleShapes', 'Toggling the shapes', () => toggle('hints.dataFlow', false));
}

async function toggle(name: 'hints.enabled' | 'hints.dataFlow', isUsual: boolean): Promise<void> {
  const isOn = vscode.workspace.getConfiguration('morphnet').get<boolean>(name, isUsual);
  await updateSetting(name, !isOn);
}
