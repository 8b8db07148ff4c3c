// `morphnet.json` in the editor: it decides what is evaluated, changes are noticed, mistakes are said.

import { FileChangeType } from 'vscode-languageserver/node';
import { describe, expect, test } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { openEditor, TestWorkspace, type Editor } from './server-session.ts';
import { smallNetwork, withoutLatency } from './small-network.ts';

/** Writes the file and tells the server, as the editor's watcher would. */
async function writeProject(editor: Editor, name: string, text: string): Promise<void> {
  editor.workspace.write(name, text);
  const changes = [{ uri: editor.workspace.uriOf(name), type: FileChangeType.Changed }];
  await editor.notify('workspace/didChangeWatchedFiles', { changes });
}

test('the nearest project file gives the input shape', async () => {
  const workspace = new TestWorkspace();
  workspace.write('morphnet.json', '{ "models": [{ "file": "nets/small.cfg", "input": [3, 32, 32] }] }');
  workspace.write('nets/morphnet.json', '{ "models": [{ "file": "small.cfg", "input": [3, 16, 16] }] }');
  await using editor = await openEditor({ workspace, settings: withoutLatency });
  const uri = await editor.open('nets/small.cfg', smallNetwork);
  // 108 weights at 16·16 positions.
  expect((await editor.hints(uri))[0]).toBe('6: 4×16×16 · 27.6 kMACs · 112 params');
});

test('a changed project file changes the hints', async () => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect((await editor.hints(uri))[0]).toContain('4×8×8');
  const refreshed = editor.refreshed();
  await writeProject(editor, 'morphnet.json', '{ "models": [{ "file": "small.cfg", "input": [3, 16, 16] }] }');
  await refreshed;
  expect((await editor.hints(uri))[0]).toContain('4×16×16');
});

test('devices of the project are known to its files, and one of them is theirs where none is chosen', async () => {
  await using editor = await openEditor();
  const edge = { peakGflopsPerSecond: 0.01, memoryGigabytesPerSecond: 1 };
  editor.workspace.write('morphnet.json', JSON.stringify({ device: 'edge box', devices: { 'edge box': edge } }));
  const uri = await editor.open('small.cfg', smallNetwork);
  const devices = await editor.request('morphnet/devices', { uri });
  expect(devices.find(({ name }) => name === 'edge box')).toEqual({
    name: 'edge box',
    description: 'roofline of 0.01 GFLOP/s and 1 GB/s',
    builtIn: false,
  });
  expect((await editor.request('morphnet/devices', { uri: '' })).some(({ name }) => name === 'edge box')).toBe(false);
  const table = await editor.request('morphnet/costTable', { uri, entry: '' });
  expect(table).toMatchObject({ device: 'edge box' });
});

test('a wrong project file is said on the model and forgotten once mended', async () => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  await writeProject(editor, 'morphnet.json', '{ "models": 7 }');
  const found = await editor.diagnostics(uri, (diagnostics) => diagnostics.length > 0);
  expect(found.map(({ code, message }) => [code, message])).toEqual([
    [
      'wrong-project-file',
      'morphnet.json, line 1: models must be a list, not 7. Until it is mended, nothing of it counts.',
    ],
  ]);
  expect((await editor.hints(uri))[0]).toContain('4×8×8');
  await writeProject(editor, 'morphnet.json', '{}');
  await editor.diagnostics(uri, (diagnostics) => diagnostics.length === 0);
});

test('a project file above the workspace is not looked at', async () => {
  const outer = new TestWorkspace();
  outer.write('morphnet.json', '{ "models": [{ "file": "inner/small.cfg", "input": [3, 16, 16] }] }');
  const workspace = outer.inner('inner');
  await using editor = await openEditor({ workspace, settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect((await editor.hints(uri))[0]).toContain('4×8×8');
  outer[Symbol.dispose]();
});

describe('the edit that chooses a model or its input', () => {
  const model =
    'from torch import nn\n\n\nclass Net(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Conv2d(3, 4, 3))\n';

  /** The project file's text after the edit. */
  async function edited(
    editor: Editor,
    before: string | undefined,
    choice: { readonly entry: string; readonly input?: string },
  ): Promise<string> {
    const uri = await editor.open('models/net.py', model);
    const change = await editor.request('morphnet/projectEdit', { uri, ...choice });
    if ('refused' in change) return change.message;
    expect(change.uri.endsWith('/morphnet.json')).toBe(true);
    expect(change.startsAs === null).toBe(before !== undefined);
    const text = TextDocument.create(change.uri, 'json', 0, before ?? change.startsAs ?? '');
    return TextDocument.applyEdits(text, [...change.edits]);
  }

  test('makes a file where there is none', async () => {
    await using editor = await openEditor();
    expect(JSON.parse(await edited(editor, undefined, { entry: 'Net()', input: '3x32x32' }))).toEqual({
      models: [{ file: 'models/net.py', entry: 'Net()', input: [3, 32, 32] }],
    });
  });

  test('leaves everything else of a file as it is, comments and line ends too', async () => {
    await using editor = await openEditor();
    const before =
      '{\r\n  // the other one\r\n  "models": [{ "file": "a.py" }, { "file": "models/net.py", "input": [1, 8, 8] }],\r\n  "seed": 3\r\n}\r\n';
    await writeProject(editor, 'morphnet.json', before);
    const after = await edited(editor, before, { entry: 'Net()', input: '3x16x16,10' });
    expect(after.startsWith(before.slice(0, before.indexOf('{ "file": "models')))).toBe(true);
    expect(after.endsWith(',\r\n  "seed": 3\r\n}\r\n') || after.endsWith('],\r\n  "seed": 3\r\n}\r\n')).toBe(true);
    expect(after).toContain('"entry": "Net()"');
    expect(after.replace(/\s/g, '')).toContain('"input":[[3,16,16],[10]]');
  });

  test('says what is wrong with a shape, and with a file that is wrong already', async () => {
    await using editor = await openEditor();
    expect(await edited(editor, undefined, { entry: 'Net()', input: 'large' })).toMatch(/^large is no shape/);
    await writeProject(editor, 'morphnet.json', '{ "steps": -1 }');
    expect(await edited(editor, '', { entry: 'Net()', input: '3x8x8' })).toMatch(/^morphnet\.json, line 1/);
  });
});
