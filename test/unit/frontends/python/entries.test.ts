// Models that no class stands for: a container made at the top of a file, and functions that return one.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

const layersOf = (text: string): readonly (string | undefined)[] => {
  const { entry, graph, problems } = readPython(text);
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  return [entry?.name, ...(graph?.ops ?? []).filter(({ parameters }) => parameters.length > 0).map(({ name }) => name)];
};

test('a Sequential at the top of a file is named after its variable', () => {
  const text = `import torch
from torch import nn

width = 8
net = nn.Sequential(
    nn.Conv2d(3, width, 3, padding=1),
    nn.ReLU(),
    nn.Sequential(nn.Conv2d(width, 4, 1)),
)
net(torch.randn(1, 3, 16, 16))
`;
  expect(layersOf(text)).toEqual(['net', '0', '2.0']);
  const { entry, graph, textAt } = readPython(text);
  expect(textAt(entry?.span)).toBe('net');
  expect(entry?.input.shapes).toEqual([[3, 16, 16]]);
  expect(graph?.ops.map(({ site }) => textAt(site!.span))).toContain('nn.Conv2d(width, 4, 1)');
});

test('a Sequential under the main guard', () => {
  const text = `from torch.nn import Conv2d, Sequential

if __name__ == "__main__":
    model = Sequential(Conv2d(3, 2, 1))
`;
  expect(layersOf(text)).toEqual(['model', '0']);
});

test('a function that returns a Sequential', () => {
  const text = `from torch import nn


def make_net(width=6, depth=2):
    layers = [nn.Conv2d(3, width, 1)]
    for _ in range(depth):
        layers.append(nn.Conv2d(width, width, 1))
    return nn.Sequential(*layers)
`;
  expect(layersOf(text)).toEqual(['make_net()', '0', '1', '2']);
});
