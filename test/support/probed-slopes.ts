// The slopes of a network's widths as rebuilding it once a unit shows them: slow, and sure.

import { widthAt, widthEnds, type Rebuild, type SlopesOf, type WidthUnit } from '../../server/src/edits/constraints.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';

export function probedSlopes(graph: NetworkGraph, units: readonly WidthUnit[], rebuild: Rebuild): SlopesOf {
  const slopes = new Map<string, Map<string, number>>();
  for (const unit of units) {
    const probe = unit.before > 1 ? unit.before - 1 : unit.before + 1;
    const other = rebuild(new Map([[unit.key, probe]]));
    if (other === undefined) continue;
    const byName = new Map(other.ops.map((op) => [op.name, op]));
    for (const op of graph.ops) {
      const changed = byName.get(op.name);
      if (changed === undefined) continue;
      for (const end of widthEnds) {
        const now = widthAt(graph, op, end);
        const then = widthAt(other, changed, end);
        if (now === undefined || then === undefined || now === then) continue;
        const key = `${String(op.id)}:${end}`;
        const known = slopes.get(key) ?? new Map<string, number>();
        known.set(unit.key, (then - now) / (probe - unit.before));
        slopes.set(key, known);
      }
    }
  }
  return (op, end) => slopes.get(`${String(op.id)}:${end}`) ?? new Map<string, number>();
}
