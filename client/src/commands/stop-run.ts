// "MorphNet: Stop Run": ends whatever trains at a checkpoint, from which it can be resumed.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { chooseTraining } from './choose-training.ts';
import { registerCommand } from './register-command.ts';

export function registerStopRun({ server, experiments }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.stopRun', 'Stopping the run', async (runId) => {
    const chosen =
      runId === undefined
        ? await chooseTraining(server, experiments, 'What to stop at its next checkpoint')
        : ({ kind: 'run', id: runId } as const);
    if (chosen === undefined) return;
    if (chosen.kind === 'experiment') {
      await experiments.stop(chosen.summary);
      return;
    }
    const { id } = chosen;
    const result = await server.request('morphnet/stopRun', { id });
    if (isRefusal(result)) await showRefusal(result);
    else if (result.alreadyStopping) await offerToEndAtOnce(id, server);
  });
}

/** A second press may be a double click, and what it would lose is hours of work: it asks first. */
async function offerToEndAtOnce(id: string, server: ServerConnection): Promise<void> {
  const atOnce = 'End at Once';
  const choice = await vscode.window.showWarningMessage(
    'MorphNet: The run is stopping at a checkpoint. Ended at once, it loses the steps since its last one.',
    atOnce,
  );
  if (choice === atOnce) await server.request('morphnet/stopRun', { id, atOnce: true });
}
