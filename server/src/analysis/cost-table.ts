// The costs of a model layer by layer, as data for a table: what has parameters or operations, in network order.

import { sumCounts, type Count } from '../common/count.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { Cost } from '../costs/cost-report.ts';
import { widthsOf } from '../network/op-traits.ts';
import type { Op } from '../network/op.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { tieNumbers } from './channel-ties.ts';
import { imageShapeText } from './cost-text.ts';
import { outputShape } from './inlay-hints.ts';
import { memoryReport, memorySentences } from './memory-report.ts';
import { settledWidths } from './what-if.ts';

/** Null where nothing is known; `atLeast` marks a lower bound. */
interface KnownCount {
  value: number | null;
  atLeast: boolean;
}

interface KnownCosts {
  operations: KnownCount;
  params: KnownCount;
  activations: KnownCount;
  /** Bytes of weights and of what is kept for the backward pass. */
  memory: KnownCount;
  latencyMs: KnownCount;
}

export interface CostRow extends KnownCosts {
  name: string;
  label: string;
  shape: string;
  width: number | null;
  /** Rows with the same number live and die together; null where a layer is tied to no other. */
  tie: number | null;
  /** Why its width can't be set; null where it can, or there is none. */
  settled: string | null;
  /** Where it stands in the text as it is now, if that is known. */
  span: SourceSpan | undefined;
}

export interface CostRows {
  readonly rows: readonly CostRow[];
  readonly totals: KnownCosts;
  /** What the whole holds in memory, in sentences. */
  readonly memory: readonly string[];
}

/** `graph` is the model's own, or what it would be at other widths. */
export function costRows(
  session: AnalysisSession,
  model: AnalyzedModel,
  settings: AnalysisSettings,
  graph = model.graph,
): CostRows {
  const report = session.costs(graph, settings);
  const memory = memoryReport(graph, settings);
  const grouping = session.grouping(graph);
  const [ties, settled] = [tieNumbers(grouping), settledWidths(grouping)];
  const rows = graph.ops.flatMap((op): readonly CostRow[] => {
    const cost = report.ops[op.id];
    if (!isCosted(op, cost)) return [];
    const held = memory.ops[op.id];
    const costs = knownCosts(cost, held === undefined ? [] : [held.weights, held.kept]);
    return [
      {
        name: op.name,
        label: op.label,
        shape: imageShapeText(outputShape(graph, op)),
        width: widthsOf(op.attributes).out ?? null,
        ...costs,
        tie: ties.get(op.id) ?? null,
        settled: settled.get(op.name) ?? null,
        span: op.site && model.place(op.site.span),
      },
    ];
  });
  const totals = knownCosts(report.total, [memory.weights, memory.kept]);
  return { rows, totals, memory: memorySentences(graph, memory) };
}

/** Whether an op has a row of the table: it has parameters or operations, or nobody knows. */
export function isCosted(op: Op, cost: Cost | undefined): cost is Cost {
  if (cost === undefined) return false;
  return (
    op.parameters.length > 0 ||
    op.attributes.kind === 'opaque' ||
    knownCount(cost.macs).value !== 0 ||
    knownCount(cost.operations).value !== 0
  );
}

const knownCount = (count: Count): KnownCount =>
  count.kind === 'unknown'
    ? { value: null, atLeast: false }
    : { value: count.value, atLeast: count.kind === 'at-least' };

function knownCosts({ operations, params, activations, latencyMs }: Cost, held: readonly Count[]): KnownCosts {
  return {
    operations: knownCount(operations),
    params: knownCount(params),
    activations: knownCount(activations),
    memory: knownCount(sumCounts(held)),
    latencyMs: knownCount(latencyMs),
  };
}
