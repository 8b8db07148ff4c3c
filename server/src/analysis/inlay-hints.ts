// What each line that makes layers costs, shown behind the line. Several layers on a line show their number and the sum.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { Count } from '../common/count.ts';
import { sumCosts, type Cost } from '../costs/cost-report.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import type { Shape } from '../network/shape.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import { hasWeights, isLayer, layerLines, lineEnd, unknownPartsOf } from './document-layers.ts';
import { hintLabel } from './hint-label.ts';
import { proposedChanges } from './proposed-changes.ts';

export interface InlayHint {
  /** UTF-16 offset at the end of the line that closes the call. */
  readonly offset: number;
  /** See `hintLabel`; the caller adds space in front. */
  readonly label: string;
  /** Where a hover says more, for a tooltip that is asked for later. */
  readonly hoverOffset: number;
  /** The line belongs to the last good text; the label says so too. */
  readonly stale: boolean;
}

/** The hints of a document, or of the lines that `range` (offsets) touches. */
export function inlayHints(
  session: AnalysisSession,
  document: string,
  settings: AnalysisSettings,
  range?: { readonly start: number; readonly end: number },
  cancellation: Cancellation = neverCancelled,
): readonly InlayHint[] {
  const [text, lines] = [session.textOf(document), session.linesOf(document)];
  if (text === undefined || lines === undefined || !settings.hints.enabled || settings.hints.quantities.length === 0)
    return [];
  const models = session.modelsToShow(document, cancellation);
  const proposals =
    session.attachedProposal(document) === undefined ? [] : models.flatMap((model) => proposedChanges(session, model));
  const partial = new Set(models.filter(({ graph }) => unknownPartsOf(graph).length > 0));
  return layerLines(models, document, lines).flatMap(({ model, line, ops, sites }) => {
    const offset = lineEnd(text, lines, line);
    if (range !== undefined && (offset < range.start || lines.offsetAt({ line, column: 0 }) > range.end)) return [];
    const layers = ops.filter(isLayer);
    const idle = partial.has(model) ? sites.flatMap((site) => site.idle.filter(hasWeights)) : [];
    const site = sites[0];
    if (layers.length + idle.length === 0 || site === undefined) return [];
    const costs = session.costs(model.graph, settings);
    const cost = sumCosts([
      ...ops.flatMap((op) => costs.ops[op.id] ?? []),
      ...idle.map((layer) => unreachedCost(costs.idleParams[model.graph.idle.indexOf(layer)])),
    ]);
    const shapes = layers.map((op) => outputShape(model.graph, op));
    const label = hintLabel(
      {
        cost,
        shapes,
        layers: layers.length + idle.length,
        proposals: proposals.filter(({ op }) => ops.includes(op)),
        assumed: model.entry.input.from === 'default',
        stale: model.stale,
      },
      settings,
    );
    return [
      {
        offset,
        label,
        hoverOffset: site.span.start,
        stale: model.stale,
      },
    ];
  });
}

/** The cost of a layer behind something unknown: only its parameters are certain. */
function unreachedCost(params: Count = { kind: 'unknown', reason: '' }): Cost {
  const unknown: Count = { kind: 'unknown', reason: 'it is behind a part that is not understood' };
  return { params, macs: unknown, activations: unknown, latencyMs: unknown };
}

/** The shape of an op's first output. */
export function outputShape(graph: NetworkGraph, op: Op): Shape {
  const output = op.outputs[0];
  return output === undefined ? [] : valueOf(graph, output).shape;
}
