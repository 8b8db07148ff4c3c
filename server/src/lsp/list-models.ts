// Models as the client lists them: those of a document, and those that files offer by their text alone.

import { totalsText } from '../analysis/code-lenses.ts';
import { isCancelled, type Cancellation } from '../common/cancellation.ts';
import type { FileModels, ModelSummary } from '../protocol/lsp-extensions.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';

export function listModels(
  { session, settings }: AnalysisContext,
  { uri }: { readonly uri: string },
  cancellation: Cancellation,
): readonly ModelSummary[] {
  const positions = positionsIn(session, uri);
  if (positions === undefined) return [];
  return session.analyze(uri, cancellation).models.map((model) => {
    const { entry } = model;
    const span = model.place(entry.span);
    const here = span?.document === uri ? span : { start: 0, end: 0 };
    return {
      uri,
      entry: entry.name,
      chosen: entry.from === 'request' || entry.from === 'config' || entry.from === 'directive',
      range: positions.range(here.start, here.end),
      input: entry.input.shapes,
      isInputAssumed: entry.input.from === 'default',
      totals: totalsText(session, model, settings),
    };
  });
}

/** The files that offer any, in the given order. Nothing is evaluated, so a workspace is gone through in little time. */
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
