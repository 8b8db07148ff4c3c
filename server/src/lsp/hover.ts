// Hover: every layer that the line makes, its share, where its width comes from and what is tied to it; elsewhere what a word means.

import type { Hover, HoverParams } from 'vscode-languageserver/node';
import { wordHover } from '../analysis/format-words.ts';
import { hover } from '../analysis/hover.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';

export function provideHover(
  { session, settings }: AnalysisContext,
  { textDocument: { uri }, position }: HoverParams,
  cancellation: Cancellation,
): Hover | null {
  const positions = positionsIn(session, uri);
  if (positions === undefined) return null;
  const offset = positions.offset(position);
  const found = hover(session, uri, offset, settings, cancellation) ?? wordHover(session, uri, offset);
  if (found === undefined) return null;
  return {
    contents: { kind: 'markdown', value: found.markdown },
    range: positions.range(found.start, found.end),
  };
}
