// "MorphNet: Show Trade-off Curve": what a sweep's strengths cost and how accurate their structures are, in a panel.

import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { executeCommand, registerCommand } from './register-command.ts';

export function registerShowTradeOff({ server, tradeOffs }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.showTradeOff', 'Showing the trade-off curve', async (sweepId) => {
    if (sweepId !== undefined) {
      tradeOffs.open(sweepId);
      return;
    }
    const sweeps = await server.request('morphnet/sweeps', {});
    const items = sweeps.map(({ id, sweep }) => ({
      label: sweep.model.entry === '' ? fileOf(sweep.model.document) : sweep.model.entry,
      description: `${sweep.points.filter(({ status }) => status === 'finished').length} of ${sweep.points.length} strengths`,
      detail: id,
    }));
    if (items.length === 0) {
      const sweep = 'Sweep Strengths';
      const choice = await vscode.window.showInformationMessage('MorphNet: There is no sweep yet.', sweep);
      if (choice === sweep) await executeCommand('morphnet.sweepStrengths');
      return;
    }
    const chosen =
      items.length === 1
        ? items[0]
        : await vscode.window.showQuickPick(items, { placeHolder: 'The sweep to show', matchOnDetail: true });
    if (chosen !== undefined) tradeOffs.open(chosen.detail);
  });
}

function fileOf(document: string): string {
  return vscode.Uri.parse(document).path.split('/').at(-1) ?? document;
}
