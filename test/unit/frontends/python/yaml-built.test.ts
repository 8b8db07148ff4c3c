// Networks that a program builds from a YAML file of the workspace, as YOLO does: modules by name, arguments as text, repeats and
// widths by a scale, and layers that take what earlier ones gave.

import { expect, test } from 'vitest';
import { readProject } from '../../../support/python-model.ts';

const program = `import ast
import contextlib
import math

import torch
import torch.nn as nn
import yaml


class Conv(nn.Module):
    def __init__(self, c1, c2, k=1, s=1):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2, bias=False)
        self.bn = nn.BatchNorm2d(c2)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Concat(nn.Module):
    def __init__(self, dimension=1):
        super().__init__()
        self.d = dimension

    def forward(self, x):
        return torch.cat(x, self.d)


def parse_model(d, ch):
    depth, width = d['scales'][d['scale']]
    nc = d['nc']
    layers, save, ch = [], [], [ch]
    for i, (f, n, m, args) in enumerate(d['backbone'] + d['head']):
        m = getattr(torch.nn, m[3:]) if 'nn.' in m else globals()[m] if m in globals() else eval(m)
        for j, a in enumerate(args):
            if isinstance(a, str):
                with contextlib.suppress(ValueError):
                    args[j] = locals()[a] if a in locals() else ast.literal_eval(a)
        n = max(round(n * depth), 1) if n > 1 else n
        if m is Conv:
            c1, c2 = ch[f], args[0]
            if c2 != nc:
                c2 = math.ceil(c2 * width / 8) * 8
            args = [c1, c2, *args[1:]]
        elif m is Concat:
            c2 = sum(ch[x] for x in f)
        else:
            c2 = ch[f]
        module = nn.Sequential(*(m(*args) for _ in range(n))) if n > 1 else m(*args)
        module.i, module.f = i, f
        save.extend(x % i for x in ([f] if isinstance(f, int) else f) if x != -1)
        layers.append(module)
        if i == 0:
            ch = []
        ch.append(c2)
    return nn.Sequential(*layers), sorted(save)


class Model(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        with open(cfg) as file:
            self.yaml = yaml.safe_load(file)
        self.model, self.save = parse_model(self.yaml, 3)

    def forward(self, x):
        y = []
        for m in self.model:
            if m.f != -1:
                x = y[m.f] if isinstance(m.f, int) else [x if j == -1 else y[j] for j in m.f]
            x = m(x)
            y.append(x if m.i in self.save else None)
        return x


model = Model('net.yaml')
model(torch.randn(1, 3, 64, 64))
`;

const config = `nc: 80
scale: n
scales:
  n: [0.34, 0.25]
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, Conv, [128, 3, 2]]
  - [-1, 3, nn.Upsample, ['None', 1, 'nearest']]
head:
  - [-1, 1, nn.Upsample, [None, 2, nearest]]
  - [[-1, 0], 1, Concat, [1]]
  - [-1, 1, Conv, [nc, 1, 1]]
`;

test('a network that parse_model builds from a YAML file is read to the layer', () => {
  const { graph, problems, dependencies } = readProject({ files: { 'main.py': program, 'net.yaml': config } });
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  const layers = (graph?.ops ?? []).flatMap((op) =>
    op.attributes.kind === 'convolution' ? [[op.name, op.attributes.inChannels, op.attributes.outChannels]] : [],
  );
  expect(layers).toEqual([
    ['model.0.conv', 3, 16],
    ['model.1.conv', 16, 32],
    ['model.5.conv', 48, 80],
  ]);
  expect(dependencies).toContain('file:///project/net.yaml');
});
