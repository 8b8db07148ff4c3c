// The commands that change a setting: "MorphNet: Select Counting Convention", "Select Device", "Toggle Hints" and "Toggle Shapes
// Where Data Flows".

import * as vscode from 'vscode';
import { conventionChoices, defaultSettings, parseSettings } from '../../../server/src/protocol/settings.ts';
import type { ClientServices } from '../client-services.ts';
import { activeDocument } from '../active-document.ts';
import { askForDevice } from './ask-for-device.ts';
import { registerCommand } from './register-command.ts';

/** MACs, FLOPs or a public counter's, in hints, hovers, lenses and the table of costs. */
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

/** The device that latencies are estimated for. */
export function registerSelectDevice({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.selectDevice', 'Selecting the device', async () => {
    const { device: current } = parseSettings(vscode.workspace.getConfiguration().get('morphnet') ?? defaultSettings);
    const devices = await server.request('morphnet/devices', { uri: activeDocument()?.toString() ?? '' });
    const known = [{ name: 'auto', description: 'this machine once it is measured', builtIn: true }, ...devices].map(
      ({ name, description, builtIn }) => ({
        label: name === current ? `$(check) ${name}` : name,
        description: `${description}${builtIn ? '' : ', your own'}`,
        name,
      }),
    );
    const another = {
      label: '$(add) Another Device…',
      description: 'by its peak compute and memory bandwidth',
      name: undefined,
    };
    const choice = await vscode.window.showQuickPick([...known, another], {
      placeHolder: 'The device that latency is estimated for',
    });
    if (choice === undefined) return;
    const name = choice.name ?? (await askForDevice(new Set(devices.map((device) => device.name))));
    if (name !== undefined) await updateSetting('device', name);
  });
}

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

/** Writes a setting where it is in force already, so that a workspace's own value is not shadowed in vain. */
async function updateSetting(
  name: 'convention' | 'device' | 'hints.enabled' | 'hints.dataFlow',
  value: string | boolean,
): Promise<void> {
  const section = vscode.workspace.getConfiguration('morphnet');
  const set = section.inspect(name);
  const target =
    set?.workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  await section.update(name, value, target);
}
