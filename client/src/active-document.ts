// The document that a command is about where nobody said: the active text's, or the active notebook's.

import * as vscode from 'vscode';

/** Undefined where neither a text nor a notebook is active. In a notebook it is the cell with the cursor, if there is one. */
export function activeDocument(): vscode.Uri | undefined {
  return vscode.window.activeTextEditor?.document.uri ?? vscode.window.activeNotebookEditor?.notebook.uri;
}
