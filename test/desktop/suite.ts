// Checks through VS Code's own API, from inside an extension host: what providers answer and what applying an edit does.
// The same suite runs in the desktop editor (run.ts) and, by a command of driver.ts, in the end-to-end tests.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as vscode from 'vscode';

/** How one check went; `error` is absent when it passed. */
export interface CheckResult {
  readonly title: string;
  readonly error?: string;
}

/** The longest that an answer may take, the server's start and a first analysis included. */
const patienceMs = 60_000;

/** Runs every check on the folder that is open, which holds the examples and a run of digits.cfg. */
export async function runSuite(): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [title, check] of checks) {
    try {
      await check();
      results.push({ title });
    } catch (error) {
      results.push({ title, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  return results;
}

const checks: readonly (readonly [title: string, check: () => Promise<void>])[] = [
  [
    'hints of a PyTorch file name operations and params',
    async () => {
      const document = await open('lenet.py');
      const hints = await answered(() => inlayHints(document), hasItems);
      assert.match(hints.map(labelText).join('\n'), /[\d.]+ k?M?MACs · [\d.]+ k?M? ?params/);
    },
  ],
  [
    'hints of a Darknet file stand at its sections',
    async () => {
      const document = await open('digits.cfg');
      const hints = await answered(() => inlayHints(document), hasItems);
      const lines = hints.map(({ position }) => document.lineAt(position.line).text);
      assert.deepEqual(lines, ['[convolutional]', '[convolutional]', '[convolutional]']);
      assert.match(hints.map(labelText)[0] ?? '', /^28\.2 kMACs · 176 params/);
    },
  ],
  [
    'the hover of a section tells its share and where its width is written',
    async () => {
      const document = await open('digits.cfg');
      const hovers = await answered(
        () =>
          vscode.commands.executeCommand<vscode.Hover[]>(
            'vscode.executeHoverProvider',
            document.uri,
            at(document, '[convolutional]', 1),
          ),
        hasItems,
      );
      const text = hovers.flatMap(({ contents }) =>
        contents.map((part) => (part instanceof vscode.MarkdownString ? part.value : '')),
      );
      assert.match(text.join('\n'), /filters/);
    },
  ],
  [
    'lenses run MorphNet, show the costs and open the dashboard',
    async () => {
      const document = await open('digits.cfg');
      const lenses = await answered(
        () => vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10),
        (found) => found.length >= 4,
      );
      const titles = lenses.map(({ command }) => command?.title ?? '');
      assert.match(titles.at(-1) ?? '', /^209 kMACs · 3\.93 k params/);
      assert.deepEqual(titles.slice(0, 3), ['Run MorphNet', 'Costs', 'Dashboard']);
    },
  ],
  [
    'the quick-fix of a proposed width edits one literal, and undo takes it back',
    async () => {
      const document = await open('digits.cfg');
      const before = document.getText();
      const place = at(document, 'filters=24', 1);
      const actions = await answered(
        () =>
          vscode.commands.executeCommand<vscode.CodeAction[]>(
            'vscode.executeCodeActionProvider',
            document.uri,
            new vscode.Range(place, place),
            vscode.CodeActionKind.QuickFix.value,
            10,
          ),
        (found) => found.some(({ title }) => title.startsWith('Set width to ')),
      );
      const action = actions.find(({ title }) => title.startsWith('Set width to '));
      assert.ok(action?.edit !== undefined, 'the quick-fix carries its edit');
      const width = /^Set width to (\d+)/.exec(action.title)?.[1] ?? '';
      assert.ok(await vscode.workspace.applyEdit(action.edit));
      assert.equal(document.getText(), before.replace('filters=24', `filters=${width}`));
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('undo');
      assert.equal(document.getText(), before);
    },
  ],
  [
    'every command is there',
    async () => {
      const known = new Set(await vscode.commands.getCommands(true));
      const extension = vscode.extensions.getExtension('morphnet.morphnet');
      assert.ok(extension !== undefined, 'the extension is installed');
      const { contributes } = extension.packageJSON as { contributes: { commands: readonly { command: string }[] } };
      assert.deepEqual(
        contributes.commands.map(({ command }) => command).filter((command) => !known.has(command)),
        [],
      );
    },
  ],
];

async function open(name: string): Promise<vscode.TextDocument> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  assert.ok(folder !== undefined, 'a folder is open');
  const document = await vscode.workspace.openTextDocument(join(folder, name));
  await vscode.window.showTextDocument(document);
  return document;
}

function inlayHints(document: vscode.TextDocument): Thenable<vscode.InlayHint[]> {
  const end = document.lineAt(document.lineCount - 1).range.end;
  const whole = new vscode.Range(new vscode.Position(0, 0), end);
  return vscode.commands.executeCommand<vscode.InlayHint[]>('vscode.executeInlayHintProvider', document.uri, whole);
}

function labelText({ label }: vscode.InlayHint): string {
  return typeof label === 'string' ? label : label.map(({ value }) => value).join('');
}

/** The position some characters into the first place that has a text. */
function at(document: vscode.TextDocument, text: string, characters: number): vscode.Position {
  const offset = document.getText().indexOf(text);
  assert.ok(offset >= 0, `${text} is in the file`);
  return document.positionAt(offset + characters);
}

function hasItems(found: readonly unknown[]): boolean {
  return found.length > 0;
}

/** Asks until the answer is what is waited for: the server registers its providers only once it runs. */
async function answered<Answer>(ask: () => Thenable<Answer>, isEnough: (answer: Answer) => boolean): Promise<Answer> {
  const started = performance.now();
  for (;;) {
    const answer = await ask();
    if (isEnough(answer)) return answer;
    if (performance.now() - started > patienceMs) {
      throw new Error(`no fitting answer within ${patienceMs / 1000} s; the last was ${JSON.stringify(answer)}`);
    }
    // The server shares this machine's cores with us: let it work.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
