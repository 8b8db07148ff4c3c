// Which models files offer, by their text alone: nothing is evaluated, so a workspace is gone through in little time.

import { isCancelled, type Cancellation } from '../common/cancellation.ts';
import type { FileModels } from '../protocol/lsp-extensions.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';

/** The files that offer any, in the given order. */
export function listEntries(
  { session }: AnalysisContext,
  { uris }: { readonly uris: readonly string[] },
  cancellation: Cancellation,
): readonly FileModels[] {
  const found: FileModels[] = [];
  for (const uri of uris) {
    if (isCancelled(cancellation)) break;
    const entries = session.entriesToShow(uri);
    const positions = entries.length === 0 ? undefined : positionsIn(session, uri);
    if (positions === undefined) continue;
    found.push({
      uri,
      models: entries.map(({ name, span }) => ({
        entry: name,
        range: span.document === uri ? positions.range(span.start, span.end) : positions.range(0, 0),
      })),
    });
  }
  return found;
}
