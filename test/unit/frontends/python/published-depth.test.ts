// The deepest residual network that was published, with its 1,202 layers, is read wholly.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

/** He et al. (2016), section 4.2, as public repositories write it: three stages of 200 blocks. */
const resnet1202 = `
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn import init


def weights_init(m):
    if isinstance(m, nn.Linear) or isinstance(m, nn.Conv2d):
        init.kaiming_normal_(m.weight)


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Block(nn.Module):
    def __init__(self, before, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != planes:
            pad = (0, 0, 0, 0, planes // 4, planes // 4)
            self.shortcut = Lambda(lambda x: F.pad(x[:, :, ::2, ::2], pad, "constant", 0))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class ResNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.width = 16
        self.conv1 = nn.Conv2d(3, 16, 3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, blocks, 1)
        self.layer2 = self.stage(32, blocks, 2)
        self.layer3 = self.stage(64, blocks, 2)
        self.linear = nn.Linear(64, 10)
        self.apply(weights_init)

    def stage(self, planes, blocks, stride):
        layers = []
        for step in [stride] + [1] * (blocks - 1):
            layers.append(Block(self.width, planes, step))
            self.width = planes
        return nn.Sequential(*layers)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer3(self.layer2(self.layer1(out)))
        out = F.avg_pool2d(out, out.size()[3])
        return self.linear(out.view(out.size(0), -1))


net = ResNet(200)
net(torch.randn(1, 3, 32, 32))
`;

test('a residual network of 1,202 layers has all of them', () => {
  const { graph, problems } = readPython(resnet1202);
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  const layers = graph?.ops.filter(({ attributes: { kind } }) => kind === 'convolution' || kind === 'dense') ?? [];
  expect(layers).toHaveLength(1202);
});
