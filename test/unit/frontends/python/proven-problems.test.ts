// Severity error is for what must fail with the values that are known: nothing else of a file that runs is marked so.

import { expect, test } from 'vitest';
import { readProject, type PythonReading } from '../../../support/python-model.ts';

const head = `import torch
from torch import nn

`;

const read = (text: string, files: Readonly<Record<string, string>> = {}): PythonReading =>
  readProject({ files: { ...files, 'main.py': head + text } });

const loud = ({ problems }: PythonReading): readonly string[] =>
  problems.filter(({ severity }) => severity === 'error' || severity === 'warning').map(({ message }) => message);

test.each<[string, string]>([
  ['a name of a module that is not there', 'from absent import *\n\nnet = nn.Sequential(nn.Conv2d(3, width, 3))\n'],
  [
    'a name that a statement would have given which failed for want of a package',
    `import absent
try:
    settings = absent.read()
finally:
    pass
width = settings.width[3:]("x").y
net = nn.Sequential(nn.Conv2d(3, width, 3))
`,
  ],
  [
    'an attribute that our description of a library class lacks',
    `from torch.nn.attention import SDPBackend

kinds = [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]
net = nn.Sequential(nn.Conv2d(3, 4, 3))
`,
  ],
  [
    'what a script claims of the parameters that it trains',
    `net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1))
net[0].requires_grad_(False)
assert sum(p.numel() for p in net.parameters() if p.requires_grad) == 20
net[1].bias.requires_grad = False
net[1].weight.requires_grad_(False)
assert not any(p.requires_grad for p in net.parameters())
assert list(net.state_dict()) == ['0.weight', '0.bias', '1.weight', '1.bias']
`,
  ],
  [
    'elements and their places by name',
    `class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        x = self.conv(x)
        assert torch.topk(x, 2, dim=1).values.shape == x.max(dim=1, keepdim=True).indices.expand(-1, 2, -1, -1).shape
        return x.sort().values + x.min(1, keepdim=True).values


net = Net()
net(torch.randn(1, 3, 8, 8))
`,
  ],
  [
    'what trains the model',
    `net = nn.Sequential(nn.Conv2d(3, 4, 3))
trainer = Trainer(net, loader)
for x, y in loader:
    loss = undefined_loss(net(x), y)
    loss.backward()
`,
  ],
  [
    'what comes behind an unknown',
    `from absent import setting

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([nn.Conv2d(3, 4, 1) for _ in range(setting)])

    def forward(self, x):
        return self.parts[1](x) + self.missing


net = Net()
`,
  ],
  [
    'a class that is made to be derived from',
    `class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        raise NotImplementedError
`,
  ],
  [
    'a class whose arguments default to None but have to be given',
    `class Net(nn.Module):
    def __init__(self, config=None):
        super().__init__()
        self.conv = nn.Conv2d(3, config.width, 1)

    def forward(self, x):
        return self.conv(x)
`,
  ],
  [
    'an input that is only assumed',
    `class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(1234, 5)
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))
`,
  ],
])('%s is no error', (_, text) => {
  expect(loud(read(text))).toEqual([]);
});

test.each<[string, string, RegExp]>([
  ['a width that is a float', 'net = nn.Sequential(nn.Conv2d(3, 6 / 2, 3))\n', /float/],
  [
    'a layer that is never made',
    `class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.missing(self.conv(x))


net = Net()
`,
    /missing/,
  ],
])('%s is one', (_, text, message) => {
  expect(loud(read(text)).join('\n')).toMatch(message);
});
