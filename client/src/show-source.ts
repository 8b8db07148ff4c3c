// Where source is shown: in the column that has it already, otherwise beside a dashboard rather than over it.

import * as vscode from 'vscode';

/** Shows a document, and selects a range of it if one is given. */
export async function showSource(uri: vscode.Uri, selection?: vscode.Range): Promise<void> {
  await vscode.window.showTextDocument(uri, {
    viewColumn: columnOf(uri),
    ...(selection !== undefined && { selection }),
  });
}

function columnOf(uri: vscode.Uri): vscode.ViewColumn {
  const { all, activeTabGroup } = vscode.window.tabGroups;
  const open = all.find((group) =>
    group.tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()),
  );
  if (open !== undefined) return open.viewColumn;
  if (!(activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview)) return vscode.ViewColumn.Active;
  return activeTabGroup.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One;
}
