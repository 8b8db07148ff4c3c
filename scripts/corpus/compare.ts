// One builder read by the Python frontend as the product does, held against what PyTorch says: totals, and layer by layer
// the name, the multiply-adds and the line of construction.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { neverCancelled } from '../../server/src/common/cancellation.ts';
import { knownValue, type Count } from '../../server/src/common/count.ts';
import { LineIndex } from '../../server/src/common/line-index.ts';
import type { SourceSpan } from '../../server/src/common/source-span.ts';
import { reportCosts, type CostReport } from '../../server/src/costs/cost-report.ts';
import type { DeviceProfile } from '../../server/src/costs/device-profile.ts';
import { defaultLimits, type Frontend, type SourceReader } from '../../server/src/frontends/shared/frontend.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import { site } from './packages.ts';
import type { Builder, MeasuredTruth } from './truth.ts';

/**
 * `exact`: both figures equal and without reserve. `at least`: marked as lower bounds, and they are. `wrong`: anything else
 * that is said. `none`: no figure. `no truth`: PyTorch itself can not build or run it here.
 */
export type Outcome = 'exact' | 'at least' | 'wrong' | 'none' | 'no truth';

export interface Layers {
  /** PyTorch's layers that have parameters. */
  readonly count: number;
  readonly namesEqual: number;
  readonly linesEqual: number;
  readonly macsEqual: number;
  /** The first that differs, in words. */
  readonly difference: string | undefined;
}

export interface Row {
  readonly name: string;
  readonly group: string;
  readonly outcome: Outcome;
  readonly params: Count | undefined;
  readonly trueParams: number | undefined;
  readonly macs: Count | undefined;
  readonly trueMacs: number | undefined;
  readonly layers: Layers;
  /** Those below `backbone`, where there is one. */
  readonly backbone: Layers | undefined;
  readonly milliseconds: number;
  /** The first reason why a figure is no exact one. */
  readonly reason: string;
}

const siteUri = pathToFileURL(site).href;

export interface Reading {
  readonly graph: NetworkGraph | undefined;
  readonly report: CostReport | undefined;
  readonly milliseconds: number;
  readonly reason: string;
}

/** Reads one builder with the default limits. */
export function readBuilder(
  builder: Builder,
  frontend: Frontend,
  reader: SourceReader,
  device: DeviceProfile,
): Reading {
  const started = performance.now();
  const document = pathToFileURL(join(site, builder.file)).href;
  const request = { entry: builder.entry, input: builder.input, from: 'request' } as const;
  const [entry] = frontend.entries(document, reader, request).entries;
  if (entry === undefined) return { graph: undefined, report: undefined, milliseconds: 0, reason: 'no entry is found' };
  const { graph, problems } = frontend.evaluate(entry, reader, defaultLimits, neverCancelled);
  const milliseconds = performance.now() - started;
  const [first] = [
    ...(graph?.unknowns ?? []).map(({ reason, span }) => ({ reason, span })),
    ...problems.map(({ message, span }) => ({ reason: message, span })),
  ];
  return {
    graph,
    report: graph && reportCosts(graph, device),
    milliseconds,
    reason: first === undefined ? '' : `${first.reason} (${place(first.span, reader)})`,
  };
}

function place(span: SourceSpan | undefined, reader: SourceReader): string {
  if (span === undefined) return 'no place';
  const line = new LineIndex(reader.read(span.document) ?? '').positionAt(span.start).line + 1;
  return `${span.document.slice(siteUri.length + 1)}:${line}`;
}

/** Holds a reading against the truth. */
export function compare(
  { graph, report }: Reading,
  truth: MeasuredTruth,
  reader: SourceReader,
): Pick<Row, 'outcome' | 'layers' | 'backbone'> {
  const layers = graph && report ? compareLayers(graph, report, truth, reader) : [];
  const backbone = layers.filter(({ name }) => name.startsWith('backbone.'));
  const wrongLayer = layers.some(({ excess }) => excess);
  const outcome = report === undefined ? 'none' : wrongLayer ? 'wrong' : outcomeOf(report, truth);
  return {
    outcome,
    layers: count(layers, truth.layers.length),
    backbone: backbone.length > 0 ? count(backbone, backbone.length) : undefined,
  };
}

