// `morphnet cost`: what every layer of a model costs, as a table or as JSON.

import { dirname } from 'node:path';
import { URI } from 'vscode-uri';
import { namedConventions, type NamedConvention } from '../analysis/convention-report.ts';
import { chooseDevice } from '../analysis/latency-device.ts';
import { costReport, type ModelCostReport, type ReportPlace, type ReportTotal } from '../analysis/cost-report.ts';
import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { AnalysisSettings } from '../analysis/analysis-settings.ts';
import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import { checkBudgets, type Budgets } from '../analysis/budget-report.ts';
import type { Count } from '../common/count.ts';
import type { Problem } from '../common/problem.ts';
import { formatAmount, formatCount, formatLatency, formatMilliseconds } from '../common/number-format.ts';
import { formatShape } from '../network/shape.ts';
import { settingsUnder } from '../protocol/project-file.ts';
import { defaultSettings, precisionNames, type PrecisionName } from '../protocol/settings.ts';
import type { CostJson } from '../protocol/cost-json.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { compareCosts, type OpenRevision } from './compare-costs.ts';
import { costCsv, costFormats, costMarkdown, type CostFormat } from './cost-formats.ts';
import { parseDeviceArgument, parseInputArgument, parseModelArgument, shownDocument } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import { findProject, projectModel } from './project-settings.ts';
import { measuredMachine, type Terminal } from './terminal.ts';
import { textTable, type Column } from './text-table.ts';
import { wrapLines } from './wrap-lines.ts';

export interface CostOptions {
  readonly input?: string;
  readonly device?: string;
  readonly batch?: string;
  readonly precision?: string;
  readonly convention?: string;
  readonly format?: string;
  readonly json?: boolean;
  readonly memory?: boolean;
  readonly check?: boolean;
  readonly compare?: string;
}

/** What main/ adds: the measured machine, and git. */
export interface CostServices {
  readonly openRevision?: OpenRevision | undefined;
}

export async function costCommand(
  terminal: Terminal,
  openSession: OpenSession,
  argument: string,
  options: CostOptions,
  services: CostServices = {},
): Promise<void> {
  const file = parseModelArgument(argument, terminal.folder);
  const format = parseFormat(options);
  const convention = parseConvention(options.convention ?? defaultSettings.convention);
  const settings = settingsUnder(findProject(file.path, terminal.folder)?.project, {
    ...defaultSettings,
    ...measuredMachine(terminal),
    ...parseDeviceArgument(options.device ?? defaultSettings.device),
    convention,
    batch: parseBatch(options.batch),
    precision: parsePrecision(options.precision),
  });
  const { problem } = chooseDevice(settings);
  // Memory asks no device.
  if (problem !== undefined && options.memory !== true) {
    const [reason = ''] = problem.split('. Latencies are for');
    throw wrongArguments(`${reason}, or describe one as laptop=500,40`);
  }
  const input = options.input === undefined ? undefined : parseInputArgument(options.input);
  const { session, model, problems } = await openModel(terminal, openSession, file, input);
  const report: CostJson = costReport(
    session,
    model,
    settings,
    (document) => shownDocument(document, terminal.folder),
    convention,
  );
  if (options.compare !== undefined) {
    const folders = [...new Set([terminal.folder, dirname(file.path)])].map((path) => URI.file(path).toString());
    const before = await services.openRevision?.(folders, options.compare);
    if (before === undefined) throw workFailed('There is no git to ask here.');
    if (!before.ok) throw wrongArguments(before.error);
    const request = session.entryRequest(file.document);
    if (request !== undefined) before.value.requestEntry(file.document, request);
    terminal.write(compareCosts(before.value, session, file.document, settings, options.compare));
  } else {
    terminal.write(formatted(report, format, options.memory === true));
  }
  failWithoutFigures(report, problems);
  if (options.check === true) {
    const found = findProject(file.path, terminal.folder);
    const budgets = (found && projectModel(found, file.path)?.budgets) ?? found?.project.budgets;
    checkModel(terminal, session, model, settings, budgets);
  }
}

