// `morphnet cost`: what every layer of a model costs, as a table or as JSON.

import { chooseDevice } from '../analysis/latency-device.ts';
import { costReport, type ModelCostReport, type ReportTotal } from '../analysis/cost-report.ts';
import type { Count } from '../common/count.ts';
import type { Problem, Result } from '../common/problem.ts';
import type { MachineProfile } from '../protocol/machine-profile.ts';
import { formatAmount, formatCount, formatLatency, formatMilliseconds } from '../common/number-format.ts';
import { formatShape } from '../network/shape.ts';
import {
  defaultSettings,
  precisionNames,
  type CountingConventionName,
  type PrecisionName,
} from '../protocol/settings.ts';
import type { CostJson } from '../protocol/cost-json.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { parseDeviceArgument, parseInputArgument, parseModelArgument, shownDocument } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import type { Terminal } from './terminal.ts';
import { textTable, type Column } from './text-table.ts';

export interface CostOptions {
  readonly input?: string;
  readonly device?: string;
  readonly batch?: string;
  readonly precision?: string;
  readonly convention?: string;
  readonly json?: boolean;
}

export async function costCommand(
  terminal: Terminal,
  openSession: OpenSession,
  argument: string,
  options: CostOptions,
  readThisMachine: () => Result<MachineProfile | undefined> = () => ({ ok: true, value: undefined }),
): Promise<void> {
  const file = parseModelArgument(argument, terminal.folder);
  const thisMachine = readThisMachine();
  if (!thisMachine.ok) terminal.note(`${thisMachine.error}\n`);
  const settings = {
    ...defaultSettings,
    ...(thisMachine.ok && thisMachine.value !== undefined && { thisMachine: thisMachine.value }),
    ...parseDeviceArgument(options.device ?? defaultSettings.device),
    convention: parseConvention(options.convention ?? defaultSettings.convention),
    batch: parseBatch(options.batch),
    precision: parsePrecision(options.precision),
  };
  const { problem } = chooseDevice(settings);
  if (problem !== undefined) {
    const [reason = ''] = problem.split('. Latencies are for');
    throw wrongArguments(`${reason}, or describe one as laptop=500,40`);
  }
  const input = options.input === undefined ? undefined : parseInputArgument(options.input);
  const { session, model, problems } = await openModel(terminal, openSession, file, input);
  const report: CostJson = costReport(session, model, settings, (document) => shownDocument(document, terminal.folder));
  terminal.write(
    options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${costTable(report).join('\n')}\n`,
  );
  failWithoutFigures(report, problems);
}

/** Ends with status 1 where a script must not take the figures for those of a model that works. */
function failWithoutFigures(report: CostJson, problems: readonly Problem[]): void {
  const { params, macs } = report.totals;
  const isNothing = [params, macs].every(({ value }) => value === null || value === 0);
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw workFailed(`The model can't run: ${error.message}`);
  const [first] = report.unknowns;
  if (isNothing && first !== undefined) throw workFailed(`The model can't be read: ${first.reason}`);
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

function parseConvention(text: string): CountingConventionName {
  if (text === 'macs' || text === 'flops') return text;
  throw wrongArguments(`There is no convention ${text}; known are macs and flops (= 2 × MACs).`);
}

/** The report for people: one line a layer, then the totals. */
function costTable(report: ModelCostReport): readonly string[] {
  const { convention, totals } = report;
  const perMac = convention === 'macs' ? 1 : 2;
  const operations = convention === 'macs' ? 'MACs' : 'FLOPs';
  const columns: readonly Column[] = [
    { title: 'layer', align: 'left' },
    { title: 'op', align: 'left' },
    { title: 'output', align: 'right' },
    { title: operations, align: 'right' },
    { title: 'params', align: 'right' },
    { title: `latency on ${report.device}`, align: 'right' },
    { title: 'where', align: 'left' },
  ];
  const rows = report.layers.map((layer) => [
    layer.name,
    layer.op + (layer.kernel === null ? '' : ` ${layer.kernel.join('×')}`),
    layer.outputShape.map((size) => size ?? '?').join('×'),
    orUnknown(layer.macs, (macs) => formatAmount(macs * perMac)),
    orUnknown(layer.params, formatAmount),
    orUnknown(layer.latencyMs, formatMilliseconds),
    `${layer.origin.file}:${String(layer.origin.line)}`,
  ]);
  const name = report.entry.name === '' ? report.model : `${report.model}::${report.entry.name}`;
  const shapes = report.input.shapes.map(formatShape).join(', ');
  return [
    `${name} at input ${shapes} (${inputWords(report.input.from)})`,
    '',
    ...textTable(columns, rows),
    '',
    [
      `total: ${formatCount(countOf(convention === 'macs' ? totals.macs : totals.flops), operations)}`,
      `${formatCount(countOf(totals.params))} params`,
      `${formatCount(countOf(totals.activations))} activations`,
      `${formatLatency(countOf(totals.latencyMs))} on ${report.device}${report.batch === 1 ? '' : ` (batch ${String(report.batch)})`}`,
    ].join(' · '),
    report.latency,
    ...new Set(
      report.unknowns.map(({ reason, origin }) => `not known: ${reason} (${origin.file}:${String(origin.line)})`),
    ),
  ];
}

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
