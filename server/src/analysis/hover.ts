// The layers of a line, as Markdown: what they cost in one line, what a run proposes, what is not known, the instances, where
// their widths come from, and what is tied to them.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { LineIndex } from '../common/line-index.ts';
import { sumCosts, type Cost } from '../costs/cost-report.ts';
import type { Op } from '../network/op.ts';
import { firstUnknown } from '../network/shape.ts';
import { editableLeaves } from '../network/width-origin.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { conventionCosts } from './convention-report.ts';
import { imageShapeText, inputText, operationsText, paramsText, shareText } from './cost-text.ts';
import { flowsIn, shapesList, type StatementFlow } from './data-flow.ts';
import { isLayer, sitesIn } from './document-layers.ts';
import { outputShape } from './inlay-hints.ts';
import { instancesTable, type Instance } from './instances-table.ts';
import { chooseDevice, deviceText, latencySentence } from './latency-device.ts';
import { obstacles } from './code-actions.ts';
import { channelTies, type ChannelTies } from './channel-ties.ts';
import { codeSpan, escapeMarkdown, unbroken } from './markdown.ts';
import { proposedChanges } from './proposed-changes.ts';
import { SourcePlaces } from './source-places.ts';
import { widthWords } from './width-words.ts';

export interface Hover {
  /** The text that the hover is about, as offsets. */
  readonly start: number;
  readonly end: number;
  readonly markdown: string;
}

/** More proposals than this are not listed. */
const mostProposals = 6;
/** Ways of coming to a width that are told; on a line of DenseNet every layer has its own. */
const mostWidths = 3;

/** The hover at an offset: on a layer's text or line, or on a number that widths come from. */
export function hover(
  session: AnalysisSession,
  document: string,
  offset: number,
  settings: AnalysisSettings,
  cancellation: Cancellation = neverCancelled,
): Hover | undefined {
  const lines = session.linesOf(document);
  if (lines === undefined) return undefined;
  for (const model of session.modelsIn(document, cancellation)) {
    const subject =
      literalAt(model, document, offset) ?? siteAt(model, document, offset) ?? lineAt(model, document, offset, lines);
    const flow = flowAt(model, document, offset);
    if (subject === undefined && flow === undefined) continue;
    const { start, end } = subject ?? flow?.span ?? { start: offset, end: offset };
    const paragraphs = [
      ...(subject === undefined ? [] : [new HoverText(session, model, subject.ops, settings).markdown()]),
      ...(flow === undefined ? [] : [flowMarkdown(flow, subject === undefined)]),
    ];
    return { start, end, markdown: paragraphs.join('\n\n') };
  }
  return undefined;
}

/** The innermost statement around the offset that gives tensors names. */
function flowAt(model: AnalyzedModel, document: string, offset: number): StatementFlow | undefined {
  return flowsIn(model, document).findLast(({ span }) => span.start <= offset && offset <= span.end);
}

/** The shapes of all calls of a statement; equal ones stand together, with the layers whose forward ran. */
function flowMarkdown({ model, calls }: StatementFlow, isAlone: boolean): string {
  const shapes = new Map<string, string[]>();
  for (const call of calls) {
    const text = shapesList(call.shapes);
    shapes.set(text, [...(shapes.get(text) ?? []), call.within]);
  }
  const { entry, stale } = model;
  const head = isAlone
    ? [
        ...(stale ? ['*The source has an error; this is how the tensors were before it.*\n\n'] : []),
        [...(entry.name === '' ? [] : [codeSpan(entry.name)]), inputText(entry)].map(unbroken).join(' · '),
        '\n\n',
      ]
    : [];
  const [only] = shapes.keys();
  if (shapes.size === 1 && only !== undefined) {
    const times = calls.length > 1 ? `, in each of ${String(calls.length)} calls` : '';
    return [...head, `**Shape**: ${unbroken(only)}${times}.`].join('');
  }
  const rows = [...shapes].map(([text, within]) => `- ${unbroken(text)}: ${whereCalled(within)}`);
  return [...head, `**Shapes** of ${String(calls.length)} calls:\n\n`, rows.join('\n')].join('');
}

function whereCalled(within: readonly string[]): string {
  const layers = [...new Set(within.filter((name) => name !== ''))];
  const own = within.length - within.filter((name) => name !== '').length;
  return [...(layers.length > 0 ? [someNames(layers)] : []), ...(own > 0 ? ['the model itself'] : [])].join(', ');
}

