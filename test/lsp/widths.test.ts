// Widths that somebody tries out and sets, over the protocol: what a model would cost, and the proven edits.

import { expect, test } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { pythonFrontend } from '../support/python-frontend.ts';
import { openEditor } from './server-session.ts';

/** conv1 has 3·8·9 weights at 64 positions, conv2 8·8·9, and the head 8·10 and 10 biases. */
const source = `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = self.conv2(self.conv1(x).relu()).relu()
        return self.head(x.mean((2, 3)))


model = Net()
model(torch.randn(1, 3, 8, 8))
`;

test('a width is tried out: totals and what follows, nothing written', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', source);
  const tried = await editor.request('morphnet/tryWidths', {
    uri,
    asked: { layers: [{ name: 'conv1', width: '50 %' }] },
  });
  if ('refused' in tried) throw new Error(tried.message);
  expect(tried.changed).toEqual([{ layers: ['conv1'], before: 8, after: 4 }]);
  // (216 + 576)·64 + 80 multiply-adds become (108 + 288)·64 + 80.
  expect(tried.table.totals.operations).toEqual({ value: 25_424, atLeast: false });
  expect(tried.saving).toBe('50.8 kMACs → 25.4 kMACs (−50 %), 882 → 486 params (−45 %)');
  expect(tried.table.rows.map(({ name, width }) => [name, width])).toEqual([
    ['conv1', 4],
    ['conv2', 8],
    ['head', 10],
  ]);
});

test('a factor scales every layer that may change, and a named one goes its own way', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', source);
  const asked = { layers: [{ name: 'conv2', width: '6' }], scale: '0.25' };
  const tried = await editor.request('morphnet/tryWidths', { uri, asked });
  expect('refused' in tried ? tried : tried.changed).toEqual([
    { layers: ['conv1'], before: 8, after: 2 },
    { layers: ['conv2'], before: 8, after: 6 },
  ]);
});

test.for([
  [{ layers: [{ name: 'conv1', width: 'wide' }] }, /^wide is no width\. Write channels/],
  [{ layers: [{ name: 'head', width: '5' }] }, /^head keeps its 10 channels: /],
  [{ layers: [{ name: 'conv9', width: '5' }] }, /^There is no layer conv9/],
  [{ layers: [], scale: '3 channels' }, /^3 channels is no factor\. Write 0\.75/],
] as const)('%j is refused in words', async ([asked, words]) => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', source);
  const layers = asked.layers.map((layer) => ({ ...layer }));
  const tried = await editor.request('morphnet/tryWidths', { uri, asked: { ...asked, layers } });
  expect('refused' in tried ? tried.message : tried).toMatch(words);
});

test('the table says which widths can not be set, and why', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', source);
  const table = await editor.request('morphnet/costTable', { uri });
  if ('refused' in table) throw new Error(table.message);
  expect(table.rows.map(({ name, settled }) => [name, settled !== null])).toEqual([
    ['conv1', false],
    ['conv2', false],
    ['head', true],
  ]);
});

test('a width is set by a proven edit of every place that goes with it', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', source);
  const edits = await editor.request('morphnet/widthEdits', {
    uri,
    asked: { layers: [{ name: 'conv1', width: '5' }] },
  });
  if ('refused' in edits) throw new Error(edits.message);
  const [document] = edits.documents;
  const before = TextDocument.create(uri, 'python', 1, source);
  expect(TextDocument.applyEdits(before, [...(document?.edits ?? [])])).toBe(
    source.replace('Conv2d(3, 8', 'Conv2d(3, 5').replace('Conv2d(8, 8', 'Conv2d(5, 8'),
  );
  expect(edits).toMatchObject({ title: 'Set conv1: 8 → 5', isExact: true });
  expect(edits.sentences).toEqual(['50.8 k → 31.8 k MACs (−37.4 %), 882 → 585 params (−33.7 %)']);
});

const shared = `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3)
        self.second = nn.Conv2d(width, width, 3)
        self.last = nn.Linear(width, 10)

    def forward(self, x):
        return self.last(self.second(self.first(x)).mean((2, 3)))


model = Net(8)
model(torch.randn(1, 3, 8, 8))
`;

test('code that layers share is rewritten by itself: parameters with today’s numbers', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', shared);
  const titlesAt = async (line: number): Promise<readonly string[]> =>
    (await editor.actions(uri, line)).map(({ title }) => title);
  expect(await titlesAt(7)).toContain('Give each block of Net(8) its own width…');
  expect(await titlesAt(0)).toEqual([]);
  const edits = await editor.request('morphnet/ownWidths', { uri });
  if ('refused' in edits) throw new Error(edits.message);
  const [document] = edits.documents;
  const before = TextDocument.create(uri, 'python', 1, shared);
  const after = TextDocument.applyEdits(before, [...(document?.edits ?? [])]);
  expect(after).toContain('def __init__(self, width, first_width=None, second_width=None):');
  expect(after).toContain('first_width = first_width or width');
  expect(after).toContain('model = Net(8)\n');
  expect(edits).toMatchObject({ title: 'Give each block of Net(8) its own width', isExact: true });
});

test('where every layer has a number of its own nothing is offered to be rewritten', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', source);
  expect((await editor.actions(uri, 7)).filter(({ title }) => title.startsWith('Give each'))).toEqual([]);
  expect(await editor.request('morphnet/ownWidths', { uri })).toMatchObject({
    refused: true,
    message: expect.stringContaining(
      'every layer that may have another width has a number of its own already',
    ) as string,
  });
});

test('the line of a layer offers to set its width, and only that of one whose width can be set', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', source);
  const titlesAt = async (line: number): Promise<readonly string[]> =>
    (await editor.actions(uri, line)).map(({ title }) => title);
  expect(await titlesAt(7)).toContain('Set width of conv1 (8)…');
  expect((await titlesAt(9)).filter((title) => title.startsWith('Set width'))).toEqual([]);
});
