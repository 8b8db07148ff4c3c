// A small extension for tests alone: installed beside the product where the editor cannot be started with a test file.
// Its command runs the suite and writes the results where the environment says.

import { writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { runSuite } from './suite.ts';

export function activate(context: vscode.ExtensionContext): void {
  const command = vscode.commands.registerCommand('morphnetTests.run', async () => {
    const results = await runSuite();
    await writeFile(process.env['MORPHNET_TEST_RESULTS'] ?? 'results.json', JSON.stringify(results));
    void vscode.window.showInformationMessage('MorphNet tests have ended.');
  });
  context.subscriptions.push(command);
}
