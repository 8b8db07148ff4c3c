// A model's costs as data for `morphnet cost --json`: the same fields as the wire's schema, which a test holds this against.

import { knownValue, type Count } from '../common/count.ts';
import type { SourceSpan } from '../common/source-span.ts';
import { flopsPerMac } from '../costs/counting-convention.ts';
import { bytesOfProducts } from '../costs/latency/execution.ts';
import { parameterBytes } from '../costs/memory.ts';
import { widthsOf } from '../network/op-traits.ts';
import type { ModelEntry } from '../network/network-graph.ts';
import type { Op, Padding } from '../network/op.ts';
import { editableLeaves } from '../network/width-origin.ts';
import { untracedReason, followsShape } from '../edits/trail.ts';
import { scaleCount } from '../common/count.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { unknownPartsOf } from './document-layers.ts';
import { outputShape } from './inlay-hints.ts';
import { conventionCosts, type NamedConvention } from './convention-report.ts';
import { chooseDevice, latencySentence } from './latency-device.ts';
import { memoryReport, memorySentences, type OpMemory } from './memory-report.ts';
import { SourcePlaces } from './source-places.ts';

/** One-based, as people count. */
export interface ReportPlace {
  file: string;
  line: number;
  column: number;
}

/** `endColumn` is exclusive. */
interface ReportRange extends ReportPlace {
  endLine: number;
  endColumn: number;
}

/** Null where nothing is known; `atLeast` marks a lower bound. */
export interface ReportTotal {
  value: number | null;
  atLeast: boolean;
}

interface ReportWidth {
  value: number;
  sources: (ReportRange & { text: string })[];
  editable: boolean;
  reason: string | null;
}

/** Bytes of a layer: see `OpMemory`. */
interface ReportMemory {
  weights: number | null;
  alive: number | null;
  kept: number | null;
}

interface ReportLayer {
  name: string;
  op: string;
  kernel: number[] | null;
  stride: number[] | null;
  padding: number[] | null;
  dilation: number[] | null;
  groups: number | null;
  inChannels: number | null;
  outChannels: number | null;
  outputShape: (number | null)[];
  params: number | null;
  macs: number | null;
  /** In the convention. */
  operations: number | null;
  latencyMs: number | null;
  memory: ReportMemory;
  /** Null where no text makes the layer. */
  origin: (ReportRange & { callChain: ReportPlace[] }) | null;
  width: ReportWidth | null;
}

/** Mutable on purpose: it is handed over, and the wire's type is. */
export interface ModelCostReport {
  version: 1;
  model: string;
  framework: string;
  entry: { name: string; from: string };
  input: { shapes: number[][]; from: string };
  convention: string;
  /** What the convention calls its figure. */
  unit: 'MACs' | 'FLOPs';
  /** What makes the convention's figure another than the MACs, in words; empty where nothing does. */
  difference: string;
  device: string;
  /** Images in the step that latencies are of. */
  batch: number;
  /** What latencies are worth, in words. */
  latency: string;
  totals: {
    params: ReportTotal;
    macs: ReportTotal;
    flops: ReportTotal;
    activations: ReportTotal;
    /** In the convention. */
    operations: ReportTotal;
    latencyMs: ReportTotal;
  };
  /** In bytes. */
  memory: {
    batch: number;
    precision: string;
    weights: ReportTotal;
    peakActivations: ReportTotal;
    /** The layer at which activations are most; empty where that is not known. */
    peakLayer: string;
    kept: ReportTotal;
    trainingStep: ReportTotal;
    /** The same in sentences. */
    words: string[];
  };
  layers: ReportLayer[];
  unknowns: { reason: string; origin: ReportRange | null }[];
}

/**
 * The report; `fileOf` turns a document's URI into the name that the user knows. Layers are ops with parameters or MACs,
 * then the layers that no op of the graph belongs to: made and never called, or behind something unknown.
 */
