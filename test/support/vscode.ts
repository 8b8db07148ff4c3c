// A thin stand-in for the editor: it has what the extension asks of `vscode`, keeps what was shown, and lets a test be the user. Texts,
// edits, commands, status bar items, pages and notifications behave as in the editor; what nobody looks at does nothing.

import { URI, Utils } from 'vscode-uri';
import { LineIndex } from '../../server/src/common/line-index.ts';

type Listener<T> = (value: T) => unknown;

const nothing = { dispose: (): void => undefined };

export class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class Disposable {
  readonly #end: () => unknown;
  constructor(end: () => unknown) {
    this.#end = end;
  }
  static from(...all: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const one of all) one.dispose();
    });
  }
  dispose(): void {
    this.#end();
  }
}

export const Uri = Object.assign(URI, { joinPath: Utils.joinPath });

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(...at: readonly [number, number, number, number] | readonly [Position, Position]) {
    [this.start, this.end] =
      at.length === 2 ? [at[0], at[1]] : [new Position(at[0], at[1]), new Position(at[2], at[3])];
  }
}

export class Selection extends Range {
  get active(): Position {
    return this.end;
  }
}

export class MarkdownString {
  readonly value: string;
  constructor(value = '') {
    this.value = value;
  }
}

export class ThemeIcon {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export class TreeItem {
  readonly label: unknown;
  constructor(label: unknown) {
    this.label = label;
  }
}

export class RelativePattern {
  readonly pattern: string;
  constructor(_base: unknown, pattern: string) {
    this.pattern = pattern;
  }
}

/** Tabs of two kinds; a test opens none. */
export class TabInputText {
  readonly kind = 'text';
}
export class TabInputWebview {
  readonly kind = 'page';
}
export const ViewColumn = { Active: -1, Beside: -2, One: 1 };
export const StatusBarAlignment = { Left: 1, Right: 2 };
export const ProgressLocation = { Notification: 15, Window: 10 };
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const LanguageStatusSeverity = { Information: 0, Warning: 1, Error: 2 };
export const InputBoxValidationSeverity = { Info: 1, Warning: 2, Error: 3 };
export const EndOfLine = { LF: 1, CRLF: 2 };

interface Replacement {
  readonly uri: URI;
  readonly range: Range;
  readonly newText: string;
}

export class WorkspaceEdit {
  readonly replacements: Replacement[] = [];
  replace(uri: URI, range: Range, newText: string): void {
    this.replacements.push({ uri, range, newText });
  }
  /** Makes nothing: what is made in these tests is there. */
  createFile(uri: URI, options: { readonly ignoreIfExists: boolean }): void {
    if (!options.ignoreIfExists) throw new Error(`${uri.toString()} is there`);
  }
}

/** A document that is open. A change is a new version. */
export class OpenDocument {
  readonly uri: URI;
  languageId: string;
  version = 1;
  #text: string;
  constructor(uri: URI, languageId: string, text: string) {
    this.uri = uri;
    this.languageId = languageId;
    this.#text = text;
  }
  get lineCount(): number {
    return this.#text.split('\n').length;
  }
  getText(range?: Range): string {
    return range === undefined ? this.#text : this.#text.slice(this.offsetAt(range.start), this.offsetAt(range.end));
  }
  offsetAt({ line, character }: Position): number {
    return new LineIndex(this.#text).offsetAt({ line, column: character });
  }
  /** What the user, or an edit, makes of it. */
  write(text: string): void {
    this.#text = text;
    this.version += 1;
  }
}

/** A page in a panel, whose script is the test. */
export class WebviewPanel {
  readonly viewType: string;
  title: string;
  iconPath: unknown;
  visible = true;
  active = true;
  viewColumn = ViewColumn.One;
  revealed = 0;
  readonly posted: { readonly kind: string }[] = [];
  readonly #said = new EventEmitter<unknown>();
  readonly #disposed = new EventEmitter<void>();
  readonly #viewed = new EventEmitter<unknown>();
  readonly onDidDispose = this.#disposed.event;
  readonly onDidChangeViewState = this.#viewed.event;
  readonly webview = {
    html: '',
    options: {},
    cspSource: 'https://editor.test',
    asWebviewUri: (uri: URI): URI => uri,
    onDidReceiveMessage: this.#said.event,
    postMessage: (message: { readonly kind: string }): Promise<boolean> => {
      this.posted.push(message);
      return Promise.resolve(true);
    },
  };
  constructor(viewType: string, title: string) {
    this.viewType = viewType;
    this.title = title;
  }
  /** What the page's script says. */
  say(message: unknown): void {
    this.#said.fire(message);
  }
  reveal(): void {
    this.revealed += 1;
  }
  dispose(): void {
    this.#disposed.fire();
  }
}

interface Shown {
  readonly kind: 'information' | 'warning' | 'error';
  readonly message: string;
  readonly choices: readonly string[];
}

/** What the editor did, and what its user answers. */
class Stage {
  readonly documents: OpenDocument[] = [];
  readonly messages: Shown[] = [];
  /** What boxes said of texts that they did not take. */
  readonly refusals: string[] = [];
  readonly panels: WebviewPanel[] = [];
  readonly statusBar = new Map<string, { text: string; isShown: boolean }>();
  readonly contexts = new Map<string, unknown>();
  readonly commands = new Map<string, (...rest: readonly unknown[]) => unknown>();
  /** Commands of the editor itself that were executed. */
  readonly executed: (readonly unknown[])[] = [];
  /** The notifications that stand while something takes its time, with what they said last. */
  readonly progress: { readonly title: string; readonly reports: string[] }[] = [];
  configuration: Record<string, unknown> = {};
  folders: { readonly uri: URI; readonly name: string; readonly index: number }[] = [];
  isTrusted = true;
  activeTextEditor: unknown = undefined;
  /** The button of a message, the item of a list, the text of a box that the user takes; undefined leaves it. */
  answer: (asked: string, choices: readonly string[]) => string | undefined = () => undefined;
  readonly opened = new EventEmitter<OpenDocument>();
  readonly closed = new EventEmitter<OpenDocument>();
  readonly changed = new EventEmitter<{ readonly document: OpenDocument }>();

