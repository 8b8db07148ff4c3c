// Layers that are tied: their colors, and who they are.

import type { CostTable, CostTableRow } from '../../../server/src/protocol/cost-table.ts';

/** There may be more ties than colors; words say which layers a color is of. */
export const tieColors = 6;

/** Names the layers that a row's is tied to. */
export function tieWords({ rows }: CostTable, { tie, name: own }: CostTableRow): string {
  const others = rows.filter((row) => row.tie === tie && row.name !== own).map(({ name }) => name);
  const shown = others.slice(0, 6).join(', ');
  return `Tied to ${shown}${others.length > 6 ? ` and ${String(others.length - 6)} more` : ''}: their widths change together`;
}
