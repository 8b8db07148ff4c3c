// The trees of the texts that were read last: after an edit, the list of a file's models and the model itself ask for the same one,
// and reading it takes longer than all that follows.

/** Reads as `read` does, and keeps what it gave for the last text of so many documents. */
export function keepingLast<Tree>(
  read: (document: string, text: string) => Tree,
  documents = 1,
): (document: string, text: string) => Tree {
  const kept = new Map<string, { readonly text: string; readonly tree: Tree }>();
  return (document, text) => {
    const known = kept.get(document);
    if (known?.text === text) return known.tree;
    const tree = read(document, text);
    kept.delete(document);
    kept.set(document, { text, tree });
    for (const oldest of kept.keys()) {
      if (kept.size <= documents) break;
      kept.delete(oldest);
    }
    return tree;
  };
}
