// Hover: every layer that the line makes, its share, where its width comes from and what is tied to it.

import { MarkupKind, type Hover, type HoverParams } from 'vscode-languageserver/node';
import { hover } from '../analysis/hover.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { positionsIn, type ServerContext } from './server-context.ts';

export async function provideHover(
  context: ServerContext,
  { textDocument: { uri }, position }: HoverParams,
  cancellation: Cancellation,
): Promise<Hover | null> {
  const settings = await context.settings.of(uri);
  const positions = positionsIn(context.session, uri);
  if (positions === undefined || cancellation.isCancellationRequested) return null;
  const found = hover(context.session, uri, positions.offset(position), settings, cancellation);
  if (found === undefined) return null;
  return {
    contents: { kind: MarkupKind.Markdown, value: found.markdown },
    range: positions.range(found.start, found.end),
  };
}
