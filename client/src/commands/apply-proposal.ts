// "MorphNet: Apply Proposed Widths": edits the source to the widths that a run proposes, in one undoable step.

import * as vscode from 'vscode';
import { applyEdits } from '../apply-edits.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { showSource } from '../show-source.ts';
import { chooseRun } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

export function registerApplyProposal({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.applyProposal', 'Applying the proposal', async (runId, layer) => {
    const id =
      runId ??
      (
        await chooseRun(server, {
          purpose: 'The run whose widths to apply',
          accepts: ({ step, status }) => status === 'finished' || step > 0,
          none: 'No run has proposed widths yet. Start one with "MorphNet: Run MorphNet".',
        })
      )?.id;
    if (id === undefined) return;
    const result = await server.request('morphnet/proposalEdits', { id, ...(layer !== undefined && { layer }) });
    if (isRefusal(result)) {
      await showRefusal(result);
      return;
    }
    const failure = await applyEdits(result.title, result.documents);
    if (failure !== undefined) {
      await vscode.window.showErrorMessage(`MorphNet: ${failure}`);
      return;
    }
    const [first] = result.documents;
    if (first !== undefined) await showSource(vscode.Uri.parse(first.uri, true));
  });
}
