// Widths that somebody tries out in the table of costs: what was written where, and what the table shows then. No drawing here.

import type { AskedWidthTexts, CostTable, CostTableRow, TriedCosts } from '../../../server/src/protocol/cost-table.ts';

/** What was written, as it was written. */
export interface WrittenWidths {
  /** By layer. */
  readonly layers: ReadonlyMap<string, string>;
  readonly scale: string;
}

export const nothingWritten: WrittenWidths = { layers: new Map(), scale: '' };

export function isNothing({ layers, scale }: WrittenWidths): boolean {
  return layers.size === 0 && scale.trim() === '';
}

/** A layer's width is written; its own width, or nothing, takes that back. */
export function withWidth(written: WrittenWidths, { name, width }: CostTableRow, text: string): WrittenWidths {
  const layers = new Map(written.layers);
  if (text.trim() === '' || text.trim() === String(width)) layers.delete(name);
  else layers.set(name, text);
  return { ...written, layers };
}

export function askedOf({ layers, scale }: WrittenWidths): AskedWidthTexts {
  const own = [...layers].map(([name, width]) => ({ name, width }));
  return { layers: own, ...(scale.trim() !== '' && { scale }) };
}

/**
 * The table with the tried figures in place of the present ones, row by row: a layer that is gone at the tried widths keeps its
 * own.
 */
export function triedTable(table: CostTable, tried: TriedCosts | undefined): CostTable {
  if (tried === undefined) return table;
  const byName = new Map(tried.table.rows.map((row) => [row.name, row]));
  return {
    ...table,
    totals: tried.table.totals,
    memory: tried.table.memory,
    rows: table.rows.map((row): CostTableRow => {
      const now = byName.get(row.name);
      if (now === undefined) return row;
      const { width, shape, operations, params, activations, memory, latencyMs } = now;
      return { ...row, width, shape, operations, params, activations, memory, latencyMs };
    }),
  };
}

/** Whether two tables are of the same source as far as widths go: what was written for one then holds for the other. */
export function haveSameWidths(one: CostTable, other: CostTable): boolean {
  const widthsOf = ({ rows }: CostTable): string => JSON.stringify(rows.map(({ name, width }) => [name, width]));
  return widthsOf(one) === widthsOf(other);
}

/** `3 widths change: conv1 8 → 4, …`: the first few. */
export function changedSentence({ changed }: TriedCosts): string {
  if (changed.length === 0) return 'Nothing changes.';
  const shown = changed
    .slice(0, 4)
    .map(({ layers: [name = '', ...tied], before, after }) => {
      const others = tied.length === 0 ? '' : ` (and ${String(tied.length)} tied)`;
      return `${name}${others} ${String(before)} → ${String(after)}`;
    })
    .join(', ');
  const more = changed.length > 4 ? `, and ${String(changed.length - 4)} more` : '';
  return `${changed.length === 1 ? 'Changes' : `${String(changed.length)} widths change`}: ${shown}${more}`;
}
