// Proven edits are applied to what they were proven for, or not at all.

import { beforeEach, expect, test, vi } from 'vitest';
import { previewEdits } from '../../../client/src/apply-edits.ts';
import type { WireDocumentEdits } from '../../../server/src/protocol/lsp-extensions.ts';

const editor = vi.hoisted(() => ({
  text: 'width = 16\n',
  version: 3,
  applied: [] as { uri: string; newText: string; preview: unknown }[][],
}));

vi.mock('vscode', () => ({
  Uri: { parse: (text: string) => text, joinPath: (folder: string, name: string) => `${folder}/${name}` },
  extensions: { getExtension: (id: string) => (id === 'morphnet.morphnet' ? { extensionUri: 'own' } : undefined) },
  Range: class {
    readonly from: number;
    readonly to: number;
    constructor(_line: number, from: number, _end: number, to: number) {
      this.from = from;
      this.to = to;
    }
  },
  WorkspaceEdit: class {
    readonly changes: unknown[] = [];
    createFile(uri: string, options: unknown, preview: unknown) {
      this.changes.push({ uri, options, preview });
    }
    replace(uri: string, _range: unknown, newText: string, preview: unknown) {
      this.changes.push({ uri, newText, preview });
    }
  },
  workspace: {
    openTextDocument: (uri: string) =>
      Promise.resolve({
        uri,
        version: editor.version,
        getText: ({ from, to }: { from: number; to: number }) => editor.text.slice(from, to),
      }),
    asRelativePath: (uri: string) => uri,
    applyEdit: ({ changes }: { changes: (typeof editor.applied)[number] }) => {
      editor.applied.push(changes);
      return Promise.resolve(true);
    },
  },
}));

const apply = (...documents: readonly WireDocumentEdits[]): ReturnType<typeof previewEdits> =>
  previewEdits({ title: 'Set widths', description: '5 M → 4 M MACs' }, documents);

const edits = (version: number | null, uri = 'net.py'): WireDocumentEdits => ({
  uri,
  version,
  edits: [
    { range: { start: { line: 0, character: 8 }, end: { line: 0, character: 10 } }, oldText: '16', newText: '5' },
  ],
});

beforeEach(() => {
  editor.text = 'width = 16\n';
  editor.applied.length = 0;
});

test('edits of the document’s version are shown in the editor’s own preview, which has no row of its own', async () => {
  expect(await apply(edits(3))).toEqual({ applied: true });
  const words = { label: 'Set widths', description: '5 M → 4 M MACs' };
  expect(editor.applied).toMatchObject([
    [
      { newText: '5', preview: { ...words, needsConfirmation: false } },
      { uri: 'own/package.json', options: { ignoreIfExists: true }, preview: { ...words, needsConfirmation: true } },
    ],
  ]);
});

test('a document that was changed since is left as it is', async () => {
  expect((await apply(edits(2))).failure).toMatch(/net\.py was changed meanwhile/);
  expect(editor.applied).toEqual([]);
});

test('so is a file that was not open and says something else by now, and then no file is edited', async () => {
  editor.text = '# new line\nwidth = 16\n';
  expect((await apply(edits(null))).failure).toMatch(/net\.py was changed meanwhile/);
  expect((await apply(edits(null), edits(3, 'other.py'))).failure).toMatch(/changed meanwhile/);
  expect(editor.applied).toEqual([]);
});

test('a file that was not open and says the same is edited', async () => {
  expect(await apply(edits(null))).toEqual({ applied: true });
  expect(editor.applied).toHaveLength(1);
});
