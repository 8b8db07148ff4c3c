// The proposed slim architecture beside the seed: one row a layer, and the totals.

import { formatAmount, formatMilliseconds } from '../../../server/src/common/number-format.ts';
import type { RunProposal } from '../../../server/src/protocol/run-files.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import { convention } from './counting.ts';

/** A quantity before and after, ready to show. */
export interface Change {
  readonly before: string;
  readonly after: string;
  /** What remains of it, as a percentage; empty where there was nothing. */
  readonly remains: string;
  readonly changed: boolean;
}

export interface ArchitectureRow {
  readonly name: string;
  readonly label: string;
  readonly group: string;
  /** Other layers of the same group. */
  readonly tiedTo: readonly string[];
  /** The layer vanishes with its whole branch. */
  readonly removed: boolean;
  readonly width: Change;
  readonly operations: Change;
  readonly params: Change;
  readonly latency: Change;
}

export interface Architecture {
  readonly step: number;
  /** Heading of the operations' column: `MACs` or `FLOPs`. */
  readonly operationsUnit: string;
  readonly device: string;
  readonly rows: readonly ArchitectureRow[];
  readonly totals: Pick<ArchitectureRow, 'operations' | 'params' | 'latency'>;
  /** How many layers would change their width. */
  readonly changedCount: number;
}

interface Amounts {
  readonly before: number;
  readonly after: number;
}

export function architectureOf(proposal: RunProposal, conventionName: CountingConventionName): Architecture {
  const { perMac, unit } = convention(conventionName);
  const operations = ({ before, after }: Amounts): Change =>
    change({ before: before * perMac, after: after * perMac }, formatAmount);
  const costs = (row: { readonly macs: Amounts; readonly params: Amounts; readonly latencyMs: Amounts }) => ({
    operations: operations(row.macs),
    params: change(row.params, formatAmount),
    latency: change(row.latencyMs, formatMilliseconds),
  });
  const byGroup = new Map<string, string[]>();
  for (const { group, name } of proposal.layers) byGroup.set(group, [...(byGroup.get(group) ?? []), name]);
  const removed = new Set(proposal.removed);
  const rows = proposal.layers.map((layer): ArchitectureRow => ({
    name: layer.name,
    label: layer.label,
    group: layer.group,
    tiedTo: (byGroup.get(layer.group) ?? []).filter((name) => name !== layer.name),
    removed: removed.has(layer.name),
    width: change(layer.width, String),
    ...costs(layer),
  }));
  return {
    step: proposal.step,
    operationsUnit: unit,
    device: proposal.device,
    rows,
    totals: costs(proposal.totals),
    changedCount: rows.filter(({ width }) => width.changed).length,
  };
}

function change({ before, after }: Amounts, format: (value: number) => string): Change {
  return {
    before: format(before),
    after: format(after),
    remains: before > 0 ? share(after / before) : '',
    changed: before !== after,
  };
}

/** `41 %`; less than half a percent is not called nothing, and almost all is not called all. */
function share(value: number): string {
  const rounded = Math.round(100 * value);
  if (value > 0 && rounded === 0) return '<1 %';
  if (value < 1 && rounded === 100) return '>99 %';
  return `${rounded} %`;
}
