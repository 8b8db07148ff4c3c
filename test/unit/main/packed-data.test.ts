// Data that was packed comes back as it was.

import { expect, test } from 'vitest';
import { pack } from '../../../server/src/main/packed-data.ts';
import { readPython } from '../../support/python-model.ts';

const source = `
# morphnet: entry=Net() input=3x8x8
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.layers = nn.Sequential(*[nn.Conv2d(3 if i == 0 else width * i, width * (i + 1), 1) for i in range(9)])

    def forward(self, x):
        return self.layers(x)
`;

test('a network comes back equal, each time', () => {
  const { graph } = readPython(source);
  expect(graph?.ops.length).toBeGreaterThan(9);
  const unpack = pack(graph);
  expect(unpack()).toEqual(graph);
  expect(unpack()).toEqual(graph);
  expect(unpack()).not.toBe(unpack());
});

test('what parts of the data share they share again', () => {
  const span = { document: 'file:///a.py', start: 1 };
  const found = pack({ one: { span }, other: [span, { document: 'file:///a.py' }], sizes: [1, undefined, 2.5] })();
  expect(found.one.span).toBe(found.other[0]);
  expect(found.sizes).toEqual([1, undefined, 2.5]);
});

test('data that is nested too deeply to be written stays as it is', () => {
  let deep: { readonly inner?: unknown } = {};
  for (let depth = 0; depth < 200_000; depth++) deep = { inner: deep };
  expect(pack(deep)()).toBe(deep);
});
