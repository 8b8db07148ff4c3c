// Proven edits are applied to what they were proven for, or not at all.

import { beforeEach, expect, test, vi } from 'vitest';
import { applyEdits } from '../../../client/src/apply-edits.ts';
import type { WireDocumentEdits } from '../../../server/src/protocol/lsp-extensions.ts';

const editor = vi.hoisted(() => ({
  text: 'width = 16\n',
  version: 3,
  applied: [] as { uri: string; newText: string; preview: unknown }[][],
}));

vi.mock('vscode', () => ({
  Uri: { parse: (text: string) => text },
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

test('edits of the document’s version are applied', async () => {
  expect(await applyEdits('Apply', [edits(3)])).toBeUndefined();
  expect(editor.applied).toMatchObject([[{ newText: '5' }]]);
});

test('a document that was changed since is left as it is', async () => {
  expect(await applyEdits('Apply', [edits(2)])).toMatch(/net\.py was changed meanwhile/);
  expect(editor.applied).toEqual([]);
});

test('so is a file that was not open and says something else by now, and then no file is edited', async () => {
  editor.text = '# new line\nwidth = 16\n';
  expect(await applyEdits('Apply', [edits(null)])).toMatch(/net\.py was changed meanwhile/);
  expect(await applyEdits('Apply', [edits(null), edits(3, 'other.py')])).toMatch(/changed meanwhile/);
  expect(editor.applied).toEqual([]);
});

test('a file that was not open and says the same is edited', async () => {
  expect(await applyEdits('Apply', [edits(null)])).toBeUndefined();
  expect(editor.applied).toHaveLength(1);
});
