// The layers that a line makes as a table of a few rows: equal ones stand together, and every column has one unit.

import { formatCountColumn, formatLatencyColumn } from '../common/number-format.ts';
import { sumCosts, type Cost } from '../costs/cost-report.ts';
import { unitOfConvention, type NamedConvention } from '../costs/named-convention.ts';
import { codeSpan, escapeMarkdown, table, unbroken } from './markdown.ts';

/** One op of a line. */
export interface Instance {
  readonly name: string;
  /** The framework's word for it. */
  readonly label: string;
  /** The shape of one image that it gives. */
  readonly shape: string;
  readonly cost: Cost;
  /** The calls that lead to it as links, outermost first. */
  readonly chain: readonly string[];
}

interface Row {
  readonly instances: readonly Instance[];
  readonly first: Instance;
}

/** A hover shows a few lines at a glance; what is more is counted. */
const mostRows = 6;

/** The rows with most operations, in network order; equal ones are one row with their number, and its cost is one's. */
export function instancesTable(
  instances: readonly Instance[],
  { convention, device }: { readonly convention: NamedConvention; readonly device: string },
): string {
  const rows = collapsed(instances);
  const shown = rows.length <= mostRows ? rows : costliest(rows, mostRows - 1);
  const rest = rows.filter((row) => !shown.includes(row)).flatMap((row) => row.instances);
  const costs = [
    ...shown.map(({ first }) => first.cost),
    ...(rest.length > 0 ? [sumCosts(rest.map(({ cost }) => cost))] : []),
  ];
  const operations = formatCountColumn(
    costs.map((cost) => cost.operations),
    unitOfConvention(convention),
    shown.length,
  );
  const params = formatCountColumn(
    costs.map((cost) => cost.params),
    '',
    shown.length,
  );
  const latency = formatLatencyColumn(costs.map(({ latencyMs }) => latencyMs));
  const common = commonStart(instances.map(({ chain }) => chain));
  const chains = instances.some(({ chain }) => chain.length > common);
  const head = [
    'Layer',
    'Output',
    operations.unit,
    params.unit === '' ? 'params' : `${params.unit} params`,
    `${latency.unit} on ${device}`,
    ...(chains ? ['Called from'] : []),
  ].map((title) => escapeMarkdown(unbroken(title)));
  const cells = (index: number, name: string, shape: string, chain: string): readonly string[] => [
    name,
    shape,
    ...[operations, params, latency].map((column) => escapeMarkdown(unbroken(column.cells[index] ?? ''))),
    ...(chains ? [chain] : []),
  ];
  const lines = shown.map(({ instances: equal, first }, index) => {
    const number = equal.length > 1 ? ` ×${String(equal.length)}` : '';
    const name = `${codeSpan(first.name)} ${escapeMarkdown(first.label)}${number}`;
    return cells(index, unbroken(name), first.shape, first.chain.slice(common).join(' › '));
  });
  if (rest.length > 0) lines.push(cells(shown.length, unbroken(`${String(rest.length)} more, together`), '', ''));
  return table(head, lines);
}

/** Instances that only their names tell apart share a row. */
function collapsed(instances: readonly Instance[]): readonly Row[] {
  const rows = new Map<string, Instance[]>();
  for (const instance of instances) {
    const { label, shape, cost, chain } = instance;
    const key = JSON.stringify([label, shape, cost, chain]);
    const row = rows.get(key);
    if (row === undefined) rows.set(key, [instance]);
    else row.push(instance);
  }
  return [...rows.values()].flatMap((row) => (row[0] === undefined ? [] : [{ instances: row, first: row[0] }]));
}

function costliest(rows: readonly Row[], most: number): readonly Row[] {
  const operationsOf = ({ instances, first: { cost } }: Row): number =>
    cost.operations.kind === 'unknown' ? Infinity : cost.operations.value * instances.length;
  const kept = new Set([...rows].sort((left, right) => operationsOf(right) - operationsOf(left)).slice(0, most));
  return rows.filter((row) => kept.has(row));
}

/** How many links all chains begin with alike; a chain says nothing where it is everybody's. */
function commonStart(chains: readonly (readonly string[])[]): number {
  const [first = []] = chains;
  const differs = first.findIndex((link, index) => chains.some((chain) => chain[index] !== link));
  return differs === -1 ? first.length : differs;
}
