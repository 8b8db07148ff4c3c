// Proven edits from the server, applied as one undoable step and only to the document versions that they were proven for.

import * as vscode from 'vscode';
import type { WireDocumentEdits, WireRange } from '../../server/src/protocol/lsp-extensions.ts';

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
  const failure = await addEdits(change, documents, {
    label: preview.title,
    description: preview.description,
    needsConfirmation: true,
  });
  if (failure !== undefined) return { applied: false, failure };
  return { applied: await vscode.workspace.applyEdit(change, { isRefactoring: true }) };
}

/**
 * Applies all edits or none. A change of several files is previewed first, since it goes beyond what the user sees.
 * Returns a sentence when nothing was applied.
 */
export async function applyEdits(title: string, documents: readonly WireDocumentEdits[]): Promise<string | undefined> {
  const change = new vscode.WorkspaceEdit();
  const preview = documents.length > 1 ? { label: title, needsConfirmation: true } : undefined;
  const problem = await addEdits(change, documents, preview);
  if (problem !== undefined) return problem;
  // The editor checks versions once more when it applies the change.
  const applied = await vscode.workspace.applyEdit(change);
  return applied ? undefined : 'The editor did not apply the change. Nothing was edited; try again.';
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
