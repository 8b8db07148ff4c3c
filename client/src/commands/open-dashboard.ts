// "MorphNet: Open Dashboard": a run's alive channels, curves and proposed structure in a panel.

import type * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { chooseRun } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

export function registerOpenDashboard({ server, dashboards, progress }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.openDashboard', 'Opening the dashboard', async (runId) => {
    const id =
      runId ??
      (
        await chooseRun(server, {
          purpose: 'The run to show',
          accepts: () => true,
          none: 'There is no run yet. Start one with "MorphNet: Run MorphNet".',
        })
      )?.id;
    if (id === undefined) return;
    progress.decided(id);
    dashboards.open(id);
  });
}
