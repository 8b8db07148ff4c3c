// Questions of the commands that train several times: how often, how wide, whether with a training from scratch.

import * as vscode from 'vscode';

/** A whole number of at least 1; undefined when the user backed out. */
export async function askForCount(title: string, prompt: string, value: number): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    value: String(value),
    ignoreFocusOut: true,
    validateInput: (typed) => (/^[1-9]\d{0,2}$/.test(typed.trim()) ? undefined : 'Write a whole number from 1 to 999.'),
  });
  return text === undefined ? undefined : Number(text);
}

/** One of two answers; undefined when the user backed out. */
export async function askWhether(
  title: string,
  placeHolder: string,
  no: vscode.QuickPickItem,
  yes: vscode.QuickPickItem,
): Promise<boolean | undefined> {
  const choice = await vscode.window.showQuickPick([no, yes], { title, placeHolder, ignoreFocusOut: true });
  return choice && choice === yes;
}
