// "MorphNet: Stop Run": ends a run at a checkpoint, from which it can be resumed.

import type * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { chooseRun } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

export function registerStopRun({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.stopRun', 'Stopping the run', async (runId) => {
    const id =
      runId ??
      (
        await chooseRun(server, {
          purpose: 'The run to stop',
          accepts: ({ status }) => status === 'running' || status === 'queued',
          none: 'No run is being trained.',
        })
      )?.id;
    if (id === undefined) return;
    const result = await server.request('morphnet/stopRun', { id });
    if (isRefusal(result)) await showRefusal(result);
  });
}
