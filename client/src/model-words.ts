// What the client says of models and picks among their layers. No editor in here.

import type { ModelSummary } from '../../server/src/protocol/lsp-extensions.ts';
import type { CostTableRow } from '../../server/src/protocol/cost-table.ts';

/** The layer with the most operations among those that stand in the source. */
export function mostExpensive(rows: readonly CostTableRow[]): CostTableRow | undefined {
  const operations = ({ macs }: CostTableRow): number => macs.value ?? 0;
  return rows
    .filter((row) => row.place !== null && operations(row) > 0)
    .toSorted((one, other) => operations(other) - operations(one))[0];
}

/** `ResNet18() · 3×32×32`; a file of one model without a name is named by its input alone. */
export function statusText(models: readonly ModelSummary[]): string {
  const [chosen] = models;
  if (chosen === undefined) return 'MorphNet';
  const input = chosen.input.map((shape) => shape.join('×')).join(', ');
  return [chosen.entry, input].filter((part) => part !== '').join(' · ');
}
