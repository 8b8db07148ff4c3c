// `.cfg` belongs to many programs. Files that are no Darknet model go back to the language they would have without us.

import * as vscode from 'vscode';

/** Enough text to find the first section behind a long comment, little enough to be free. */
const headLength = 20_000;

/** Whether a `.cfg` text can be a Darknet model: its first section is `[net]`, or there is nothing in it yet. */
export function looksLikeDarknet(text: string): boolean {
  const lines = text.slice(0, headLength).split(/\r?\n/);
  const first = lines.map((line) => line.trim()).find((line) => line !== '' && !/^[#;]/.test(line));
  return first === undefined || /^\[net(?:work)?\]/.test(first);
}

/**
 * Hands documents back as they open. Each document once: a user who then picks "Darknet" by hand keeps it.
 * A file association of the user's own for `.cfg` never comes here unless it says `darknet`.
 */
export function handBackForeignCfg(): vscode.Disposable {
  const seen = new Set<string>();
  const check = (document: vscode.TextDocument): void => {
    if (document.languageId !== 'darknet' || seen.has(document.uri.toString())) return;
    seen.add(document.uri.toString());
    if (!looksLikeDarknet(document.getText())) void vscode.languages.setTextDocumentLanguage(document, 'properties');
  };
  vscode.workspace.textDocuments.forEach(check);
  return vscode.workspace.onDidOpenTextDocument(check);
}
