// Writes a setting where it is in force already, so that a workspace's own value is not shadowed in vain.

import * as vscode from 'vscode';

/** `name` is the part after `morphnet.`. */
export async function updateSetting(
  name: 'convention' | 'device' | 'hints.enabled' | 'hints.dataFlow',
  value: string | boolean,
): Promise<void> {
  const section = vscode.workspace.getConfiguration('morphnet');
  const set = section.inspect(name);
  const target =
    set?.workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  await section.update(name, value, target);
}
