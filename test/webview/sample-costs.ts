// A table of costs as the server gives it: a stem, blocks that are tied to it, and a head; more blocks on demand.

import type { CostTable, CostTableRow, TriedCosts } from '../../server/src/protocol/cost-table.ts';

const exact = (value: number) => ({ value, atLeast: false });

function row(name: string, label: string, macs: number, more: Partial<CostTableRow> = {}): CostTableRow {
  return {
    name,
    label,
    shape: '16×32×32',
    width: 16,
    operations: exact(macs),
    params: exact(macs / 1000),
    activations: exact(16_384),
    latencyMs: exact(macs / 1e9),
    tie: null,
    settled: null,
    place: { uri: 'file:///project/net.py', line: 10, character: 8 },
    ...more,
  };
}

/** 6,000,000 MACs whatever the number of blocks. */
export function sampleCosts(blocks = 2): CostTable {
  const perConvolution = 4_000_000 / (2 * blocks);
  const rows = [
    row('stem', 'Conv2d', 1_000_000, { tie: 0 }),
    ...Array.from({ length: blocks }, (_, block) => [
      row(`layer1.${String(block)}.conv1`, 'Conv2d', perConvolution, {
        place: { uri: 'file:///project/net.py', line: 4, character: 8 },
      }),
      row(`layer1.${String(block)}.conv2`, 'Conv2d', perConvolution, { tie: 0 }),
    ]).flat(),
    row('fc', 'Linear', 1_000_000, { shape: '10', width: 10, settled: 'it is an output' }),
  ];
  return {
    file: 'net.py',
    entry: 'ResNet()',
    input: '3×32×32',
    unit: 'MACs',
    counter: '',
    device: 'V100',
    isStale: false,
    rows,
    totals: { operations: exact(6_000_000), params: exact(6000), activations: exact(16_384), latencyMs: exact(0.006) },
  };
}

/** The same with another width of one layer, which takes a million multiply-adds away. */
export function sampleTried(layer: string, width: number): TriedCosts {
  const table = sampleCosts();
  return {
    table: {
      ...table,
      rows: table.rows.map((each) => (each.name === layer ? { ...each, width } : each)),
      totals: { ...table.totals, operations: exact(5_000_000) },
    },
    saving: '6 MMACs → 5 MMACs (−17 %), 6 k → 5 k params (−17 %)',
    changed: [{ layers: [layer], before: 16, after: width }],
  };
}
