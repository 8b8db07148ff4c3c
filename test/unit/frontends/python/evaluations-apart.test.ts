// What one program does to the libraries, another one does not see: all evaluations have the same classes and constants.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

const probe = `# morphnet: entry=Net() input=3x8x8
import collections
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = {}
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        device = str(x.device)
        if device not in self.kept:
            self.kept[device] = torch.zeros(1, dtype=torch.float32, device=x.device)
        return x + self.kept[device]
`;

const vandals: Readonly<Record<string, string>> = {
  'gives a device to unknown code':
    'from absent import use\nuse(torch.device("cpu"), torch.float32, nn.Conv2d, torch)\n',
  'changes a method of a layer':
    'nn.Conv2d.forward = lambda self, x: x\nnn.BatchNorm2d.__init__ = lambda self, n: None\n',
  'changes a function of a module': 'torch.relu = lambda x: x[:, :1]\ntorch.zeros = torch.ones\ndel torch.device\n',
  'changes a class of the standard library': 'collections.OrderedDict = list\ncollections.Counter.update = None\n',
  'changes what it is not sure to change': `from absent import setting
if setting:
    nn.Conv2d.forward = lambda self, x: x
    torch.device("cpu").kind = 1
`,
};

test.each(Object.entries(vandals))('a program that %s is the only one that is changed', (_, text) => {
  const before = readPython(probe);
  expect(before.graph?.unknowns).toEqual([]);
  readPython(
    `import collections\nimport torch\nfrom torch import nn\n\n${text}\nnet = nn.Sequential(nn.Conv2d(3, 4, 1))\nnet(torch.randn(1, 3, 8, 8))\n`,
  );
  expect(readPython(probe).graph).toEqual(before.graph);
});

test('a change of a library counts in its own program', () => {
  const { graph } = readPython(`# morphnet: entry=Net() input=3x8x8
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return torch.relu(self.conv(x))


torch.relu = lambda x: x
`);
  expect(graph?.ops.map(({ name }) => name)).not.toContain('relu');
});
