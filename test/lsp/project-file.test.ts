// `morphnet.json` itself: what it names is checked where it stands.

import { expect, test } from 'vitest';
import type { Diagnostic } from 'vscode-languageserver/node';
import { pythonFrontend } from '../support/python-frontend.ts';
import { openEditor, type Editor } from './server-session.ts';

const model = `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return self.layer(x)
`;

async function findings(editor: Editor, project: unknown): Promise<readonly string[]> {
  const text = JSON.stringify(project, undefined, 2);
  const uri = await editor.open('morphnet.json', text, 'json');
  const lines = text.split('\n');
  const marked = ({ range, message }: Diagnostic): string => {
    const named = lines[range.start.line]?.slice(range.start.character, range.end.character) ?? '';
    return `${named} ${typeof message === 'string' ? message : message.value}`;
  };
  return (await editor.diagnostics(uri)).map(marked);
}

const openPython = (): Promise<Editor> => openEditor({ analysis: { frontends: [pythonFrontend] } });

test('files, models, entries and data sets that are not there are said where they are named', async () => {
  await using editor = await openPython();
  editor.workspace.write('net.py', model);
  editor.workspace.write('words.py', 'words = 1\n');
  const found = await findings(editor, {
    models: [{ file: 'nett.py' }, { file: 'words.py' }, { file: 'net.py', entry: 'Nett()' }],
    data: { path: 'data/mnist' },
  });
  expect(found).toEqual([
    '"nett.py" There is no file nett.py in the folder of this file. Write its path from here, such as models/net.py.',
    '"words.py" words.py holds no model that can be read: no class or function of a framework that is known.',
    expect.stringMatching(/^"Nett\(\)" Nett\(\) makes no model of net\.py\..*Others are Net\(\)\.$/),
    expect.stringMatching(
      /^"data\/mnist" There is no data\/mnist in the folder of this file\. Write the path of a data set's/,
    ),
  ]);
});

test('an input that the model can’t take is said there', async () => {
  await using editor = await openPython();
  editor.workspace.write('net.py', model);
  const [found, ...others] = await findings(editor, {
    models: [{ file: 'net.py', entry: 'Net()', input: [1, 28, 28] }],
  });
  expect(found).toMatch(/At this input Net\(\) can't be run: /);
  expect(others).toEqual([]);
});

test('a data set outside the workspace is not taken, which is said', async () => {
  await using editor = await openPython();
  expect(await findings(editor, { data: { path: '../elsewhere' } })).toEqual([
    expect.stringMatching(/^"\.\.\/elsewhere" \.\.\/elsewhere lies outside the workspace/),
  ]);
});

test('what is right is not spoken of', async () => {
  await using editor = await openPython();
  editor.workspace.write('net.py', model);
  editor.workspace.write('data/train-images-idx3-ubyte', '');
  const project = { models: [{ file: 'net.py', entry: 'Net()', input: [3, 28, 28] }], data: { path: 'data' } };
  expect(await findings(editor, project)).toEqual([]);
});
