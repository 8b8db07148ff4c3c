// Registers commands with arguments that are checked: keybindings and other extensions may pass anything.

import * as vscode from 'vscode';
import type { CommandArguments, CommandId } from '../../../server/src/protocol/commands.ts';
import { showFailure } from '../messages.ts';

/**
 * All arguments of our commands are optional strings; what is none counts as not given. Menus of files give a URI, those of our views
 * a row with the id of what it shows.
 */
export function registerCommand(
  command: CommandId,
  title: string,
  run: (...rest: readonly (string | undefined)[]) => Promise<void>,
): vscode.Disposable {
  return vscode.commands.registerCommand(command, async (...rest: readonly unknown[]) => {
    try {
      await run(...rest.map(textOf));
    } catch (error) {
      await showFailure(title, error);
    }
  });
}

function textOf(argument: unknown): string | undefined {
  if (argument instanceof vscode.Uri) return argument.toString();
  if (typeof argument === 'object' && argument !== null && 'id' in argument) return textOf(argument.id);
  return typeof argument === 'string' ? argument : undefined;
}

/** Executes a command of ours with arguments of its types. */
export async function executeCommand<Id extends CommandId>(command: Id, ...rest: CommandArguments[Id]): Promise<void> {
  await vscode.commands.executeCommand(command, ...rest);
}
