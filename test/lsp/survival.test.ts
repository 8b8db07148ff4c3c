// The server outlives what it is sent: nonsense, frontends that break, cancelled and stale work.

import { CancellationTokenSource, LSPErrorCodes } from 'vscode-languageserver/node';
import { expect, test } from 'vitest';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import { openEditor, type Editor } from './server-session.ts';
import { smallNetwork, withoutLatency } from './small-network.ts';

/** The proof that a server still works. */
async function expectAlive(editor: Editor): Promise<void> {
  const uri = await editor.open(`alive-${String(Math.random()).slice(2)}.cfg`, smallNetwork);
  expect(await editor.hints(uri)).toHaveLength(2);
}

const positions = [
  { line: -1, character: -1 },
  { line: 0, character: 1e9 },
  { line: 2 ** 31, character: 0 },
  { line: 0.5, character: 0.5 },
];

test.for(positions)('a position such as %j is clamped or refused', async (position) => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  await editor.rawRequest('textDocument/hover', { textDocument: { uri }, position }).catch(() => undefined);
  const range = { start: position, end: position };
  await editor.rawRequest('textDocument/inlayHint', { textDocument: { uri }, range }).catch(() => undefined);
  const context = { diagnostics: [] };
  await editor.rawRequest('textDocument/codeAction', { textDocument: { uri }, range, context }).catch(() => undefined);
  await expectAlive(editor);
});

const uris = [
  '',
  'nonsense',
  'file:///',
  'file:///no/such/file.cfg',
  'untitled:Untitled-1',
  'http://x/y.cfg',
  '%%%',
  '\u0000',
];

test.for(uris)('a document such as %j is answered with nothing', async (uri) => {
  await using editor = await openEditor();
  expect(await editor.hints(uri)).toEqual([]);
  expect(await editor.hover(uri, 0, 0)).toBeNull();
  expect(await editor.request('morphnet/models', { uri })).toEqual([]);
  expect(await editor.request('morphnet/draftRun', { uri })).toMatchObject({ refused: true });
  await expectAlive(editor);
});

const names = [
  'morphnet/models',
  'morphnet/draftRun',
  'morphnet/startRun',
  'morphnet/stopRun',
  'morphnet/pauseRun',
  'morphnet/resumeRun',
  'morphnet/runSnapshot',
  'morphnet/proposalEdits',
  'morphnet/layerLocation',
];
const nonsense = [
  undefined,
  null,
  7,
  'x',
  [],
  {},
  { id: 7 },
  { id: '../../etc' },
  { id: '..' },
  { uri: [] },
  { config: {} },
];

test.for(names)('%s refuses parameters that are none', async (name) => {
  await using editor = await openEditor();
  for (const params of nonsense) {
    await expect(editor.rawRequest(name, params), JSON.stringify(params)).rejects.toThrow(name);
  }
  await expectAlive(editor);
});

test.for([
  'morphnet/stopRun',
  'morphnet/pauseRun',
  'morphnet/resumeRun',
  'morphnet/runSnapshot',
  'morphnet/proposalEdits',
])('%s refuses a run that is not there', async (name) => {
  await using editor = await openEditor();
  expect(await editor.rawRequest(name, { id: 'no-such-run' })).toMatchObject({ refused: true });
});

test('notifications with nonsense are let go', async () => {
  await using editor = await openEditor();
  await editor.notify('textDocument/didChange', {
    textDocument: { uri: 'file:///none.cfg', version: 3 },
    contentChanges: [{ text: 'x' }],
  });
  await editor.notify('textDocument/didClose', { textDocument: { uri: 'file:///none.cfg' } });
  await editor.notify('textDocument/didOpen', {
    textDocument: { uri: 'x', languageId: 'python', version: 1, text: '\u0000\ud800' },
  });
  await editor.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: '', type: 9 }] });
  await editor.notify('workspace/didChangeConfiguration', null);
  await editor.notify('morphnet/unknown', {});
  await expectAlive(editor);
});

test('a frontend that breaks costs its features, is logged once, and no more', async () => {
  let broken = true;
  const frontend: typeof darknetFrontend = {
    ...darknetFrontend,
    evaluate: (...given) => {
      if (broken) throw new Error('out of bananas', { cause: new Error('monkey on strike') });
      return darknetFrontend.evaluate(...given);
    },
  };
  await using editor = await openEditor({ analysis: { frontends: [frontend] } });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.hints(uri)).toEqual([]);
  expect(await editor.hints(uri)).toEqual([]);
  await editor.logged('out of bananas');
  expect(editor.log.filter((line) => line.startsWith('Inlay hints failed'))).toHaveLength(1);
  expect(editor.log.join('\n')).toContain('monkey on strike');
  broken = false;
  await expectAlive(editor);
});

test('a cancelled request is answered as cancelled and logged nowhere', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork);
  const source = new CancellationTokenSource();
  const answer = editor.cancellableHover(uri, source.token);
  source.cancel();
  await expect(answer).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
  expect(editor.log).toEqual([]);
  await expectAlive(editor);
});

test('only the newest text gets diagnostics', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork);
  const pulls = [];
  for (let size = 1; size < 30; size++) {
    await editor.change(uri, smallNetwork.replace('size=3', `size=${'x'.repeat(size)}`));
    pulls.push(editor.pull(uri));
  }
  await editor.change(uri, smallNetwork.replace('filters=6', 'filters=six'));
  const found = await editor.diagnostics(uri, (diagnostics) => JSON.stringify(diagnostics).includes('six'));
  expect(JSON.stringify(found)).not.toContain('xx');
  // Each pull is answered: with what was there when it was heard, or with the advice to pull again.
  expect(await Promise.all(pulls)).toHaveLength(29);
});

test('every prefix of a model is survived', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', '');
  for (let length = 0; length <= smallNetwork.length; length += 7) {
    await editor.change(uri, smallNetwork.slice(0, length));
    await editor.hints(uri);
    await editor.hover(uri, 3, 1);
    await editor.lenses(uri);
  }
  await editor.change(uri, smallNetwork);
  expect(await editor.hints(uri)).toHaveLength(2);
  expect(editor.log).toEqual([]);
});
