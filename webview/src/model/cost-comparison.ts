// Two tables of costs row by row: another entry, the last commit, or what a run proposes, beside the model as it is. No drawing here.

import { formatAmount } from '../../../server/src/common/number-format.ts';
import type { CostTable, CostTableRow, TableCount } from '../../../server/src/protocol/cost-table.ts';

export interface ComparedRow {
  readonly name: string;
  /** Absent where one of the two has no such layer. */
  readonly here: CostTableRow | undefined;
  readonly there: CostTableRow | undefined;
}

/** Rows that differ in width or cost, in the order of this table; what only the other has follows. */
export function comparedRows(here: CostTable, there: CostTable): readonly ComparedRow[] {
  const others = new Map(there.rows.map((row) => [row.name, row]));
  const own = new Set(here.rows.map(({ name }) => name));
  return [
    ...here.rows.map((row): ComparedRow => ({ name: row.name, here: row, there: others.get(row.name) })),
    ...there.rows.flatMap((row) => (own.has(row.name) ? [] : [{ name: row.name, here: undefined, there: row }])),
  ].filter(differs);
}

function differs({ here, there }: ComparedRow): boolean {
  if (here === undefined || there === undefined) return true;
  const figures = ({ width, operations, params }: CostTableRow): string => JSON.stringify([width, operations, params]);
  return figures(here) !== figures(there);
}

/** `118 M → 64.2 M (−46 %)`; one amount where both are the same. */
export function changeText(here: TableCount | undefined, there: TableCount | undefined, unit = ''): string {
  const [one, other] = [amount(here, unit), amount(there, unit)];
  if (JSON.stringify(here) === JSON.stringify(there)) return one;
  const share =
    here?.value && there?.value !== undefined && there.value !== null && !here.atLeast && !there.atLeast
      ? there.value / here.value - 1
      : undefined;
  return `${one} → ${other}${share === undefined ? '' : ` (${signed(share)})`}`;
}

function amount(count: TableCount | undefined, unit: string): string {
  if (count === undefined) return '–';
  return count.value === null ? '?' : `${count.atLeast ? '≥ ' : ''}${formatAmount(count.value, unit)}`;
}

function signed(share: number): string {
  const percent = Math.round(100 * share);
  return `${percent < 0 ? '−' : '+'}${String(Math.abs(percent))} %`;
}

/** What the whole comes to: operations, parameters, activations. */
export function comparedTotals(here: CostTable, there: CostTable): string {
  return [
    changeText(here.totals.operations, there.totals.operations, here.unit),
    `${changeText(here.totals.params, there.totals.params)} params`,
    `${changeText(here.totals.activations, there.totals.activations)} activations`,
  ].join(' · ');
}
