// A device of the user's own, asked for field by field: its name, its peak compute and its memory bandwidth. It goes into the
// setting `morphnet.devices`; a project's own stand in `morphnet.json`.

import * as vscode from 'vscode';
import { deviceLimits, type DeviceSetting } from '../../../server/src/protocol/settings.ts';

/** The name of the new device, which the settings have now; undefined where the user went away. */
export async function askForDevice(taken: ReadonlySet<string>): Promise<string | undefined> {
  const title = 'Another Device';
  const name = await vscode.window.showInputBox({
    title: `${title} (1/3)`,
    prompt: 'Its name, as latencies name it',
    placeHolder: 'edge box',
    validateInput: (text) =>
      text.trim() === '' ? 'Write a name.' : taken.has(text.trim()) ? `There is a device ${text.trim()}.` : undefined,
  });
  if (name === undefined) return undefined;
  const peakGflopsPerSecond = await askForFigure(
    `${title} (2/3)`,
    'Peak compute in GFLOP/s, two for each multiply-add, in the number format that it runs networks in',
    'peakGflopsPerSecond',
  );
  if (peakGflopsPerSecond === undefined) return undefined;
  const memoryGigabytesPerSecond = await askForFigure(
    `${title} (3/3)`,
    'Memory bandwidth in GB/s',
    'memoryGigabytesPerSecond',
  );
  if (memoryGigabytesPerSecond === undefined) return undefined;
  const section = vscode.workspace.getConfiguration('morphnet');
  const mine = section.inspect<Readonly<Record<string, DeviceSetting>>>('devices')?.globalValue ?? {};
  const devices = { ...mine, [name.trim()]: { peakGflopsPerSecond, memoryGigabytesPerSecond } };
  await section.update('devices', devices, vscode.ConfigurationTarget.Global);
  return name.trim();
}

async function askForFigure(title: string, prompt: string, figure: keyof DeviceSetting): Promise<number | undefined> {
  const [least, most] = deviceLimits[figure];
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    validateInput: (written) => {
      const value = Number(written);
      if (written.trim() !== '' && value >= least && value <= most) return undefined;
      return `Write a number between ${String(least)} and ${most.toLocaleString('en-US')}.`;
    },
  });
  return text === undefined ? undefined : Number(text);
}
