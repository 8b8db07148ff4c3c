// Model files that are no text: where the editor would show bytes it shows the table of costs. Nothing of the file is run or changed.

import * as vscode from 'vscode';
import { modelFileView } from '../../../server/src/protocol/languages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { CostsPanel, costsSubject } from './costs-panel.ts';

class ModelFileEditor implements vscode.CustomReadonlyEditorProvider {
  readonly #pages: vscode.Uri;
  readonly #server: ServerConnection;

  constructor(pages: vscode.Uri, server: ServerConnection) {
    this.#pages = pages;
    this.#server = server;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    // The user opened it, so it may be read wherever it lies.
    await this.#server.request('morphnet/openModelFile', { uri: uri.toString() });
    const page = new CostsPanel(panel, this.#pages, this.#server, costsSubject(uri.toString(), undefined));
    const folder = vscode.Uri.joinPath(uri, '..');
    const name = uri.path.split('/').at(-1) ?? '';
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, name));
    const changed = watcher.onDidChange(async () => {
      await this.#server.request('morphnet/openModelFile', { uri: uri.toString() });
      page.refresh();
    });
    panel.onDidDispose(() => {
      vscode.Disposable.from(page, changed, watcher).dispose();
    });
  }
}

export function modelFileEditor(context: vscode.ExtensionContext, server: ServerConnection): vscode.Disposable {
  const pages = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  return vscode.window.registerCustomEditorProvider(modelFileView, new ModelFileEditor(pages, server));
}