function outcomeOf({ total: { params, macs } }: CostReport, truth: MeasuredTruth): Outcome {
  const each = [judge(params, truth.params), judge(macs, truth.macs)];
  if (each.includes('wrong')) return 'wrong';
  if (each.every((one) => one === 'none')) return 'none';
  return each.every((one) => one === 'exact') ? 'exact' : 'at least';
}

function judge(ours: Count, truth: number): Outcome {
  switch (ours.kind) {
    case 'exact':
      return ours.value === truth ? 'exact' : 'wrong';
    case 'at-least':
      return ours.value <= truth ? 'at least' : 'wrong';
    case 'unknown':
      return 'none';
  }
}

interface LayerComparison {
  readonly name: string;
  readonly nameEqual: boolean;
  readonly lineEqual: boolean;
  readonly macsEqual: boolean;
  /** We claim multiply-adds that there are not. */
  readonly excess: boolean;
  readonly difference: string | undefined;
}

/** What stands in our tables under the name of one of PyTorch's layers. */
interface OurLayer {
  /** Where the op or the idle layer of exactly this name was made; undefined when there is none. */
  readonly span: SourceSpan | undefined;
  readonly macs: number;
  /** Whether all its multiply-adds are known. */
  readonly known: boolean;
}

const noLayer: OurLayer = { span: undefined, macs: 0, known: true };

function compareLayers(
  graph: NetworkGraph,
  report: CostReport,
  truth: MeasuredTruth,
  reader: SourceReader,
): readonly LayerComparison[] {
  const ours = ourLayers(graph, report, truth);
  return truth.layers.map((layer) => {
    const { name, file, line } = layer;
    // PyTorch may use the weights of a layer that it never calls, as attention does with its projection.
    const macs = layer.calls === 0 ? null : layer.macs;
    const our = ours.get(name);
    if (our?.span === undefined)
      return {
        name,
        nameEqual: false,
        lineEqual: false,
        macsEqual: false,
        excess: false,
        difference: `${name} is missing`,
      };
    const truePlace = file === null || line === null ? undefined : `${file}:${line}`;
    const ourPlace = place(our.span, reader);
    const lineEqual = truePlace === undefined || ourPlace === truePlace;
    const macsEqual = macs === null || (our.known && our.macs === macs);
    const excess = macs !== null && our.macs > macs;
    const difference = !lineEqual
      ? `${name} is made at ${truePlace}, not ${ourPlace}`
      : macsEqual
        ? undefined
        : `${name} has ${macs} MACs, not ${our.known ? '' : 'at least '}${our.macs}`;
    return { name, nameEqual: true, lineEqual, macsEqual, excess, difference };
  });
}

/** Later calls of a layer are numbered by us; what it computes of its weights stands below its name. */
function ourLayers(graph: NetworkGraph, report: CostReport, truth: MeasuredTruth): ReadonlyMap<string, OurLayer> {
  const modules = new Set(truth.modules);
  const layers = new Set(truth.layers.map(({ name }) => name));
  const found = new Map<string, OurLayer>();
  for (const op of graph.ops) {
    const owner = ownerOf(op.name, modules, layers);
    const cost = report.ops[op.id];
    if (owner === undefined || cost === undefined) continue;
    const { span, macs, known } = found.get(owner) ?? noLayer;
    found.set(owner, {
      span: op.name === owner && op.site !== undefined ? op.site.span : span,
      macs: macs + (knownValue(cost.macs) ?? 0),
      known: known && cost.macs.kind === 'exact',
    });
  }
  for (const { name, site: made } of graph.idle)
    if (layers.has(name)) found.set(name, { ...(found.get(name) ?? noLayer), span: made.span });
  return found;
}

/** The layer that an op belongs to: the one of its name, or the nearest above it. */
function ownerOf(name: string, modules: ReadonlySet<string>, layers: ReadonlySet<string>): string | undefined {
  let path = modules.has(name) ? name : name.replace(/_\d+$/, '');
  while (!modules.has(path)) {
    const end = path.lastIndexOf('.');
    if (end < 0) return undefined;
    path = path.slice(0, end);
  }
  return layers.has(path) ? path : undefined;
}

function count(layers: readonly LayerComparison[], total: number): Layers {
  return {
    count: total,
    namesEqual: layers.filter(({ nameEqual }) => nameEqual).length,
    linesEqual: layers.filter(({ lineEqual }) => lineEqual).length,
    macsEqual: layers.filter(({ macsEqual }) => macsEqual).length,
    difference: layers.find(({ difference }) => difference !== undefined)?.difference,
  };
}