/** Says how the model stands to its budgets; a broken one fails the command. */
function checkModel(
  terminal: Terminal,
  session: AnalysisSession,
  model: AnalyzedModel,
  settings: AnalysisSettings,
  budgets: Budgets | undefined,
): void {
  if (budgets === undefined)
    throw workFailed('There is no budget to check: morphnet.json has no "budgets" for this model.');
  const name = model.entry.name === '' ? 'The model' : model.entry.name;
  const findings = checkBudgets(session, model, settings, budgets);
  const broken = findings.filter(({ verdict }) => verdict !== 'kept');
  for (const { text } of findings.filter(({ verdict }) => verdict === 'kept'))
    terminal.note(`within budget: ${text}\n`);
  if (broken.length === 0) return;
  throw workFailed(
    broken
      .flatMap(({ verdict, text, largest }) => [
        verdict === 'broken'
          ? `${name} is over its budget of ${text}.`
          : `Whether ${name} keeps its budget can’t be told: ${text}.`,
        ...largest.map(({ op, share }) => `  ${op.name} takes ${(100 * share).toFixed(0)} % of it`),
      ])
      .join('\n'),
  );
}

/** Ends with status 1 where a script must not take the figures for those of a model that works. */
function failWithoutFigures(report: CostJson, problems: readonly Problem[]): void {
  const { params, macs } = report.totals;
  const isNothing = [params, macs].every(({ value }) => value === null || value === 0);
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw workFailed(`The model can't run: ${error.message}`);
  const [first] = report.unknowns;
  if (isNothing && first !== undefined) throw workFailed(`The model can't be read: ${first.reason}`);
  const isBound = [params, report.totals.operations].some(({ value, atLeast }) => value === null || atLeast);
  if (isBound && first !== undefined)
    throw workFailed(`Not all of the model is known, so that the totals are lower bounds: ${first.reason}`);
}

function formatted(report: CostJson, format: CostFormat, isOfMemory: boolean): string {
  switch (format) {
    case 'text':
      return `${(isOfMemory ? memoryTable(report) : costTable(report)).join('\n')}\n`;
    case 'markdown':
      return costMarkdown(report);
    case 'csv':
      return costCsv(report);
    case 'json':
      return `${JSON.stringify(report, undefined, 2)}\n`;
  }
}

function parseFormat({ format, json }: CostOptions): CostFormat {
  const wanted = format ?? (json === true ? 'json' : 'text');
  const known = costFormats.find((name) => name === wanted);
  if (known === undefined) throw wrongArguments(`There is no format ${wanted}; known are ${costFormats.join(', ')}.`);
  return known;
}

function parseBatch(text: string | undefined): number {
  if (text === undefined) return defaultSettings.batch;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw wrongArguments(`--batch ${text} is no number of images: --batch 32`);
  return Number(text);
}

function parsePrecision(text: string | undefined): PrecisionName {
  const known = precisionNames.find((name) => name === (text ?? defaultSettings.precision));
  if (known === undefined)
    throw wrongArguments(`There is no precision ${String(text)}; known are ${precisionNames.join(', ')}`);
  return known;
}

function parseConvention(text: string): NamedConvention {
  const known = namedConventions.find((name) => name === text);
  if (known !== undefined) return known;
  throw wrongArguments(`There is no convention ${text}; known are ${namedConventions.join(', ')}.`);
}

/** The report for people: one line a layer, then the totals. */
function costTable(report: ModelCostReport): readonly string[] {
  const { convention, unit, totals } = report;
  const operations = convention === 'macs' || convention === 'flops' ? unit : `${unit} (${convention})`;
  const columns: readonly Column[] = [
    { title: 'layer', align: 'left' },
    { title: 'op', align: 'left' },
    { title: 'output', align: 'right' },
    { title: operations, align: 'right' },
    { title: 'params', align: 'right' },
    { title: 'latency', align: 'right' },
    { title: 'where', align: 'left' },
  ];
  const rows = report.layers.map((layer) => [
    ...layerCells(layer),
    orUnknown(layer.operations, formatAmount),
    orUnknown(layer.params, formatAmount),
    orUnknown(layer.latencyMs, formatMilliseconds),
    whereText(report, layer),
  ]);
  return [
    headLine(report),
    '',
    ...textTable(columns, rows),
    '',
    wrapLines(
      [
        `total: ${formatCount(countOf(totals.operations), operations)}`,
        `${formatCount(countOf(totals.params))} params`,
        `${formatCount(countOf(totals.activations))} activations`,
        `${formatLatency(countOf(totals.latencyMs))} on ${report.device}${report.batch === 1 ? '' : ` (batch ${String(report.batch)})`}`,
      ].join(' · '),
    ),
    ...(isExactly(totals.params, 0) && report.unknowns.length === 0
      ? [`${nameOf(report)} has no layers with weights.`]
      : []),
    ...(report.difference === '' ? [] : [wrapLines(`${report.difference}.`)]),
    wrapLines(report.latency),
    ...unknownLines(report),
  ];
}

