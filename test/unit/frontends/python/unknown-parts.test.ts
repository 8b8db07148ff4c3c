// What is not understood is never passed over: it is named, and costs above it are lower bounds.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

const walks = {
  'its children': 'for layer in self.stage.children():\n            x = layer(x)',
  'its own dictionary': 'for layer in self.stage._modules.values():\n            x = layer(x)',
  'the container': 'for layer in self.stage:\n            x = layer(x)',
  'a call of the container': 'x = self.stage(x)',
};

test.for(Object.entries(walks))('a layer that is not modelled shows when the model walks %s', ([, walk]) => {
  const { graph } = readPython(`# morphnet: entry=Net() input=3x8x8
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage = nn.Sequential()
        self.stage.add_module('first', nn.Conv2d(3, 4, 1))
        self.stage.add_module('second', nn.NoSuchLayer(2))

    def forward(self, x):
        ${walk}
        return x
`);
  expect(graph?.unknowns.map(({ reason }) => reason)).toContain('torch.nn.NoSuchLayer is not modelled');
  expect(graph?.ops.map(({ name }) => name)).toContain('stage.first');
});

test('an option that a script has to be given', () => {
  const { graph } = readPython(`import argparse
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument('--width', type=int, required=True)
args = parser.parse_args()
net = nn.Sequential(nn.Conv2d(3, args.width, 1), nn.Conv2d(3, 4, 1))
`);
  expect(graph?.unknowns.map(({ reason }) => reason)).toContain('Conv2d: --width has to be given on the command line');
});

test('what is registered for an export to ONNX changes nothing before', () => {
  const { graph } = readPython(`# morphnet: entry=Net() input=3x8x8
import torch
from torch import nn

widths = [8]


def symbolic(g, x):
    widths.append(16)
    return g.op('Own', x)


torch.onnx.register_custom_op_symbolic('own::op', symbolic, 11)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList(nn.Conv2d(3, width, 1) for width in widths)

    def forward(self, x):
        return [stage(x) for stage in self.stages]
`);
  expect(graph?.unknowns).toEqual([]);
  expect(graph?.ops.map(({ name }) => name)).toEqual(expect.arrayContaining(['stages.0']));
});

test('a tensor of a loop round that may not be run is none of the network', () => {
  const { graph } = readPython(`# morphnet: entry=Net() input=3x8x8
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.head = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        before = -torch.ones_like(x)
        while bool((before - x).abs().ne(0).any()):
            before = x
            x = self.conv(x)
        return self.head(x)
`);
  expect(graph?.unknowns.map(({ reason }) => reason)).toContain('Whether this holds is not known');
  for (const op of graph?.ops ?? [])
    for (const input of op.inputs) expect(graph?.values.map(({ id }) => id)).toContain(input);
});
