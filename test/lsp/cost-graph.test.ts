// A model's network as a drawing, over the protocol: boxes with their places and lines, and a network that is too large.

import { expect, test } from 'vitest';
import { pythonFrontend } from '../support/python-frontend.ts';
import { openEditor } from './server-session.ts';

const layers = (depth: number): string => `# morphnet: entry=Net() input=4x8x8
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[nn.Conv2d(4, 4, 1) for _ in range(${String(depth)})])

    def forward(self, x):
        return self.body(x) + x
`;

test('boxes have sizes, places and the lines that a click leads to; their rows are those of the table', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', layers(3));
  const graph = await editor.request('morphnet/costGraph', { uri });
  if ('refused' in graph) throw new Error(graph.message);
  const table = await editor.request('morphnet/costTable', { uri });
  if ('refused' in table) throw new Error(table.message);
  expect(graph.boxes.map(({ name, label }) => `${name}: ${label}`)).toEqual([
    'input: input',
    'body.0: Conv2d',
    'body.1: Conv2d',
    'body.2: Conv2d',
    '+: +',
  ]);
  expect(graph.boxes.flatMap(({ rows }) => rows.map((row) => table.rows[row]?.name))).toEqual([
    'body.0',
    'body.1',
    'body.2',
  ]);
  expect(graph.boxes[1]?.places.map(({ line }) => line)).toEqual([7]);
  expect(graph.boxes[4]!.y).toBeGreaterThan(graph.boxes[3]!.y + graph.boxes[3]!.height);
  expect(graph.links.map(({ from, to }) => [from, to])).toContainEqual([0, 4]);
});

test('a network of more than two thousand operations is told of in words', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const uri = await editor.open('net.py', layers(2000));
  expect(await editor.request('morphnet/costGraph', { uri })).toEqual({
    refused: true,
    message:
      'net.py: Net() has 2,002 operations. Networks of up to 2,000 are drawn as a graph; the table has every layer of this one.',
  });
});
