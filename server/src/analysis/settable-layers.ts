// The layers of a line whose width somebody may set by hand.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import { hasOwnWidth, widthsOf } from '../network/op-traits.ts';
import type { AnalysisSession } from './analysis-session.ts';
import { layerLines } from './document-layers.ts';
import { settledWidths } from './what-if.ts';

export interface SettableLayers {
  readonly document: string;
  readonly entry: string;
  /** In network order. */
  readonly layers: readonly { readonly name: string; readonly width: number }[];
}

/** The layers of the lines of a range (offsets) that have a width which can be set, of the model that the lines show. */
export function settableLayers(
  session: AnalysisSession,
  document: string,
  range: { readonly start: number; readonly end: number },
  cancellation: Cancellation = neverCancelled,
): SettableLayers | undefined {
  const lines = session.linesOf(document);
  if (lines === undefined) return undefined;
  const [first, last] = [lines.positionAt(range.start).line, lines.positionAt(range.end).line];
  const here = layerLines(session.modelsIn(document, cancellation), document, lines).filter(({ sites }) =>
    sites.some(({ span }) => lines.positionAt(span.start).line <= last && lines.positionAt(span.end).line >= first),
  );
  const model = here.find(({ ops }) => ops.some(hasOwnWidth))?.model;
  if (model === undefined || model.stale) return undefined;
  const settled = settledWidths(session.grouping(model.graph));
  const layers = here
    .flatMap((line) => (line.model === model ? line.ops : []))
    .filter((op) => hasOwnWidth(op) && !settled.has(op.name))
    .map((op) => ({ name: op.name, width: widthsOf(op.attributes).out ?? 0 }));
  return layers.length === 0 ? undefined : { document: model.entry.document, entry: model.entry.name, layers };
}
