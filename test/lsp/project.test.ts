// `morphnet.json` in the editor: it decides what is evaluated, changes are noticed, mistakes are said.

import { FileChangeType } from 'vscode-languageserver/node';
import { expect, test } from 'vitest';
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

test('a wrong project file is said on the model and forgotten once mended', async () => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  await writeProject(editor, 'morphnet.json', '{ "models": 7 }');
  const found = await editor.diagnostics(uri, (diagnostics) => diagnostics.length > 0);
  expect(found.map(({ code, message }) => [code, message])).toEqual([
    [
      'wrong-project-file',
      'morphnet.json, line 1: models: Invalid type: Expected Array but received 7. Until it is mended, nothing of it counts.',
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
