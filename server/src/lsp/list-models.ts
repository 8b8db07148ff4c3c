// The models of a document as the client asks for them.

import { totalsText } from '../analysis/code-lenses.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { ModelSummary } from '../protocol/lsp-extensions.ts';
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
