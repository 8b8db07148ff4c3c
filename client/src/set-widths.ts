// Widths that somebody asked for, brought into the source: planned and proven by the server, written once the user has seen them
// in the editor's own preview.

import * as vscode from 'vscode';
import type { ServerRequests } from '../../server/src/protocol/lsp-extensions.ts';
import type { AskedWidthTexts } from '../../server/src/protocol/cost-table.ts';
import { previewEdits } from './apply-edits.ts';
import { isRefusal, showRefusal } from './messages.ts';
import type { ServerConnection } from './server-connection.ts';

type WidthEdits = ServerRequests['morphnet/widthEdits']['result'];

/** A model of a document. */
export interface ModelSubject {
  readonly uri: string;
  readonly entry: string;
}

/** Plans and proves the edits, and writes them once the user has seen them. */
export async function setWidths(
  server: ServerConnection,
  subject: ModelSubject,
  asked: AskedWidthTexts,
): Promise<void> {
  await previewWidths(() => server.request('morphnet/widthEdits', { ...subject, asked }));
}

/** Asks for proven edits, which takes its time, and writes them once the user has seen them. */
export async function previewWidths(ask: () => Promise<WidthEdits>): Promise<void> {
  const edits = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'MorphNet: proving the edit' },
    ask,
  );
  if (isRefusal(edits)) {
    await showRefusal(edits);
    return;
  }
  const { failure } = await previewEdits({ title: edits.title, description: previewWords(edits) }, edits.documents);
  if (failure !== undefined) await vscode.window.showErrorMessage(`MorphNet: ${failure}`);
}

/** What a preview says of edits. */
export function previewWords({ sentences }: { readonly sentences: readonly string[] }): string {
  return sentences.join(' · ');
}
