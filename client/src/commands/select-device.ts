// "MorphNet: Select Device": the device that latencies are estimated for.

import * as vscode from 'vscode';
import { defaultSettings, parseSettings } from '../../../server/src/protocol/settings.ts';
import type { ClientServices } from '../client-services.ts';
import { updateSetting } from '../update-setting.ts';
import { registerCommand } from './register-command.ts';

export function registerSelectDevice({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.selectDevice', 'Selecting the device', async () => {
    const { device: current } = parseSettings(vscode.workspace.getConfiguration().get('morphnet') ?? defaultSettings);
    const devices = await server.request('morphnet/devices', {});
    const choice = await vscode.window.showQuickPick(
      [{ name: 'auto', description: 'this machine once it is measured', builtIn: true }, ...devices].map(
        ({ name, description, builtIn }) => ({
          label: name === current ? `$(check) ${name}` : name,
          description: `${description}${builtIn ? '' : ', from your settings'}`,
          name,
        }),
      ),
      { placeHolder: 'The device that latency is estimated for' },
    );
    if (choice !== undefined) await updateSetting('device', choice.name);
  });
}
