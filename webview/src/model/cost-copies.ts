// A table of costs as text for other programs: Markdown, CSV and JSON, with plain numbers and units in the headings.

import type { CostTable, TableCount } from '../../../server/src/protocol/cost-table.ts';

export type CopyFormat = 'markdown' | 'csv' | 'json';

type Cell = string | number | null;

/** The whole table, in network order, whatever is folded or filtered at the moment. */
export function costCopy(table: CostTable, format: CopyFormat): string {
  const unit = table.counter === '' ? table.unit : `${table.unit} (${table.counter})`;
  const head = [
    'layer',
    'op',
    'output',
    'width',
    unit,
    'params',
    'activations',
    'memory (B)',
    `latency on ${table.device} (ms)`,
  ];
  const amount = ({ value, atLeast }: TableCount): Cell =>
    value === null ? null : atLeast ? `>=${String(value)}` : value;
  const costs = (of: CostTable['totals']): readonly Cell[] => [
    amount(of.operations),
    amount(of.params),
    amount(of.activations),
    amount(of.memory),
    amount(of.latencyMs),
  ];
  const rows: readonly (readonly Cell[])[] = [
    ...table.rows.map((row): readonly Cell[] => [row.name, row.label, row.shape, row.width, ...costs(row)]),
    ['total', '', '', null, ...costs(table.totals)],
  ];
  switch (format) {
    case 'markdown':
      return [
        `| ${head.join(' | ')} |`,
        `| ${head.map((_, column) => (column < 3 ? ':--' : '--:')).join(' | ')} |`,
        ...rows.map((row) => `| ${row.map((cell) => markdownCell(cell)).join(' | ')} |`),
        '',
      ].join('\n');
    case 'csv':
      return [head, ...rows].map((row) => row.map(csvCell).join(',')).join('\n') + '\n';
    case 'json':
      return `${JSON.stringify(table, undefined, 2)}\n`;
  }
}

const markdownCell = (cell: Cell): string => (cell === null ? '' : String(cell).replaceAll('|', '\\|'));

/** Quoted where a comma, quote or line break asks for it (RFC 4180). */
function csvCell(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
