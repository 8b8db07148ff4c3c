// Edits of texts: one written number exchanged for another, and nothing else of the text.

/** One literal exchanged for another; in a refactoring, any text. */
export interface LiteralEdit {
  readonly document: string;
  /** UTF-16 offsets `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly oldText: string;
  readonly newText: string;
}

/** The text with the edits of one document made. Edits don't overlap; each must still find its old text. */
export function applyEdits(text: string, edits: readonly LiteralEdit[]): string {
  let result = '';
  let from = 0;
  for (const edit of [...edits].sort((left, right) => left.start - right.start || left.end - right.end)) {
    if (edit.start < from || text.slice(edit.start, edit.end) !== edit.oldText) {
      throw new Error(`The edit of ${edit.oldText} at ${String(edit.start)} does not fit its text`);
    }
    result += text.slice(from, edit.start) + edit.newText;
    from = edit.end;
  }
  return result + text.slice(from);
}

/** Edits by document. */
export function byDocument(edits: readonly LiteralEdit[]): ReadonlyMap<string, readonly LiteralEdit[]> {
  const grouped = new Map<string, LiteralEdit[]>();
  for (const edit of edits) {
    const known = grouped.get(edit.document);
    if (known === undefined) grouped.set(edit.document, [edit]);
    else known.push(edit);
  }
  return grouped;
}
