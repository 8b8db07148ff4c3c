// What each line that makes layers costs, shown behind the line. Several layers on a line show their number and the sum.
// Where it is wanted, statements show the shapes of the tensors that they give names.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { Count } from '../common/count.ts';
import { sumCosts, type Cost } from '../costs/cost-report.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import type { Shape } from '../network/shape.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { flowLines, flowText, type StatementFlow } from './data-flow.ts';
import { hasWeights, isLayer, layerLines, lineEnd, unknownPartsOf, type LineLayers } from './document-layers.ts';
import { flowLabel, hintLabel } from './hint-label.ts';
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

/** What stands behind a line, before it is known where that is. */
type LineHint = Omit<InlayHint, 'offset'>;

/** The hints of a document, or of the lines that `range` (offsets) touches. */
export function inlayHints(
  session: AnalysisSession,
  document: string,
  settings: AnalysisSettings,
  range?: { readonly start: number; readonly end: number },
  cancellation: Cancellation = neverCancelled,
): readonly InlayHint[] {
  const [text, lines] = [session.textOf(document), session.linesOf(document)];
  const { enabled, quantities, dataFlow } = settings.hints;
  if (text === undefined || lines === undefined || !enabled || (quantities.length === 0 && !dataFlow)) return [];
  const models = session.modelsToShow(document, cancellation);
  const costs = new CostHints(session, document, models, settings);
  const layers = new Map(layerLines(models, document, lines).map((line) => [line.line, line]));
  const flows = dataFlow ? flowLines(models, document, lines) : new Map<number, StatementFlow>();
  return [...new Set([...layers.keys(), ...flows.keys()])]
    .sort((one, other) => one - other)
    .flatMap((line): readonly InlayHint[] => {
      const offset = lineEnd(text, lines, line);
      if (range !== undefined && (offset < range.start || lines.offsetAt({ line, column: 0 }) > range.end)) return [];
      const [made, flow] = [layers.get(line), flows.get(line)];
      const hint = (made && costs.of(made, flow)) ?? (flow && flowHint(flow));
      return hint === undefined ? [] : [{ offset, ...hint }];
    });
}

/** The hint of a line whose statement makes no layer. */
function flowHint(flow: StatementFlow): LineHint {
  const { entry, stale } = flow.model;
  const label = flowLabel({ text: flowText(flow), assumed: entry.input.from === 'default', stale });
  return { label, hoverOffset: flow.span.start, stale };
}

/** The hints of lines that make layers. */
class CostHints {
  readonly #session: AnalysisSession;
  readonly #settings: AnalysisSettings;
  readonly #proposals: ReturnType<typeof proposedChanges>;
  readonly #partial: ReadonlySet<AnalyzedModel>;

  constructor(
    session: AnalysisSession,
    document: string,
    models: readonly AnalyzedModel[],
    settings: AnalysisSettings,
  ) {
    this.#session = session;
    this.#settings = settings;
    const hasProposal = session.attachedProposal(document) !== undefined;
    this.#proposals = hasProposal ? models.flatMap((model) => proposedChanges(session, model)) : [];
    this.#partial = new Set(models.filter(({ graph }) => unknownPartsOf(graph).length > 0));
  }

  /** Undefined where the line makes nothing that multiplies, or no quantity is wanted. */
  of({ model, ops, sites }: LineLayers, flow: StatementFlow | undefined): LineHint | undefined {
    const layers = ops.filter(isLayer);
    const idle = this.#partial.has(model) ? sites.flatMap((site) => site.idle.filter(hasWeights)) : [];
    const site = sites[0];
    if (layers.length + idle.length === 0 || site === undefined || this.#settings.hints.quantities.length === 0)
      return undefined;
    const costs = this.#session.costs(model.graph, this.#settings);
    const cost = sumCosts([
      ...ops.flatMap((op) => costs.ops[op.id] ?? []),
      ...idle.map((layer) => unreachedCost(costs.idleParams[model.graph.idle.indexOf(layer)])),
    ]);
    const label = hintLabel(
      {
        cost,
        shapes: layers.map((op) => outputShape(model.graph, op)),
        layers: layers.length + idle.length,
        proposals: this.#proposals.filter(({ op }) => ops.includes(op)),
        assumed: model.entry.input.from === 'default',
        flow: flow?.model === model ? flowText(flow) : undefined,
        stale: model.stale,
      },
      this.#settings,
    );
    return { label, hoverOffset: site.span.start, stale: model.stale };
  }
}

/** The cost of a layer behind something unknown: only its parameters are certain. */
function unreachedCost(params: Count = { kind: 'unknown', reason: '' }): Cost {
  const unknown: Count = { kind: 'unknown', reason: 'it is behind a part that is not understood' };
  return { params, macs: unknown, operations: unknown, activations: unknown, latencyMs: unknown };
}

/** The shape of an op's first output. */
export function outputShape(graph: NetworkGraph, op: Op): Shape {
  const output = op.outputs[0];
  return output === undefined ? [] : valueOf(graph, output).shape;
}
