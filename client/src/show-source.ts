// Where source is shown: in the column that has it already, otherwise beside a dashboard rather than over it.

import * as vscode from 'vscode';

/** Shows a document, and selects a range of it if one is given. */
export async function showSource(uri: vscode.Uri, selection?: vscode.Range): Promise<void> {
  const cell = cellOf(uri);
  if (cell !== undefined) {
    const { notebook, index } = cell;
    const selections = [new vscode.NotebookRange(index, index + 1)];
    await vscode.window.showNotebookDocument(notebook, { viewColumn: columnOf(notebook.uri), selections });
    return;
  }
  await vscode.window.showTextDocument(uri, {
    viewColumn: columnOf(uri),
    ...(selection !== undefined && { selection }),
  });
}

/** The open notebook's cell that a URI names. */
function cellOf(uri: vscode.Uri): vscode.NotebookCell | undefined {
  if (uri.scheme !== 'vscode-notebook-cell') return undefined;
  return vscode.workspace.notebookDocuments
    .flatMap((notebook) => notebook.getCells())
    .find(({ document }) => document.uri.toString() === uri.toString());
}

function columnOf(uri: vscode.Uri): vscode.ViewColumn {
  const { all, activeTabGroup } = vscode.window.tabGroups;
  const open = all.find((group) =>
    group.tabs.some(
      ({ input }) =>
        (input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook) &&
        input.uri.toString() === uri.toString(),
    ),
  );
  if (open !== undefined) return open.viewColumn;
  if (!(activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview)) return vscode.ViewColumn.Active;
  return activeTabGroup.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One;
}
