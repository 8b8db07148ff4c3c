// `.cfg` belongs to many programs. Files that are no Darknet model go back to the language they would have without us.

import * as vscode from 'vscode';
import { looksLikeDarknet } from './darknet-text.ts';

/**
 * Hands documents back whenever they open; a user who then picks "Darknet" by hand keeps it until the file is closed.
 * A file association of the user's own for `.cfg` never comes here unless it says `darknet`.
 */
export function handBackForeignCfg(): vscode.Disposable {
  /** Open documents that were looked at. */
  const seen = new Set<string>();
  const check = (document: vscode.TextDocument): void => {
    const uri = document.uri.toString();
    if (document.languageId !== 'darknet' || seen.has(uri)) return;
    seen.add(uri);
    if (!looksLikeDarknet(document.getText())) void vscode.languages.setTextDocumentLanguage(document, 'properties');
  };
  const forget = (document: vscode.TextDocument): void => {
    const uri = document.uri.toString();
    // A change of language closes a document and opens it again at once: that is the same document still.
    setImmediate(() => {
      if (!vscode.workspace.textDocuments.some((open) => open.uri.toString() === uri)) seen.delete(uri);
    });
  };
  vscode.workspace.textDocuments.forEach(check);
  return vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument(check),
    vscode.workspace.onDidCloseTextDocument(forget),
  );
}
