// "MorphNet: Pause Run": ends a run's process at a checkpoint and frees the machine; Resume goes on from there.

import type * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { chooseTraining } from './choose-training.ts';
import { registerCommand } from './register-command.ts';

export function registerPauseRun({ server, experiments }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.pauseRun', 'Pausing the run', async (runId) => {
    const chosen =
      runId === undefined
        ? await chooseTraining(server, experiments, 'What to pause at its next checkpoint')
        : ({ kind: 'run', id: runId } as const);
    if (chosen === undefined) return;
    if (chosen.kind === 'experiment') {
      // It goes on by the button of the message that follows.
      await experiments.stop(chosen.summary);
      return;
    }
    const { id } = chosen;
    // One that comes to its checkpoint already can be resumed all the same.
    const result = await server.request('morphnet/pauseRun', { id });
    if (isRefusal(result)) await showRefusal(result);
  });
}
