// Completion: the words that a format has at the cursor. Languages that editors know well have none of ours.

import type { CompletionItem, CompletionItemKind, CompletionParams } from 'vscode-languageserver/node';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';

/** Class, property and enum member, by the protocol's numbers: its library stays out of the thread that reads models. */
const kinds = { section: 7, key: 10, value: 20 } as const satisfies Record<string, CompletionItemKind>;

export function provideCompletion(
  { session }: AnalysisContext,
  { textDocument: { uri }, position }: CompletionParams,
): CompletionItem[] {
  const positions = positionsIn(session, uri);
  const here = positions && session.wordsAt(uri, positions.offset(position));
  if (positions === undefined || here === undefined) return [];
  const range = positions.range(here.start, here.end);
  // In the order of the format's own table: what is written most stands first.
  return here.words.map(({ name, meaning, kind, insert = name }, i) => ({
    label: name,
    kind: kinds[kind],
    sortText: String(i).padStart(3, '0'),
    textEdit: { range, newText: insert },
    ...(meaning !== '' && { documentation: meaning }),
  }));
}
