// The tree of the text that was read last: after an edit, the list of a file's models and the model itself ask for the same one, and
// reading it takes longer than all that follows.

import type { ConfigText } from './config-tree.ts';

type Read = (document: string, text: string) => ConfigText;

/** Reads as `read` does, and keeps what it gave for the last text. */
export function keepingLast(read: Read): Read {
  let last: { readonly document: string; readonly text: string; readonly tree: ConfigText } | undefined;
  return (document, text) => {
    if (last?.document !== document || last.text !== text) last = { document, text, tree: read(document, text) };
    return last.tree;
  };
}
