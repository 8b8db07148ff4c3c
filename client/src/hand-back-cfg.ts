// `.cfg` belongs to many programs. Files that are no Darknet model go back to the language they would have without us.

import * as vscode from 'vscode';
import { looksLikeDarknet } from './darknet-text.ts';

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