interface Subject {
  readonly start: number;
  readonly end: number;
  readonly ops: readonly Op[];
}

/** The layers whose output width comes from the number at the offset. */
function literalAt(model: AnalyzedModel, document: string, offset: number): Subject | undefined {
  let found: { start: number; end: number; ops: Op[] } | undefined;
  for (const op of model.graph.ops) {
    if (op.outWidth === undefined) continue;
    for (const leaf of editableLeaves(op.outWidth)) {
      const span = leaf.span.document === document ? model.place(leaf.span) : undefined;
      if (span === undefined || offset < span.start || offset > span.end) continue;
      found ??= { start: span.start, end: span.end, ops: [] };
      if (!found.ops.includes(op)) found.ops.push(op);
    }
  }
  return found;
}

/** The ops of the smallest site around the offset. */
function siteAt(model: AnalyzedModel, document: string, offset: number): Subject | undefined {
  const around = sitesIn(model, document).filter(
    ({ span, ops }) => ops.length > 0 && span.start <= offset && offset <= span.end,
  );
  const smallest = around.reduce<(typeof around)[number] | undefined>(
    (best, site) =>
      best === undefined || site.span.end - site.span.start < best.span.end - best.span.start ? site : best,
    undefined,
  );
  return smallest && { ...smallest.span, ops: smallest.ops };
}

/** The ops of all sites that begin on the offset's line. */
function lineAt(model: AnalyzedModel, document: string, offset: number, lines: LineIndex): Subject | undefined {
  const { line } = lines.positionAt(offset);
  const here = sitesIn(model, document).filter(
    ({ span, ops }) => ops.some(isLayer) && lines.positionAt(span.start).line === line,
  );
  const first = here[0];
  return first && { ...first.span, ops: here.flatMap((site) => site.ops) };
}

class HoverText {
  readonly #session: AnalysisSession;
  readonly #model: AnalyzedModel;
  readonly #ops: readonly Op[];
  readonly #settings: AnalysisSettings;
  readonly #places: SourcePlaces;

  constructor(session: AnalysisSession, model: AnalyzedModel, ops: readonly Op[], settings: AnalysisSettings) {
    this.#session = session;
    this.#model = model;
    const weighty = ops.filter((op) => isLayer(op) || op.parameters.length > 0 || op.attributes.kind === 'opaque');
    this.#ops = weighty.length > 0 ? weighty : ops;
    this.#settings = settings;
    this.#places = new SourcePlaces(session);
  }

  markdown(): string {
    const paragraphs = [
      this.#headline(),
      ...this.#proposals(),
      ...this.#unknowns(),
      this.#instances(),
      ...this.#convention(),
      ...this.#latency(),
      ...this.#widths(),
    ];
    if (this.#model.stale) {
      paragraphs.unshift('*The source has an error; this is how the layers were before it.*');
    }
    return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
  }

  /** `ResNet18() · 3×32×32 · 8 layers · 302 MMACs, 54 %`. */
  #headline(): string {
    const { entry } = this.#model;
    const report = this.#session.costs(this.#model.graph, this.#settings);
    const cost = sumCosts(this.#ops.flatMap((op) => report.ops[op.id] ?? []));
    const layers = this.#ops.filter(isLayer).length;
    return [
      ...(entry.name === '' ? [] : [codeSpan(entry.name)]),
      inputText(entry),
      ...(layers > 1 ? [`${String(layers)} layers`] : []),
      `**${operationsText(cost, this.#settings.convention)}**, ${shareText(cost, report.total)}`,
      `${paramsText(cost)} params`,
    ]
      .map(unbroken)
      .join(' · ');
  }

