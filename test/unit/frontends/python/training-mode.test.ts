// What `self.training` is: modules are made for training, `eval` and `train` set it, and a network is counted as it is used.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

const model = (make: string): string => `import torch
from torch import nn


class Head(nn.Module):
    stride = None

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        return x if self.training else x * self.stride[0]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = Head()
        ${make}

    def forward(self, x):
        return self.head(x)


model = Net()
`;

test('a model that runs itself while it is made does so as in training', () => {
  const { graph, problems } = readPython(
    model('self.head.stride = [32 / x.shape[-2] for x in self.forward(torch.zeros(1, 3, 32, 32))]'),
  );
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  // In use, its result is multiplied.
  const last = graph?.ops.find(({ outputs }) => outputs.includes(graph.outputs[0] ?? -1));
  expect(last?.attributes.kind).not.toBe('convolution');
});

test.each([
  ['made', '', true],
  ['after eval()', 'self.eval()', false],
  ['after train(False)', 'self.train(False)', false],
  ['after train()', 'self.eval()\n        self.train()', true],
])('%s', (_, set, expected) => {
  const text = model(
    `${set === '' ? 'pass' : set}\n        self.out = nn.Conv2d(8, 5 if self.head.conv.training else 6, 1)`,
  );
  const { graph } = readPython(text.replace('return self.head(x)', 'return self.out(self.head.conv(x))'));
  expect(graph?.values[graph.outputs[0] ?? -1]?.shape[1]).toBe(expected ? 5 : 6);
});

test('a counter that is given a model and a tensor is no part of what is computed', () => {
  const text = model('self.head.stride = [1]\n        self.info()').replace(
    '    def forward(self, x):\n        return self.head(x)',
    '    def info(self):\n        import thop\n\n        return thop.profile(self, inputs=(torch.zeros(1, 3, 8, 8),))[0]\n\n    def forward(self, x):\n        return self.head(x)',
  );
  const { graph } = readPython(text);
  expect(graph?.unknowns).toEqual([]);
});
