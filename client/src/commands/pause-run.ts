// "MorphNet: Pause Run": ends a run's process at a checkpoint and frees the machine; Resume goes on from there.

import type * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { chooseRun } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

export function registerPauseRun({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.pauseRun', 'Pausing the run', async (runId) => {
    const id =
      runId ??
      (
        await chooseRun(server, {
          purpose: 'The run to pause',
          accepts: ({ status }) => status === 'running' || status === 'queued',
          none: 'No run is being trained.',
        })
      )?.id;
    if (id === undefined) return;
    // One that comes to its checkpoint already can be resumed all the same.
    const result = await server.request('morphnet/pauseRun', { id });
    if (isRefusal(result)) await showRefusal(result);
  });
}
