// Other programs' `.cfg` files go back to their own language whenever they are opened, unless the user says otherwise.

import { beforeEach, expect, test, vi } from 'vitest';
import { handBackForeignCfg } from '../../../client/src/hand-back-cfg.ts';

interface Document {
  readonly uri: string;
  languageId: string;
  getText(): string;
}

/** The editor's side: documents open and close, also when their language changes. */
const editor = vi.hoisted(() => {
  const opened: ((document: unknown) => void)[] = [];
  const closed: ((document: unknown) => void)[] = [];
  return { opened, closed, documents: [] as unknown[] };
});

vi.mock('vscode', () => ({
  Disposable: { from: () => ({ dispose: () => undefined }) },
  languages: {
    setTextDocumentLanguage: (document: Document, language: string) => {
      changeLanguage(document, language);
      return Promise.resolve(document);
    },
  },
  workspace: {
    get textDocuments() {
      return editor.documents;
    },
    onDidOpenTextDocument: (listener: (document: unknown) => void) => editor.opened.push(listener),
    onDidCloseTextDocument: (listener: (document: unknown) => void) => editor.closed.push(listener),
  },
}));

function open(text: string): Document {
  const document: Document = { uri: 'file:///a/setup.cfg', languageId: 'darknet', getText: () => text };
  editor.documents.push(document);
  for (const listener of editor.opened) listener(document);
  return document;
}

async function close(document: Document): Promise<void> {
  editor.documents.splice(editor.documents.indexOf(document), 1);
  for (const listener of editor.closed) listener(document);
  await new Promise((resolve) => setTimeout(resolve, 5));
}

function changeLanguage(document: Document, language: string): void {
  editor.documents.splice(editor.documents.indexOf(document), 1);
  for (const listener of editor.closed) listener(document);
  document.languageId = language;
  editor.documents.push(document);
  for (const listener of editor.opened) listener(document);
}

beforeEach(() => {
  editor.opened.length = 0;
  editor.closed.length = 0;
  editor.documents.length = 0;
  handBackForeignCfg();
});

test('a foreign file is handed back each time that it is opened', async () => {
  for (let time = 0; time < 3; time++) {
    const document = open('[metadata]\nname = x\n');
    expect(document.languageId).toBe('properties');
    await close(document);
  }
});

test('who picks Darknet by hand keeps it', () => {
  const document = open('[metadata]\nname = x\n');
  changeLanguage(document, 'darknet');
  expect(document.languageId).toBe('darknet');
});

test('a Darknet model stays one', () => {
  expect(open('[net]\nwidth=8\n').languageId).toBe('darknet');
});
