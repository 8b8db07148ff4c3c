// A cost report as Markdown and as CSV, for pull requests and spreadsheets; the table for terminals stands in cost-command.ts.

import type { ModelCostReport } from '../analysis/cost-report.ts';
import { formatAmount, formatMilliseconds } from '../common/number-format.ts';

export const costFormats = ['text', 'markdown', 'csv', 'json'] as const;
export type CostFormat = (typeof costFormats)[number];

/** A Markdown table: one line a layer, the totals last. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export function costMarkdown(report: ModelCostReport): string {
  const { totals, layers, convention, unit, device } = report;
  const known = (value: number | null, format: (value: number) => string): string =>
    value === null ? '?' : format(value);
  const bound = ({ value, atLeast }: ModelCostReport['totals']['params'], format: (value: number) => string): string =>
    value === null ? '?' : `${atLeast ? '≥ ' : ''}${format(value)}`;
  const rows = layers.map(({ name, op, outputShape, operations, params, latencyMs }) => [
    `\`${name}\``,
    op,
    outputShape.map((size) => size ?? '?').join('×'),
    known(operations, formatAmount),
    known(params, formatAmount),
    known(latencyMs, formatMilliseconds),
  ]);
  rows.push([
    '**total**',
    '',
    '',
    bound(totals.operations, formatAmount),
    bound(totals.params, formatAmount),
    bound(totals.latencyMs, formatMilliseconds),
  ]);
  const head = [
    'Layer',
    'Op',
    'Output',
    convention === 'macs' || convention === 'flops' ? unit : `${unit} (${convention})`,
    'Params',
    `Latency on ${device}`,
  ];
  return `${markdownTable(head, rows)}\n\n${report.latency}\n`;
}

/** One line a layer (RFC 4180); unknown numbers are empty. */
export function costCsv(report: ModelCostReport): string {
  const quoted = (cell: string | number): string => {
    const text = String(cell);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const head = ['layer', 'op', 'output', 'macs', 'params', 'latency_ms', 'file', 'line'];
  const rows = report.layers.map(({ name, op, outputShape, macs, params, latencyMs, origin }) => [
    name,
    op,
    outputShape.map((size) => size ?? '').join('x'),
    macs ?? '',
    params ?? '',
    latencyMs ?? '',
    origin?.file ?? '',
    origin?.line ?? '',
  ]);
  return `${[head, ...rows].map((cells) => cells.map(quoted).join(',')).join('\r\n')}\r\n`;
}
