// What a format's word under the cursor means, where nothing that is costed stands there.

import type { AnalysisSession } from './analysis-session.ts';
import type { Hover } from './hover.ts';
import { codeSpan } from './markdown.ts';

export function wordHover(session: AnalysisSession, document: string, offset: number): Hover | undefined {
  const text = session.textOf(document);
  const here = session.wordsAt(document, offset);
  if (text === undefined || here === undefined || here.start === here.end) return undefined;
  const written = text.slice(here.start, here.end);
  const word = here.words.find(({ name }) => name.toLowerCase() === written.toLowerCase());
  if (word === undefined || word.meaning === '') return undefined;
  return { start: here.start, end: here.end, markdown: `${codeSpan(word.name)}: ${word.meaning}` };
}
