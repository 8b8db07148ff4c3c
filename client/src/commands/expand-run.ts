// "MorphNet: Expand Structure…": scales all widths that a run proposes to a budget, and shows what comes out.

import * as vscode from 'vscode';
import { budgetRemedy, parseBudget, type ExpansionRequest } from '../../../server/src/protocol/expansion-request.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { chooseProposal } from './choose-run.ts';
import { executeCommand, registerCommand } from './register-command.ts';

export function registerExpandRun({ server, dashboards }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.expandRun', 'Expanding the structure', async (runId) => {
    const id = runId ?? (await chooseProposal(server, 'The run whose proposed widths to expand'))?.id;
    if (id === undefined) return;
    const request = await askForBudget('MorphNet: Expand Structure');
    if (request === undefined) return;
    const expanded = await server.request('morphnet/expandRun', { id, request });
    if (isRefusal(expanded)) {
      await showRefusal(expanded);
      return;
    }
    dashboards.of(id)?.refresh();
    dashboards.open(id);
    const { factor, cost, seedCost, resource } = expanded.expansion;
    const share = ((100 * cost) / seedCost).toFixed(1);
    const apply = 'Apply to Source';
    const write = 'Write to a New File';
    const choice = await vscode.window.showInformationMessage(
      `MorphNet: all proposed widths × ${factor.toFixed(2)} come to ${share} % of the seed’s ${resourceNames[resource]}.`,
      apply,
      write,
    );
    if (choice === apply) await executeCommand('morphnet.applyExpanded', id);
    if (choice === write) await executeCommand('morphnet.writeExpandedModel', id);
  });
}

const resourceNames: Readonly<Record<ExpansionRequest['resource'], string>> = {
  flops: 'FLOPs',
  params: 'weights',
  activations: 'output channels',
  latency: 'latency',
  memory: 'memory traffic',
};

const roundings: readonly (vscode.QuickPickItem & { readonly multipleOf: number })[] = [
  { label: 'Any width', description: 'comes closest to the budget', multipleOf: 1 },
  { label: 'Multiples of 4', multipleOf: 4 },
  { label: 'Multiples of 8', description: 'suits most accelerators', multipleOf: 8 },
  { label: 'Multiples of 16', multipleOf: 16 },
];

/** Undefined when the user backed out. */
export async function askForBudget(title: string): Promise<ExpansionRequest | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt: 'The budget: a share of the seed’s cost. flops:1 expands to just what the seed costs.',
    value: 'flops:1',
    valueSelection: [6, 7],
    ignoreFocusOut: true,
    validateInput: (value) => (parseBudget(value) === undefined ? budgetRemedy : undefined),
  });
  const budget = text === undefined ? undefined : parseBudget(text);
  if (budget === undefined) return undefined;
  const rounding = await vscode.window.showQuickPick(roundings, {
    title,
    placeHolder: 'What the expanded widths are rounded to',
    ignoreFocusOut: true,
  });
  return rounding && { ...budget, multipleOf: rounding.multipleOf };
}
