// How failures reach the user: one sentence with the remedy, never a stack.

import * as vscode from 'vscode';
import type { Refusal } from '../../server/src/protocol/lsp-extensions.ts';

/** Whether a result is a refusal. */
export function isRefusal(result: object | null): result is Refusal {
  return result !== null && 'refused' in result;
}

/** Shows a refusal's message. */
export async function showRefusal(refusal: Refusal): Promise<void> {
  await vscode.window.showErrorMessage(`MorphNet: ${refusal.message}`);
}

/** Shows an error that is not the user's doing. */
export async function showFailure(title: string, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  await vscode.window.showErrorMessage(
    `MorphNet: ${title} failed: ${message} The output channel "MorphNet" says more.`,
  );
}

/**
 * Training executes nothing of the model's file, but it reads data and starts processes that the workspace's settings
 * name, so it needs trust. Says so and returns false in Restricted Mode.
 */
export async function requireTrust(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = 'Manage Workspace Trust';
  const choice = await vscode.window.showWarningMessage(
    'MorphNet does not train in Restricted Mode. Costs are still shown. Trust this workspace to run MorphNet.',
    manage,
  );
  if (choice === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return false;
}
