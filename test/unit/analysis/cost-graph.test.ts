// A network as boxes and links: what stands in one box, where the links lead, and which rows of the table are whose.

import { expect, test } from 'vitest';
import { costGraph, type CostGraph } from '../../../server/src/analysis/cost-graph.ts';
import { costRows } from '../../../server/src/analysis/cost-table.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';

const residual = `# morphnet: input=3x8x8
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 1)
        self.norm = nn.BatchNorm2d(4)
        self.inner = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4 * 64, 10)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        x = F.relu(self.inner(x) + x)
        return self.head(x.flatten(1))
`;

function read(text: string): { readonly graph: CostGraph; readonly rows: readonly string[] } {
  const session = sessionOver(new Map([['net.py', text]]));
  const model = session.analyze(uriOf('net.py')).models[0]!;
  const rows = costRows(session, model, standardSettings).rows.map(({ name }) => name);
  return { graph: costGraph(session, model, standardSettings), rows };
}

test('what only follows a layer stands in its box, and tensors that join keep their links', () => {
  const { graph } = read(residual);
  expect(graph.boxes.map(({ label, shape }) => `${label} ${shape}`)).toEqual([
    'input 3×8×8',
    'Conv2d · BatchNorm2d · F.relu 4×8×8',
    'Conv2d 4×8×8',
    '+ · F.relu 4×8×8',
    'flatten 256',
    'Linear 10',
  ]);
  expect(graph.links.map(({ from, to }) => `${from}-${to}`)).toEqual(['0-1', '1-2', '1-3', '2-3', '3-4', '4-5']);
});

test('every row of the table belongs to one box, in the order of the table', () => {
  const { graph, rows } = read(residual);
  expect(rows).toEqual(['stem', 'norm', 'inner', 'head']);
  expect(graph.boxes.flatMap((box) => box.rows)).toEqual([0, 1, 2, 3]);
  expect(graph.boxes[1]?.rows).toEqual([0, 1]);
});

test('a tensor that is read twice ends a box: an activation behind it is a box of its own', () => {
  const { graph } = read(
    residual.replace('x = F.relu(self.inner(x) + x)', 'y = self.inner(x)\n        x = F.relu(y) + y'),
  );
  expect(graph.boxes.map(({ label }) => label)).toContain('F.relu');
});

test('a box leads to the lines of all that is in it', () => {
  const { graph } = read(residual);
  const lines = graph.boxes[1]!.spans.map(({ start }) => residual.slice(0, start).split('\n').length);
  // The stem, its norm, and the call of relu.
  expect(lines).toEqual([9, 10, 15]);
});