type ReportedLayer = ModelCostReport['layers'][number];

const nameOf = ({ entry, model }: ModelCostReport): string => (entry.name === '' ? model : `${model}::${entry.name}`);

function headLine(report: ModelCostReport): string {
  const shapes = report.input.shapes.map(formatShape).join(', ');
  return `${nameOf(report)} at input ${shapes} (${inputWords(report.input.from)})`;
}

const layerCells = ({ name, op, kernel, outputShape }: ReportedLayer): readonly string[] => [
  name,
  op + (kernel === null ? '' : ` ${kernel.join('×')}`),
  outputShape.map((size) => size ?? '?').join('×'),
];

/** What stands in the model's own file is told by its line. */
const whereText = ({ model }: ModelCostReport, { origin }: ReportedLayer): string =>
  origin?.file === model ? `:${String(origin.line)}` : placeText(origin);

function unknownLines({ unknowns }: ModelCostReport): readonly string[] {
  const lines = unknowns.map(({ reason, origin }) =>
    wrapLines(origin === null ? `not known: ${reason}` : `not known: ${reason} (${placeText(origin)})`),
  );
  return [...new Set(lines)];
}

/** The same of memory: what each layer's weights take, what lives while it runs, and what it keeps in training. */
function memoryTable(report: ModelCostReport): readonly string[] {
  const { batch, words } = report.memory;
  const columns: readonly Column[] = [
    { title: 'layer', align: 'left' },
    { title: 'op', align: 'left' },
    { title: 'output', align: 'right' },
    { title: 'weights', align: 'right' },
    { title: 'alive', align: 'right' },
    { title: 'kept', align: 'right' },
    { title: 'where', align: 'left' },
  ];
  const bytes = (amount: number | null): string => orUnknown(amount, (value) => formatAmount(value, 'B'));
  const rows = report.layers.map((layer) => [
    ...layerCells(layer),
    bytes(layer.memory.weights),
    bytes(layer.memory.alive),
    bytes(layer.memory.kept),
    whereText(report, layer),
  ]);
  return [
    headLine(report),
    '',
    ...textTable(columns, rows),
    '',
    wrapLines(
      `alive: activations that exist while the layer runs at inference; kept: what it keeps of them for the backward pass; ${batch === 1 ? 'of one image' : `of ${String(batch)} images`}.`,
    ),
    ...words.map((sentence) => wrapLines(sentence)),
    ...unknownLines(report),
  ];
}

/** Empty where no text makes a layer. */
function placeText(origin: ModelCostReport['layers'][number]['origin'] | ReportPlace): string {
  return origin === null ? '' : `${origin.file}:${String(origin.line)}`;
}

const isExactly = ({ value, atLeast }: ReportTotal, wanted: number): boolean => value === wanted && !atLeast;

/** How the input shape came to be known, in words. */
function inputWords(from: string): string {
  switch (from) {
    case 'request':
      return 'as asked for';
    case 'config':
      return 'from morphnet.json';
    case 'directive':
      return 'from a directive in the file';
    case 'call':
      return 'from the file';
    default:
      return 'assumed; give --input if it is another';
  }
}

function orUnknown(value: number | null, format: (value: number) => string): string {
  return value === null ? '?' : format(value);
}

function countOf({ value, atLeast }: ReportTotal): Count {
  if (value === null) return { kind: 'unknown', reason: '' };
  return atLeast ? { kind: 'at-least', value, reason: '' } : { kind: 'exact', value };
}
