// "MorphNet: Apply Proposed Widths": edits the source to the widths that a run proposes, in one undoable step.

import * as vscode from 'vscode';
import { previewEdits } from '../apply-edits.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { previewWords } from '../set-widths.ts';
import { showSource } from '../show-source.ts';
import { chooseProposal } from './choose-run.ts';
import { executeCommand, registerCommand } from './register-command.ts';

export function registerApplyProposal(services: ClientServices): vscode.Disposable {
  return registerApply(services, 'morphnet.applyProposal', false);
}

/** "MorphNet: Apply Expanded Widths": the same for what a run's proposal was expanded to. */
export function registerApplyExpanded(services: ClientServices): vscode.Disposable {
  return registerApply(services, 'morphnet.applyExpanded', true);
}

function registerApply(
  { server, progress }: ClientServices,
  command: 'morphnet.applyProposal' | 'morphnet.applyExpanded',
  expanded: boolean,
): vscode.Disposable {
  return registerCommand(command, 'Applying the widths', async (runId, layer) => {
    const id = runId ?? (await chooseProposal(server, 'The run whose widths to apply'))?.id;
    if (id === undefined) return;
    const result = await server.request('morphnet/proposalEdits', {
      id,
      expanded,
      ...(layer !== undefined && { layer }),
    });
    if (isRefusal(result)) {
      await (layer === undefined ? offerSlimModel(id, expanded, result.message) : showRefusal(result));
      return;
    }
    const words = { title: result.title, description: previewWords(result) };
    const { applied, failure } = await previewEdits(words, result.documents);
    if (failure !== undefined) await vscode.window.showErrorMessage(`MorphNet: ${failure}`);
    if (!applied) return;
    progress.decided(id);
    const [first] = result.documents;
    if (first !== undefined) await showSource(vscode.Uri.parse(first.uri, true));
    if (layer !== undefined || result.isExact) return;
    await offerSlimModel(id, expanded, `${result.title}. ${result.sentences.at(-1) ?? ''}`);
  });
}

/** What the numbers of the source can't express, a file of its own can. */
async function offerSlimModel(id: string, expanded: boolean, message: string): Promise<void> {
  const write = expanded ? 'Write Expanded Model to a New File' : 'Write Slim Model to a New File';
  const choice = await vscode.window.showInformationMessage(`MorphNet: ${message}`, write);
  if (choice === write) await executeCommand(expanded ? 'morphnet.writeExpandedModel' : 'morphnet.writeSlimModel', id);
}
