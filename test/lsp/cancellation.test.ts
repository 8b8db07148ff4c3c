// Work that nobody wants any more ends before the next model: requests that are cancelled, and texts that were replaced.

import { CancellationTokenSource, LSPErrorCodes } from 'vscode-languageserver/node';
import { expect, test } from 'vitest';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import type { Frontend } from '../../server/src/frontends/shared/frontend.ts';
import { openEditor, type Editor, type EditorOptions } from './server-session.ts';
import { smallNetwork } from './small-network.ts';

/** A frontend of files with five models each. `evaluated` is told of each model before it is evaluated. */
function severalModels(evaluated: (name: string, text: string) => void): Frontend {
  return {
    ...darknetFrontend,
    entries: (...given) => {
      const { entries, problems } = darknetFrontend.entries(...given);
      return {
        entries: entries.flatMap((entry) => ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...entry, name }))),
        problems,
      };
    },
    evaluate: (entry, reader, limits, cancellation) => {
      evaluated(entry.name, reader.read(entry.document) ?? '');
      return darknetFrontend.evaluate(entry, reader, limits, cancellation);
    },
  };
}

/** Nothing but what a test asks for is evaluated. */
const noDiagnostics: Pick<EditorOptions, 'delaysMs'> = { delaysMs: { diagnostics: 1e6, refresh: 1 } };

const newer = `# newer\n${smallNetwork}`;

test('a request that is cancelled while a model is evaluated evaluates no other', async () => {
  const source = new CancellationTokenSource();
  const names: string[] = [];
  const frontend = severalModels((name) => {
    names.push(name);
    if (name === 'b') source.cancel();
  });
  await using editor = await openEditor({ analysis: { frontends: [frontend] }, ...noDiagnostics });
  const uri = await editor.open('small.cfg', smallNetwork);
  await expect(editor.lenses(uri, source.token)).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
  expect(names).toEqual(['a', 'b']);
  // What was evaluated is good for the next request.
  expect(await editor.lenses(uri)).not.toEqual([]);
  expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(editor.log).toEqual([]);
});

test('a newer text ends the work on the older one, and the request is answered as outdated', async () => {
  const seen: string[] = [];
  const editing: { editor?: Editor; uri: string } = { uri: '' };
  const frontend = severalModels((name, text) => {
    seen.push(`${text === newer ? 'new' : 'old'} ${name}`);
    if (seen.length === 2) void editing.editor?.change(editing.uri, newer);
  });
  await using editor = await openEditor({ analysis: { frontends: [frontend] }, ...noDiagnostics });
  const uri = await editor.open('small.cfg', smallNetwork);
  Object.assign(editing, { editor, uri });
  await expect(editor.lenses(uri)).rejects.toMatchObject({ code: LSPErrorCodes.ContentModified });
  expect(seen).toEqual(['old a', 'old b']);
  expect(await editor.lenses(uri)).not.toEqual([]);
  expect(seen.slice(2)).toEqual(['new a', 'new b', 'new c', 'new d', 'new e']);
  expect(editor.log).toEqual([]);
});

test('a newer text ends the work on diagnostics of the older one', async () => {
  const seen: string[] = [];
  const editing: { editor?: Editor; uri: string } = { uri: '' };
  const wrong = smallNetwork.replace('filters=6', 'filters=six');
  const frontend = severalModels((name, text) => {
    seen.push(`${text === wrong ? 'new' : 'old'} ${name}`);
    if (seen.length === 2) void editing.editor?.change(editing.uri, wrong);
  });
  await using editor = await openEditor({ analysis: { frontends: [frontend] } });
  Object.assign(editing, { editor, uri: editor.workspace.uriOf('small.cfg') });
  const uri = await editor.open('small.cfg', smallNetwork);
  await editor.diagnostics(uri, (found) => JSON.stringify(found).includes('six'));
  expect(seen.filter((line) => line.startsWith('old'))).toEqual(['old a', 'old b']);
  expect(seen.slice(2)).toEqual(['new a', 'new b', 'new c', 'new d', 'new e']);
});

test('hints evaluate the chosen model only', async () => {
  const names: string[] = [];
  const frontend = severalModels((name) => names.push(name));
  await using editor = await openEditor({ analysis: { frontends: [frontend] }, ...noDiagnostics });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.hints(uri)).toHaveLength(2);
  expect(names).toEqual(['a']);
});