  open(uri: URI, languageId: string, text: string): OpenDocument {
    const document = new OpenDocument(uri, languageId, text);
    this.documents.push(document);
    this.opened.fire(document);
    return document;
  }

  find(uri: URI): OpenDocument | undefined {
    return this.documents.find((document) => document.uri.toString() === uri.toString());
  }

  /** Everything as it is before anybody has done anything. */
  clear(): void {
    for (const list of [this.documents, this.messages, this.panels, this.executed, this.progress, this.refusals])
      list.length = 0;
    for (const map of [this.statusBar, this.contexts, this.commands]) map.clear();
    this.configuration = {};
    this.folders = [];
    this.isTrusted = true;
    this.activeTextEditor = undefined;
    this.answer = () => undefined;
  }

  /** Shows a message; a modal one has its choices behind its options. */
  show(kind: Shown['kind'], message: string, rest: readonly unknown[]): Promise<string | undefined> {
    const choices = rest.filter((one) => typeof one === 'string');
    this.messages.push({ kind, message, choices });
    return Promise.resolve(this.answer(message, choices));
  }
}

export const stage = new Stage();

const statusItem = (id: string): object => {
  const item = { text: '', isShown: false };
  stage.statusBar.set(id, item);
  return Object.assign(item, {
    name: '',
    tooltip: undefined,
    command: undefined,
    show: () => (item.isShown = true),
    hide: () => (item.isShown = false),
    dispose: () => stage.statusBar.delete(id),
  });
};

interface Item {
  readonly label: string;
}

interface InputBox {
  readonly title?: string;
  /** A text refuses; an object is a note. */
  readonly validateInput?: (text: string) => unknown;
}

export const window = {
  get activeTextEditor(): unknown {
    return stage.activeTextEditor;
  },
  tabGroups: { all: [], activeTabGroup: { viewColumn: ViewColumn.One } },
  createStatusBarItem: statusItem,
  createTreeView: () => ({ ...nothing, onDidChangeSelection: () => nothing, onDidChangeVisibility: () => nothing }),
  registerTreeDataProvider: () => nothing,
  registerCustomEditorProvider: () => nothing,
  registerWebviewPanelSerializer: () => nothing,
  onDidChangeActiveTextEditor: () => nothing,
  onDidChangeTextEditorSelection: () => nothing,
  setStatusBarMessage: () => nothing,
  createWebviewPanel: (viewType: string, title: string): WebviewPanel => {
    const panel = new WebviewPanel(viewType, title);
    stage.panels.push(panel);
    return panel;
  },
  showInformationMessage: (message: string, ...rest: unknown[]) => stage.show('information', message, rest),
  showWarningMessage: (message: string, ...rest: unknown[]) => stage.show('warning', message, rest),
  showErrorMessage: (message: string, ...rest: unknown[]) => stage.show('error', message, rest),
  showQuickPick: async (given: readonly Item[] | Promise<readonly Item[]>, options: { placeHolder?: string } = {}) => {
    const items = await given;
    const labels = items.map(({ label }) => label);
    const chosen = stage.answer(options.placeHolder ?? '', labels);
    return items.find(({ label }) => label === chosen);
  },
  showInputBox: async ({ title = '', validateInput }: InputBox) => {
    const answer = stage.answer(title, []);
    // What is refused can't be entered: the box stays, and the user goes away.
    const said = answer === undefined ? undefined : await validateInput?.(answer);
    if (typeof said !== 'string') return answer;
    stage.refusals.push(said);
    return undefined;
  },
  showTextDocument: (document: unknown) =>
    Promise.resolve({ document, revealRange: () => undefined, selection: undefined }),
  withProgress: <T>(
    { title = '' }: { readonly title?: string },
    run: (progress: { report(step: { message?: string }): void }, token: unknown) => T,
  ): T => {
    const shown = { title, reports: [] as string[] };
    stage.progress.push(shown);
    const token = { isCancellationRequested: false, onCancellationRequested: () => nothing };
    return run({ report: ({ message = '' }) => shown.reports.push(message) }, token);
  },
};

export const commands = {
  registerCommand: (id: string, run: (...rest: readonly unknown[]) => unknown) => {
    stage.commands.set(id, run);
    return { dispose: () => stage.commands.delete(id) };
  },
  executeCommand: (id: string, ...rest: readonly unknown[]): Promise<unknown> => {
    const ours = stage.commands.get(id);
    if (ours !== undefined) return Promise.resolve(ours(...rest));
    if (id === 'setContext') stage.contexts.set(String(rest[0]), rest[1]);
    else stage.executed.push([id, ...rest]);
    return Promise.resolve();
  },
};

export const languages = {
  createLanguageStatusItem: (id: string) => ({ id, text: '', dispose: () => undefined }),
  setTextDocumentLanguage: (document: OpenDocument, languageId: string): Promise<OpenDocument> => {
    // As the editor does it: the document closes and is opened again with its other language.
    stage.closed.fire(document);
    document.languageId = languageId;
    stage.opened.fire(document);
    return Promise.resolve(document);
  },
};

export const workspace = {
  get textDocuments() {
    return stage.documents;
  },
  get workspaceFolders() {
    return stage.folders;
  },
  get isTrusted() {
    return stage.isTrusted;
  },
  getWorkspaceFolder: (uri: URI) => stage.folders.find((folder) => uri.toString().startsWith(folder.uri.toString())),
  asRelativePath: (uri: URI | string): string => {
    const text = typeof uri === 'string' ? uri : uri.toString();
    const home = stage.folders.find((folder) => text.startsWith(`${folder.uri.toString()}/`));
    return home === undefined ? text : text.slice(home.uri.toString().length + 1);
  },
  getConfiguration: () => ({
    get: (key: string, otherwise?: unknown) => stage.configuration[key] ?? otherwise,
    inspect: () => undefined,
    update: (key: string, value: unknown) => Promise.resolve((stage.configuration[key] = value)),
  }),
  onDidOpenTextDocument: stage.opened.event,
  onDidCloseTextDocument: stage.closed.event,
  onDidChangeTextDocument: stage.changed.event,
  onDidChangeConfiguration: () => nothing,
  onDidChangeWorkspaceFolders: () => nothing,
  createFileSystemWatcher: () => ({
    ...nothing,
    onDidCreate: () => nothing,
    onDidChange: () => nothing,
    onDidDelete: () => nothing,
  }),
  findFiles: () => Promise.resolve([]),
  openTextDocument: (uri: URI): Promise<OpenDocument> => {
    const found = stage.find(uri);
    return found === undefined ? Promise.reject(new Error(`${uri.toString()} is not there`)) : Promise.resolve(found);
  },
  /** All replacements of a document at once, as one step. */
  applyEdit: ({ replacements }: WorkspaceEdit): Promise<boolean> => {
    for (const document of new Set(replacements.map(({ uri }) => stage.find(uri)))) {
      if (document === undefined) return Promise.resolve(false);
      const own = replacements
        .filter(({ uri, newText }) => uri.toString() === document.uri.toString() && newText !== '')
        .map(({ range, newText }) => ({
          from: document.offsetAt(range.start),
          to: document.offsetAt(range.end),
          newText,
        }))
        .sort((left, right) => right.from - left.from);
      const text = own.reduce(
        (now, { from, to, newText }) => now.slice(0, from) + newText + now.slice(to),
        document.getText(),
      );
      document.write(text);
      stage.changed.fire({ document });
    }
    return Promise.resolve(true);
  },
};

export const env = { clipboard: { writeText: () => Promise.resolve() } };
export const extensions = {
  getExtension: (id: string) =>
    id === 'morphnet.morphnet' ? { extensionUri: URI.file('/extensions/morphnet') } : undefined,
};
