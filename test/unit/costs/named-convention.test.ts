// Conventions of the public counters on networks small enough to count by hand; `npm run check:conventions` asks the counters.

import { expect, test } from 'vitest';
import { countAs, namedConventions, type NamedConvention } from '../../../server/src/costs/named-convention.ts';
import { conventionChoices } from '../../../server/src/protocol/settings.ts';
import { sessionOver } from '../../support/analysis-session.ts';

const source = `
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2, bias=False)

    def forward(self, x):
        return self.up(self.bn(self.conv(x)))

Net()(torch.randn(1, 3, 10, 10))
`;

const convolution = 100 * 8 * 27;
const transposed = 100 * 8 * 4 * 4;

test.for<[NamedConvention, number]>([
  ['macs', convolution + transposed],
  ['flops', 2 * (convolution + transposed)],
  ['morphnet', 2 * (convolution + transposed)],
  ['torch', 2 * (convolution + transposed)],
  ['torchvision', convolution + transposed],
  // A batch norm with scale is two an element.
  ['fvcore', convolution + 2 * 800 + transposed],
  // Four an element, and the transposed convolution by its output's size: stride² too much.
  ['thop', convolution + 4 * 800 + 4 * transposed],
  ['ultralytics', 2 * (convolution + 4 * 800 + 4 * transposed)],
  // Biases with the weights at each place; the batch norm's 16 parameters once.
  ['torchinfo', 100 * (8 * 27 + 8) + 16 + 400 * 8 * 4 * 4],
  ['ptflops', convolution + 800 + transposed],
  ['darknet', 2 * convolution],
])('%s', ([convention, total]) => {
  const session = sessionOver(new Map([['net.py', source]]));
  const [model] = session.analyze('file:///project/net.py').models;
  expect(countAs(model!.graph, convention).total).toEqual({ kind: 'exact', value: total });
});

test('the setting offers every convention, and says of each what it counts', () => {
  expect(Object.keys(conventionChoices)).toEqual([...namedConventions]);
});
