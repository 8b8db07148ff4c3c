// Stands where the client library starts a server process: the extension's requests go to the server of a test's editor, which is
// the real one in this process.

import type { Editor } from '../lsp/server-session.ts';

/** Whose server the extension is connected to; a test says so before it activates the extension. */
export const link: { editor: Editor | undefined } = { editor: undefined };

function connected(): Editor {
  if (link.editor === undefined) throw new Error('No server is there');
  return link.editor;
}

export class LanguageClient {
  start(): Promise<void> {
    return Promise.resolve();
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  sendRequest(name: string, params: unknown): Promise<unknown> {
    return connected().rawRequest(name, params);
  }
  sendNotification(name: string, params: unknown): Promise<void> {
    return connected().notify(name, params);
  }
  onNotification(name: string, listener: (params: unknown) => void): void {
    connected().hear(name, listener);
  }
  onDidChangeState(): void {
    // The server of a test does not end before the test.
  }
}

export const State = { Running: 2 } as const;
