// "MorphNet: Retrain Seed and Proposal": trains both from scratch in the background; the dashboard sets them side by side.

import type * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, requireTrust, showRefusal } from '../messages.ts';
import { chooseProposal } from './choose-run.ts';
import { askForCount, askWhether } from './experiment-questions.ts';
import { registerCommand } from './register-command.ts';

const title = 'MorphNet: Retrain Seed and Proposal';

export function registerRetrainRun({ server, experiments }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.retrainRun', 'Retraining', async (runId) => {
    if (!(await requireTrust())) return;
    const run = runId ?? (await chooseProposal(server, 'The run whose seed and proposal to train from scratch'))?.id;
    if (run === undefined) return;
    const snapshot = await server.request('morphnet/runSnapshot', { id: run });
    if (isRefusal(snapshot)) {
      await showRefusal(snapshot);
      return;
    }
    const seeds = await askForCount(title, 'Trainings of each network, each with a seed of its own', 1);
    if (seeds === undefined) return;
    const expanded =
      snapshot.expanded !== undefined &&
      (await askWhether(
        title,
        'What is trained from scratch',
        { label: 'Seed and proposal' },
        { label: 'Seed, proposal and expanded proposal' },
      ));
    if (expanded === undefined) return;
    await experiments.start({ kind: 'retrain', run, request: { seeds, expanded } });
  });
}
