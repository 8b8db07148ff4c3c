// "MorphNet: Open in TensorBoard": all runs of a workspace folder beside each other, in a terminal of the editor's, from whose first
// line the page opens. Python is asked first whether it has TensorBoard.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { requireTrust } from '../messages.ts';
import { chosenInterpreter } from '../python-interpreter.ts';
import { chooseRun } from './choose-run.ts';
import { registerCommand } from './register-command.ts';

const run = promisify(execFile);

export function registerOpenTensorboard({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.openTensorboard', 'Opening TensorBoard', async (runId) => {
    if (!(await requireTrust())) return;
    const known = await server.request('morphnet/runs', {});
    const chosen =
      known.find(({ id }) => id === runId) ??
      (await chooseRun(server, {
        purpose: 'The run whose folder is shown, with all beside it',
        accepts: () => true,
        none: 'There is no run yet. Start one with "MorphNet: Run MorphNet".',
      }));
    if (chosen === undefined) return;
    const python = await pythonWithTensorboard();
    if (python === undefined) return;
    const folder = vscode.Uri.joinPath(vscode.Uri.file(chosen.folder), '..').fsPath;
    const terminal = vscode.window.createTerminal({
      name: 'TensorBoard',
      shellPath: python,
      shellArgs: ['-m', 'tensorboard.main', '--logdir', folder],
    });
    terminal.show();
  });
}

/** The Python that has it; undefined where none has, which the user has been told. */
async function pythonWithTensorboard(): Promise<string | undefined> {
  const setting = vscode.workspace.getConfiguration('morphnet').get<string>('training.python') ?? '';
  const candidates = [setting, await chosenInterpreter(), 'python3', 'python'].filter(
    (path): path is string => path !== undefined && path !== '',
  );
  for (const python of candidates) {
    try {
      await run(python, ['-c', 'import tensorboard.main']);
      return python;
    } catch {
      // The next one may.
    }
  }
  const copy = 'Copy Command';
  const choice = await vscode.window.showInformationMessage(
    `MorphNet: TensorBoard is not installed in ${candidates[0] ?? 'python3'}. Install it there, or choose another interpreter.`,
    copy,
  );
  if (choice === copy) await vscode.env.clipboard.writeText(`${candidates[0] ?? 'python3'} -m pip install tensorboard`);
  return undefined;
}
