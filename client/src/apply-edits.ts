// Proven edits from the server, applied as one undoable step and only to the document versions that they were proven for.

import * as vscode from 'vscode';
import type { WireDocumentEdits, WireRange } from '../../server/src/protocol/lsp-extensions.ts';

/** What the editor knows this extension as. */
const ownName = 'morphnet.morphnet';

/** A range of the wire as the editor's. */
export function toRange({ start, end }: WireRange): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

/** What the editor's own preview of a change says of it. */
export interface ChangePreview {
  readonly title: string;
  readonly description: string;
}

/**
 * Applies all edits or none, after the editor's own preview of them: it shows the differences, and nothing is written before the
 * user says so. Returns a sentence when the change does not fit any more; leaving the preview is the user's own doing.
 */
export async function previewEdits(
  preview: ChangePreview,
  documents: readonly WireDocumentEdits[],
): Promise<{ readonly applied: boolean; readonly failure?: string }> {
  const change = new vscode.WorkspaceEdit();
  const words = { label: preview.title, description: preview.description };
  const failure = await addEdits(change, documents, { ...words, needsConfirmation: false });
  if (failure !== undefined) return { applied: false, failure };
  askForPreview(change, words);
  return { applied: await vscode.workspace.applyEdit(change, { isRefactoring: true }) };
}

/**
 * Has the editor show its preview of a change, with all that it does checked. The editor opens the preview where an edit asks for
 * it, and leaves those that ask unchecked: so one asks that changes nothing, and that the preview leaves out. It makes a file
 * unless it is there, and this extension's own always is.
 */
export function askForPreview(
  change: vscode.WorkspaceEdit,
  words: { readonly label: string; readonly description?: string },
): void {
  const own = vscode.extensions.getExtension(ownName);
  if (own === undefined) return;
  const manifest = vscode.Uri.joinPath(own.extensionUri, 'package.json');
  change.createFile(manifest, { ignoreIfExists: true }, { ...words, needsConfirmation: true });
}

/** Adds edits to a change. Returns a sentence where a document is not the one any more that they were proven for. */
export async function addEdits(
  change: vscode.WorkspaceEdit,
  documents: readonly WireDocumentEdits[],
  preview: vscode.WorkspaceEditEntryMetadata | undefined,
): Promise<string | undefined> {
  for (const { uri, version, edits } of documents) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri, true));
    // A document that was not open has no version; what stands in the edits' places says whether it is still the same.
    const isChanged =
      (version !== null && document.version !== version) ||
      edits.some(({ range, oldText }) => document.getText(toRange(range)) !== oldText);
    if (isChanged)
      return `${vscode.workspace.asRelativePath(document.uri)} was changed meanwhile. Nothing was edited; try again.`;
    for (const edit of edits) change.replace(document.uri, toRange(edit.range), edit.newText, preview);
  }
  return undefined;
}