  #instances(): string {
    const chosen = chooseDevice(this.#settings);
    const { ops: costs } = this.#session.costs(this.#model.graph, this.#settings);
    const instances = this.#ops.flatMap((op): readonly Instance[] => {
      const cost = costs[op.id];
      return cost === undefined ? [] : [this.#instance(op, cost)];
    });
    return instancesTable(instances, { convention: this.#settings.convention, device: deviceText(chosen) });
  }

  /** What latencies are worth, and what takes most of these layers' time; a roofline's table says all there is. */
  #latency(): readonly string[] {
    const chosen = chooseDevice(this.#settings);
    if (chosen.device.rated === undefined) return [];
    const { bindings } = this.#session.costs(this.#model.graph, this.#settings);
    const binding = new Set(this.#ops.flatMap((op) => bindings[op.id] ?? []));
    const bound = binding.size === 0 ? '' : ` Most of it is ${[...binding].join(' or ')}.`;
    return [`${escapeMarkdown(latencySentence(chosen))}${bound}`];
  }

  /** What a public counter's figure of the model is, and what makes it another than the MACs. */
  #convention(): readonly string[] {
    const { difference } = conventionCosts(this.#model.graph, this.#settings.convention);
    return difference === '' ? [] : [`${escapeMarkdown(difference)}.`];
  }

  #instance(op: Op, cost: Cost): Instance {
    return {
      name: op.name,
      label: op.label,
      shape: imageShapeText(outputShape(this.#model.graph, op)),
      cost,
      chain: (op.site?.callChain ?? []).map((span) => this.#places.link(this.#model.place(span) ?? span)),
    };
  }

  /** One paragraph for each way in which the layers come to their widths, with what is tied to them. */
  #widths(): readonly string[] {
    const grouping = this.#session.grouping(this.#model.graph);
    const tiesOf = channelTies(grouping);
    const paragraphs: { readonly names: string[]; readonly words: string; readonly ties: ChannelTies }[] = [];
    const alike = new Map<ChannelTies, Map<string, string[]>>();
    const hasLayer = this.#ops.some(isLayer);
    for (const op of this.#ops) {
      if (op.outWidth === undefined || (!isLayer(op) && hasLayer)) continue;
      const words = this.#model.stale ? String(op.outWidth.value) : widthWords(op.outWidth, this.#places);
      const ties = tiesOf(op);
      const byWords = alike.get(ties) ?? new Map<string, string[]>();
      alike.set(ties, byWords);
      const names = byWords.get(words);
      if (names !== undefined) {
        names.push(op.name);
        continue;
      }
      const own = [op.name];
      byWords.set(words, own);
      paragraphs.push({ names: own, words, ties });
    }
    const shown = paragraphs.slice(0, mostWidths).map(({ names, words, ties }) => {
      const whose = paragraphs.length === 1 ? '' : ` of ${someNames(names)}`;
      const lines = [`**Width**${whose}: ${words}.`, tiesSentence(names, ties)];
      if (ties.fixed !== undefined) lines.push(`Stays whole: ${escapeMarkdown(ties.fixed)}.`);
      return lines.filter((line) => line !== '').join('  \n');
    });
    const more = paragraphs.slice(mostWidths).flatMap(({ names }) => names);
    return more.length === 0
      ? shown
      : [...shown, `${String(more.length)} more layers come to their widths in other ways.`];
  }

  #proposals(): readonly string[] {
    const ops = new Set(this.#ops);
    const changes = proposedChanges(this.#session, this.#model).filter(({ op }) => ops.has(op));
    return changes.slice(0, mostProposals).map(({ op, before, after, layer }) => {
      const gone = layer.width.after === 0 ? ' (all of them can go; one is kept)' : '';
      const but = obstacles(this.#session, this.#model, op).map((sentence) => ` ${escapeMarkdown(sentence)}`);
      return `**MorphNet proposes** ${String(after)} of ${String(before)} channels for ${codeSpan(op.name)}${gone}.${but.join('')}`;
    });
  }

  #unknowns(): readonly string[] {
    const reasons = this.#ops.flatMap((op) => {
      const unknown = firstUnknown(outputShape(this.#model.graph, op))?.reason;
      return [
        ...(op.attributes.kind === 'opaque' ? [op.attributes.reason] : []),
        ...(unknown === undefined ? [] : [unknown]),
      ];
    });
    return [...new Set(reasons)].map((reason) => `**Not known**: ${escapeMarkdown(reason)}.`);
  }
}

function tiesSentence(names: readonly string[], { layers }: ChannelTies): string {
  const [told, tied] = [new Set(names), new Set(layers)];
  const others = layers.filter((layer) => !told.has(layer));
  const own = names.filter((name) => tied.has(name));
  const to = [...(own.length > 1 ? ['one another'] : []), ...(others.length > 0 ? [someNames(others)] : [])];
  return to.length === 0 ? '' : `Tied to ${to.join(' and to ')}: their channels live and die together.`;
}

/** Names as code, the first few of them. */
function someNames(names: readonly string[], atMost = 6): string {
  const shown = names.slice(0, atMost).map(codeSpan).join(', ');
  return names.length > atMost ? `${shown} and ${String(names.length - atMost)} more` : shown;
}
