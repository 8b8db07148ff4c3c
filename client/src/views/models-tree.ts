// The view "Models": the workspace's files that offer a model, found without opening them, and their models. What a model costs
// is worked out when its file is unfolded.

import * as vscode from 'vscode';
import { listedFilesPattern } from '../../../server/src/protocol/languages.ts';
import type { FileModels, ModelSummary } from '../../../server/src/protocol/lsp-extensions.ts';
import { showFailure } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';

type Node =
  | { readonly kind: 'file'; readonly file: FileModels }
  | {
      readonly kind: 'model';
      readonly uri: string;
      readonly model: FileModels['models'][number];
      readonly totals: string;
    };

/** More files than this are not looked at: a folder of data with Python's ending should not keep the server busy. */
const mostFiles = 5000;
/** Files of one question: between two of them the view is filled, and others are answered. */
const filesAtOnce = 200;
const excluded = '{**/node_modules/**,**/.git/**,**/.venv/**,**/venv/**,**/env/**,**/site-packages/**,**/.morphnet/**}';
/** Files come and go in bursts. */
const restMs = 1000;

export class ModelsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #server: ServerConnection;
  readonly #changes = new vscode.EventEmitter<undefined>();
  readonly #subscriptions: readonly vscode.Disposable[];
  /** Undefined while nobody has looked at the view. */
  #files: readonly FileModels[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changes.event;

  constructor(server: ServerConnection) {
    this.#server = server;
    const watcher = vscode.workspace.createFileSystemWatcher(listedFilesPattern);
    const look = (): void => {
      this.#schedule();
    };
    this.#subscriptions = [
      watcher,
      watcher.onDidCreate(look),
      watcher.onDidChange(look),
      watcher.onDidDelete(look),
      vscode.workspace.onDidChangeWorkspaceFolders(look),
      vscode.window.registerTreeDataProvider('morphnet.models', this),
    ];
  }

  async getChildren(parent?: Node): Promise<Node[]> {
    if (parent === undefined) {
      this.#files ??= await this.#find();
      return this.#files.map((file) => ({ kind: 'file', file }));
    }
    if (parent.kind === 'model') return [];
    const { uri, models } = parent.file;
    const known = await this.#summaries(uri);
    return models.map((model) => ({ kind: 'model', uri, model, totals: known.get(model.entry)?.totals ?? '' }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'file') {
      const item = new vscode.TreeItem(vscode.Uri.parse(node.file.uri), vscode.TreeItemCollapsibleState.Collapsed);
      item.description = vscode.workspace.asRelativePath(vscode.Uri.parse(node.file.uri)).replace(/\/?[^/]*$/, '');
      item.iconPath = vscode.ThemeIcon.File;
      item.contextValue = 'morphnet.file';
      return item;
    }
    const { uri, model, totals } = node;
    const name = model.entry === '' ? (vscode.Uri.parse(uri).path.split('/').at(-1) ?? '') : model.entry;
    const item = new vscode.TreeItem(name);
    item.description = totals;
    item.tooltip = totals === '' ? name : `${name}\n${totals}`;
    item.iconPath = new vscode.ThemeIcon('symbol-class');
    item.contextValue = 'morphnet.model';
    const { start } = model.range;
    const at = new vscode.Position(start.line, start.character);
    item.command = {
      command: 'vscode.open',
      title: 'Open',
      arguments: [vscode.Uri.parse(uri), { selection: new vscode.Range(at, at) }],
    };
    return item;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changes.dispose();
  }

  #schedule(): void {
    if (this.#files === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#files = undefined;
      this.#changes.fire(undefined);
    }, restMs);
  }

  async #find(): Promise<readonly FileModels[]> {
    try {
      const found = await vscode.workspace.findFiles(listedFilesPattern, excluded, mostFiles);
      const uris = found.map((uri) => uri.toString()).toSorted();
      const files: FileModels[] = [];
      for (let first = 0; first < uris.length; first += filesAtOnce)
        files.push(
          ...(await this.#server.request('morphnet/entries', { uris: uris.slice(first, first + filesAtOnce) })),
        );
      return files;
    } catch (error) {
      await showFailure('Looking for models', error);
      return [];
    }
  }

  async #summaries(uri: string): Promise<ReadonlyMap<string, ModelSummary>> {
    try {
      return new Map((await this.#server.request('morphnet/models', { uri })).map((model) => [model.entry, model]));
    } catch (error) {
      await showFailure('Reading the models', error);
      return new Map();
    }
  }
}
