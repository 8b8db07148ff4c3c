// A model that stands in several cells of a notebook: what the editor asks and is told is about cells.

import { expect, test } from 'vitest';
import { pythonFrontend } from '../support/python-frontend.ts';
import { openEditor, type Editor } from './server-session.ts';

const cells = [
  '%matplotlib inline\nimport torch\nfrom torch import nn',
  'class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Conv2d(3, 8, 3)\n        self.b = nn.Conv2d(8, 4, 1)\n\n    def forward(self, x):\n        return self.b(self.a(x))',
  'net = Net()\nnet(torch.randn(1, 3, 10, 10)).shape',
];

const cellUri = (editor: Editor, index: number): string =>
  `${editor.workspace.uriOf('net.ipynb').replace('file:', 'vscode-notebook-cell:')}#C${String(index)}`;

async function openNotebook(editor: Editor, sources: readonly string[] = cells): Promise<readonly string[]> {
  const uris = sources.map((_, index) => cellUri(editor, index));
  await editor.notify('notebookDocument/didOpen', {
    notebookDocument: {
      uri: editor.workspace.uriOf('net.ipynb'),
      notebookType: 'jupyter-notebook',
      version: 1,
      cells: uris.map((document) => ({ kind: 2, document })),
    },
    cellTextDocuments: uris.map((uri, index) => ({ uri, languageId: 'python', version: 1, text: sources[index] })),
  });
  return uris;
}

const openPython = (): Promise<Editor> =>
  openEditor({ analysis: { frontends: [pythonFrontend] }, resolvesActions: true });

test('hints, lenses and hovers stand in the cell that they are of', async () => {
  await using editor = await openPython();
  const [imports = '', model = '', use = ''] = await openNotebook(editor);
  // 8·8·8·27 and 8·8·4·8 multiply-adds.
  expect(await editor.hints(model)).toEqual(['4: 13.8 kMACs · 224 params', '5: 2.05 kMACs · 36 params']);
  expect(await editor.hints(imports)).toEqual([]);
  const lenses = [...(await editor.lenses(model)), ...(await editor.lenses(use))];
  expect(lenses.map(({ range, command }) => [range.start.line, command?.title])).toContainEqual([
    0,
    expect.stringContaining('15.9 kMACs · 260 params'),
  ]);
  expect(await editor.hover(model, 3, 20)).toMatchObject({ range: { start: { line: 3 } } });
  expect(await editor.hover(imports, 1, 2)).toBeNull();
});

test('an edit of one cell changes what another one shows', async () => {
  await using editor = await openPython();
  const [, model = '', use = ''] = await openNotebook(editor);
  const notebookDocument = { uri: editor.workspace.uriOf('net.ipynb'), version: 2 };
  await editor.notify('notebookDocument/didChange', {
    notebookDocument,
    change: {
      cells: {
        textContent: [
          {
            document: { uri: use, version: 2 },
            changes: [{ text: 'net = Net()\nnet(torch.randn(1, 3, 4, 4)).shape' }],
          },
        ],
      },
    },
  });
  expect(await editor.hints(model)).toEqual(['4: 864 MACs · 224 params', '5: 128 MACs · 36 params']);
});

test('the table of costs leads into cells, and widths are set in them', async () => {
  await using editor = await openPython();
  const [, model = '', use = ''] = await openNotebook(editor);
  const table = await editor.request('morphnet/costTable', { uri: use });
  expect(table).toMatchObject({
    file: 'net.ipynb',
    rows: [{ place: { uri: model, line: 3 } }, { place: { uri: model, line: 4 } }],
  });
  const edits = await editor.request('morphnet/widthEdits', {
    uri: model,
    asked: { layers: [{ name: 'a', width: '6' }] },
  });
  expect(edits).toMatchObject({
    documents: [
      {
        uri: model,
        version: 1,
        edits: [
          { range: { start: { line: 3, character: 30 } }, oldText: '8', newText: '6' },
          { range: { start: { line: 4, character: 27 } }, oldText: '8', newText: '6' },
        ],
      },
    ],
  });
});

test('an error is told in its cell alone', async () => {
  await using editor = await openPython();
  const [first = '', , last = ''] = await openNotebook(editor, [
    cells[0] ?? '',
    (cells[1] ?? '').replace('nn.Conv2d(8, 4, 1)', 'nn.Conv2d(7, 4, 1)'),
    cells[2] ?? '',
  ]);
  const found = [...(await editor.diagnostics(first)), ...(await editor.diagnostics(last))];
  const own = await editor.diagnostics(cellUri(editor, 1), (all) => all.length > 0);
  expect(found).toEqual([]);
  expect(own.every(({ range }) => range.start.line < 8)).toBe(true);
});

test('a run is drafted of the notebook, and nothing is left when it is closed', async () => {
  await using editor = await openPython();
  const uris = await openNotebook(editor);
  const draft = await editor.request('morphnet/draftRun', { uri: uris[1] ?? '' });
  const uri = editor.workspace.uriOf('net.ipynb');
  expect(draft).toMatchObject({ config: { model: { document: uri, input: [[3, 10, 10]] } } });
  await editor.notify('notebookDocument/didClose', {
    notebookDocument: { uri },
    cellTextDocuments: uris.map((cell) => ({ uri: cell })),
  });
  expect(await editor.hints(uris[1] ?? '')).toEqual([]);
});
