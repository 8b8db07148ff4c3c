// A model's network as boxes and links, with the places that a click leads to.

import { costGraph } from '../analysis/cost-graph.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { fileName } from '../common/file-name.ts';
import type { CostGraphPicture } from '../protocol/cost-graph.ts';
import type { Refusal } from '../protocol/lsp-extensions.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';
import { modelAsked } from './cost-table.ts';
import { refuse } from './refusal.ts';

/** Larger networks are no help to look at, and take long to lay out. */
const mostOps = 2000;

/** A drawing that nobody has laid out yet. */
export interface CostGraphBoxes {
  readonly entry: string;
  readonly boxes: readonly Omit<CostGraphPicture['boxes'][number], 'x' | 'y' | 'width' | 'height'>[];
  readonly links: readonly { readonly from: number; readonly to: number }[];
}

export function costGraphBoxes(
  context: AnalysisContext,
  { uri, entry }: { readonly uri: string; readonly entry?: string },
  cancellation: Cancellation,
): CostGraphBoxes | Refusal {
  const model = modelAsked(context, uri, entry, cancellation);
  if ('refused' in model) return model;
  const { length } = model.graph.ops;
  if (length > mostOps)
    return refuse(
      `${fileName(uri)}: ${model.entry.name} has ${length.toLocaleString('en')} operations. Networks of up to ` +
        `${mostOps.toLocaleString('en')} are drawn as a graph; the table has every layer of this one.`,
    );
  const { session, settings } = context;
  const { boxes, links } = costGraph(session, model, settings);
  return {
    entry: model.entry.name,
    boxes: boxes.map(({ spans, rows, ...box }) => ({
      ...box,
      rows: [...rows],
      places: spans.flatMap(({ document, start }) => {
        const position = positionsIn(session, document)?.position(start);
        return position === undefined ? [] : [{ uri: document, ...position }];
      }),
    })),
    links,
  };
}
