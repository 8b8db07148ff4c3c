// A table of costs as the server gives it: a stem, blocks that are tied to it, and a head; more blocks on demand.

import type { CostGraphPicture } from '../../server/src/protocol/cost-graph.ts';
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
    memory: exact(131_072),
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
    totals: {
      operations: exact(6_000_000),
      params: exact(6000),
      activations: exact(16_384),
      memory: exact(655_360),
      latencyMs: exact(0.006),
    },
    memory: ['Weights as a file: 24.0 kB as fp32.', 'Training step: 703 kB for one image.'],
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

/** The network of `sampleCosts` as a drawing: its blocks beside each other, and a way past them. */
export function sampleGraph(blocks = 2): CostGraphPicture {
  const size = { width: 180, height: 60 };
  const { rows, entry } = sampleCosts(blocks);
  const own = { 'layer1.0': 0, 'layer1.1': 220 } as Readonly<Record<string, number>>;
  const boxes = [
    { name: 'input', label: 'input', shape: '3×32×32', rows: [], places: [], x: 110, y: 0, ...size },
    ...rows.map((row, index) => {
      const [, block = ''] = /^(layer1\.\d+)/.exec(row.name) ?? [];
      const level = row.name === 'stem' ? 1 : row.name === 'fc' ? 4 : row.name.endsWith('conv1') ? 2 : 3;
      return {
        name: row.name,
        label: row.label === 'Conv2d' ? 'Conv2d · ReLU' : row.label,
        shape: row.shape,
        rows: [index],
        places: row.place === null ? [] : [row.place],
        x: own[block] ?? (block === '' ? 110 : 220 * Number(block.slice(7))),
        y: 90 * level,
        ...size,
      };
    }),
  ];
  // A box that only joins stands for itself: it has no row.
  boxes.splice(boxes.length - 1, 0, {
    name: 'cat',
    label: 'cat',
    shape: '32×32×32',
    rows: [],
    places: [],
    x: 440,
    y: 270,
    ...size,
  });
  const place = (name: string): number => boxes.findIndex((box) => box.name === name);
  const links = [
    ['input', 'stem'],
    ...Array.from({ length: blocks }, (_, block) => [
      ['stem', `layer1.${String(block)}.conv1`],
      [`layer1.${String(block)}.conv1`, `layer1.${String(block)}.conv2`],
      [`layer1.${String(block)}.conv2`, 'fc'],
    ]).flat(),
    ['stem', 'fc'],
  ].map(([from = '', to = ''], index, all) => {
    const [start, end] = [boxes[place(from)]!, boxes[place(to)]!];
    const isAside = index === all.length - 1;
    const points = isAside
      ? [
          { x: start.x + size.width, y: start.y + 30 },
          { x: 480, y: (start.y + end.y) / 2 },
          { x: end.x + size.width, y: end.y + 30 },
        ]
      : [
          { x: start.x + 90, y: start.y + 60 },
          { x: end.x + 90, y: end.y },
        ];
    return { from: place(from), to: place(to), points, isAside };
  });
  const right = Math.max(...boxes.map(({ x }) => x)) + size.width;
  return { entry, width: right + 20, height: 450, boxes, links };
}