export function costReport(
  session: AnalysisSession,
  model: AnalyzedModel,
  settings: AnalysisSettings,
  fileOf: (document: string) => string,
  convention: NamedConvention = settings.convention,
): ModelCostReport {
  const { graph } = model;
  const counted = conventionCosts(graph, convention);
  const report = session.costs(graph, settings);
  const memory = memoryReport(graph, settings);
  const places = new SourcePlaces(session);
  const files = new Map<string, string>();
  const place = (span: SourceSpan): ReportPlace => {
    const { line, column } = places.position(span.document, span.start);
    // Thousands of places stand in a handful of files.
    const file = files.get(span.document) ?? fileOf(span.document);
    files.set(span.document, file);
    return { file, line: line + 1, column: column + 1 };
  };
  const range = (span: SourceSpan): ReportRange => {
    const end = places.position(span.document, span.end);
    return { ...place(span), endLine: end.line + 1, endColumn: end.column + 1 };
  };
  const layers = graph.ops.flatMap((op): readonly ReportLayer[] => {
    const cost = report.ops[op.id];
    const operations = counted.ops[op.id] ?? cost?.macs;
    const isCounted = knownValue(cost?.macs ?? zero) !== 0 || knownValue(operations ?? zero) !== 0;
    if (cost === undefined || operations === undefined || (op.parameters.length === 0 && !isCounted)) return [];
    return [
      {
        name: op.name,
        op: op.label,
        ...windowOf(op),
        outputShape: outputShape(graph, op)
          .slice(1)
          .map((dimension) => (typeof dimension === 'number' ? dimension : null)),
        params: valueOrNull(cost.params),
        macs: valueOrNull(cost.macs),
        operations: valueOrNull(operations),
        latencyMs: valueOrNull(cost.latencyMs),
        memory: memoryOf(memory.ops[op.id]),
        origin: op.site === undefined ? null : { ...range(op.site.span), callChain: op.site.callChain.map(place) },
        width: widthOf(session, model.graph.entry, op, places, range),
      },
    ];
  });
  const unknowns = unknownPartsOf(graph);
  // What is never called computes nothing; behind something unknown nobody can tell.
  const uncalled = unknowns.length === 0 ? 0 : null;
  const idle = graph.idle.map((layer, index): ReportLayer => ({
    name: layer.name,
    op: layer.label,
    ...noWindow,
    outputShape: [],
    params: valueOrNull(report.idleParams[index] ?? { kind: 'unknown', reason: '' }),
    macs: uncalled,
    operations: uncalled,
    latencyMs: uncalled,
    memory: {
      weights: valueOrNull(parameterBytes(layer.parameters, bytesOfProducts(memory.precision))),
      alive: uncalled,
      kept: uncalled,
    },
    origin: { ...range(layer.site.span), callChain: layer.site.callChain.map(place) },
    width: null,
  }));
  const { total } = report;
  const chosen = chooseDevice(settings);
  return {
    version: 1,
    model: fileOf(model.entry.document),
    framework: graph.framework,
    entry: { name: model.entry.name, from: model.entry.from },
    input: { shapes: model.entry.input.shapes.map((shape) => [...shape]), from: model.entry.input.from },
    convention,
    unit: counted.unit,
    difference: counted.difference,
    device: chosen.device.name,
    batch: chosen.batch,
    latency: latencySentence(chosen),
    totals: {
      params: totalOf(total.params),
      macs: totalOf(total.macs),
      flops: totalOf(scaleCount(total.macs, flopsPerMac)),
      activations: totalOf(total.activations),
      operations: totalOf(counted.total),
      latencyMs: totalOf(total.latencyMs),
    },
    memory: {
      batch: memory.batch,
      precision: memory.precision,
      weights: totalOf(memory.weights),
      peakActivations: totalOf(memory.peakActivations),
      peakLayer: (memory.peakAt === undefined ? undefined : graph.ops[memory.peakAt]?.name) ?? '',
      kept: totalOf(memory.kept),
      trainingStep: totalOf(memory.trainingStep),
      words: [...memorySentences(graph, memory)],
    },
    layers: [...layers, ...idle],
    unknowns: unknowns.map(({ reason, span }) => ({ reason, origin: span === undefined ? null : range(span) })),
  };
}

const zero: Count = { kind: 'exact', value: 0 };

function memoryOf(memory: OpMemory | undefined): ReportMemory {
  if (memory === undefined) return { weights: null, alive: null, kept: null };
  return { weights: valueOrNull(memory.weights), alive: valueOrNull(memory.alive), kept: valueOrNull(memory.kept) };
}

function valueOrNull(count: Count): number | null {
  return count.kind === 'exact' ? count.value : null;
}

function totalOf(count: Count): ReportTotal {
  return { value: knownValue(count) ?? null, atLeast: count.kind !== 'exact' };
}

type WindowFields = Pick<
  ReportLayer,
  'kernel' | 'stride' | 'padding' | 'dilation' | 'groups' | 'inChannels' | 'outChannels'
>;

const noWindow: WindowFields = {
  kernel: null,
  stride: null,
  padding: null,
  dilation: null,
  groups: null,
  inChannels: null,
  outChannels: null,
};

function windowOf({ attributes }: Op): WindowFields {
  const widths = widthsOf(attributes);
  const ends = { inChannels: widths.in ?? null, outChannels: widths.out ?? null };
  if (attributes.kind !== 'convolution' && attributes.kind !== 'transposed-convolution')
    return { ...noWindow, ...ends };
  return {
    kernel: [...attributes.kernel],
    stride: [...attributes.stride],
    padding: attributes.padding.map(paddingAmount),
    dilation: [...attributes.dilation],
    groups: attributes.groups,
    ...ends,
  };
}

/** Amounts on both sides of an axis are the same but for `same` paddings of even kernels: then the larger one. */
function paddingAmount({ before, after }: Padding): number {
  return Math.max(before, after);
}

function widthOf(
  session: AnalysisSession,
  entry: ModelEntry,
  op: Op,
  places: SourcePlaces,
  range: (span: SourceSpan) => ReportRange,
): ReportWidth | null {
  const value = widthsOf(op.attributes).out;
  if (op.outWidth === undefined || value === undefined) return null;
  const leaves = editableLeaves(op.outWidth);
  const reason = fixedReason(session, entry, op, places);
  return {
    value,
    sources: leaves.map(({ span }) => ({ ...range(span), text: places.written(span) })),
    editable: reason === undefined,
    reason: reason ?? null,
  };
}

/** Why none of the numbers that an op's width comes from can be edited, or undefined when one can. */
function fixedReason(session: AnalysisSession, entry: ModelEntry, op: Op, places: SourcePlaces): string | undefined {
  const { outWidth } = op;
  if (outWidth === undefined) return 'the source does not name this width';
  if (followsShape(outWidth)) return 'the width follows from the shape of a tensor';
  const leaves = editableLeaves(outWidth);
  const [first] = leaves;
  if (first === undefined) return untracedReason(outWidth) ?? 'the source does not name this width';
  if (!leaves.some(({ span }) => session.isEditable(span.document))) {
    return `it is written in ${places.text(first.span)}, outside the workspace`;
  }
  const numbers = session.numbersOf(entry);
  const plain = leaves.some((leaf) => numbers.parse(places.written(leaf.span)) === leaf.value);
  return plain ? undefined : `${places.written(first.span)} in ${places.text(first.span)} is no plain number`;
}
