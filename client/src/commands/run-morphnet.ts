// "MorphNet: Run MorphNet": from the active editor to a run in the background, asking only for what nobody said yet.

import type { Disposable } from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, requireTrust, showRefusal } from '../messages.ts';
import { chooseConfig } from './choose-config.ts';
import { registerCommand } from './register-command.ts';

const words = { title: 'MorphNet: Run MorphNet', accept: 'Start' };

export function registerRunMorphNet({ server, progress, context }: ClientServices): Disposable {
  return registerCommand('morphnet.runMorphNet', 'Starting the run', async (uri, entry) => {
    if (!(await requireTrust())) return;
    const config = await chooseConfig({ server, context }, words, uri, entry);
    if (config === undefined) return;
    const run = await server.request('morphnet/startRun', { config });
    if (isRefusal(run)) await showRefusal(run);
    else progress.follow(run);
  });
}
