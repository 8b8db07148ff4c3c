// What a lens says of the last commit, in a git repository of the test's own.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import { DiskReader } from '../../server/src/main/disk-reader.ts';
import { committedFiles } from '../../server/src/main/git-revision.ts';
import { pythonFrontend } from '../support/python-frontend.ts';
import { openEditor, TestWorkspace, type Editor } from './server-session.ts';
import { smallNetwork } from './small-network.ts';

const frontends = [darknetFrontend, pythonFrontend];

interface Repository extends AsyncDisposable {
  readonly editor: Editor;
  readonly folder: string;
  readonly git: (...words: readonly string[]) => void;
}

/** A repository with these files committed, open in an editor. */
async function openRepository(files: Readonly<Record<string, string>>, settings = {}): Promise<Repository> {
  const workspace = new TestWorkspace();
  const folder = fileURLToPath(workspace.uri);
  const git = (...words: readonly string[]): void => {
    const author = ['-c', 'user.name=Somebody', '-c', 'user.email=some@body'];
    execFileSync('git', ['-C', folder, ...author, ...words], { stdio: 'ignore' });
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'First');
  const disk = new DiskReader({ workspace: [workspace.uri], libraries: [] });
  const analysis = { frontends, findCommitted: committedFiles(disk) };
  const editor = await openEditor({ workspace, analysis, settings });
  return { editor, folder, git, [Symbol.asyncDispose]: () => editor[Symbol.asyncDispose]() };
}

const sinceHead = async (editor: Editor, uri: string): Promise<readonly string[]> =>
  (await editor.lenses(uri)).flatMap(({ command }) => / · ([^·]* since HEAD)/.exec(command?.title ?? '')?.[1] ?? []);

/** What lenses say once the server has told that there is something new. */
async function sinceHeadThen(editor: Editor, uri: string): Promise<readonly string[]> {
  const refreshed = editor.refreshed();
  await editor.lenses(uri);
  await refreshed;
  return sinceHead(editor, uri);
}

const wider = smallNetwork.replace('filters=6', 'filters=12');

test('a lens tells what has changed since the last commit, until it is committed', async () => {
  await using repository = await openRepository({ 'small.cfg': smallNetwork });
  const { editor, folder, git } = repository;
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await sinceHead(editor, uri)).toEqual([]);
  await editor.change(uri, wider);
  // 8,448 MACs and 1,536 more; 142 parameters and 30 more.
  expect(await sinceHeadThen(editor, uri)).toEqual(['+18 % MACs, +21 % params since HEAD']);
  await editor.change(uri, smallNetwork);
  expect(await sinceHead(editor, uri)).toEqual([]);
  await editor.change(uri, wider);
  expect(await sinceHead(editor, uri)).toEqual(['+18 % MACs, +21 % params since HEAD']);
  writeFileSync(join(folder, 'small.cfg'), wider);
  git('commit', '--quiet', '--all', '--message', 'Wider');
  expect(await sinceHeadThen(editor, uri)).toEqual([]);
});

const layers = (width: number): string => `from torch import nn

def layer(channels):
    return nn.Conv2d(channels, ${String(width)}, 1)
`;
const net = '# morphnet: entry=net input=3x8x8\nfrom layers import layer\n\nnet = layer(3)\n';

test('a file that the model imports counts, and so does a change that is not saved', async () => {
  await using repository = await openRepository({ 'layers.py': layers(4), 'net.py': net });
  const { editor } = repository;
  const imported = await editor.open('layers.py', layers(4));
  const uri = await editor.open('net.py', net);
  expect(await sinceHead(editor, uri)).toEqual([]);
  await editor.change(imported, layers(3));
  expect(await sinceHeadThen(editor, uri)).toEqual(['−25 % MACs, −25 % params since HEAD']);
});

test('a file that was not there says nothing, nor does the lens where it is told not to', async () => {
  const settings = { lens: { sinceCommit: false } };
  await using repository = await openRepository({ 'small.cfg': smallNetwork }, settings);
  const { editor } = repository;
  const uri = await editor.open('small.cfg', wider);
  await editor.lenses(uri);
  expect(await sinceHead(editor, uri)).toEqual([]);
  await editor.changeSettings({});
  const other = await editor.open('other.cfg', wider);
  await editor.lenses(other);
  expect(await sinceHead(editor, other)).toEqual([]);
  expect(await sinceHeadThen(editor, uri)).toEqual(['+18 % MACs, +21 % params since HEAD']);
});

test('the table of costs is had at any revision; one that is not there, or had no such model, is told', async () => {
  await using repository = await openRepository({ 'small.cfg': smallNetwork });
  const { editor, folder, git } = repository;
  writeFileSync(join(folder, 'small.cfg'), wider);
  writeFileSync(join(folder, 'later.cfg'), wider);
  git('add', '.');
  git('commit', '--quiet', '--message', 'Wider');
  git('tag', 'wide');
  const uri = await editor.open('small.cfg', wider);
  const macs = async (revision: string, of = uri): Promise<unknown> => {
    const table = await editor.request('morphnet/costTable', { uri: of, revision });
    return 'refused' in table ? table.message : table.totals.operations.value;
  };
  expect([await macs('HEAD~1'), await macs('wide')]).toEqual([8448, 8448 + 1536]);
  expect(await macs('no-such')).toBe(
    'small.cfg lies in no git repository with a revision no-such. Name a commit, a branch or a tag: HEAD~1',
  );
  // What looks like an option is none.
  expect(await macs('--all')).toMatch(/no git repository with a revision --all/);
  const later = await editor.open('later.cfg', wider);
  expect(await macs('HEAD~1', later)).toMatch(/^later\.cfg: HEAD~1 has no model/);
});
