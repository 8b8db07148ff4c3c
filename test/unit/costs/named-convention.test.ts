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
  // A bias an output; a batch norm is two an element, and six a channel.
  ['keras', 2 * (convolution + transposed) + 800 + 2 * 800 + 6 * 8],
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
  // Hooks of modules: the bias and the batch norm's two an element.
  ['ptflops-pytorch', convolution + 800 + 2 * 800 + transposed],
  ['deepspeed', 2 * convolution + 800 + 2 * 800 + 2 * transposed],
  ['darknet', 2 * convolution],
])('%s', ([convention, total]) => {
  const session = sessionOver(new Map([['net.py', source]]));
  const [model] = session.analyze('file:///project/net.py').models;
  expect(countAs(model!.graph, convention).total).toEqual({ kind: 'exact', value: total });
});

test('the setting offers every convention, and says of each what it counts', () => {
  expect(Object.keys(conventionChoices)).toEqual([...namedConventions]);
});

/** A sum, spelled in ways between which counters that replace functions make a difference. */
const spellings = (sum: string): string => `
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.attend = nn.MultiheadAttention(10, 2)

    def forward(self, x):
        return ${sum}

Net()(torch.randn(1, 3, 10, 10))
`;

test.for<[call: string, deepspeed: number, ptflops: number]>([
  ['x + x', 0, 0],
  ['torch.add(x, x)', 300, 300],
  ['x.mul(2)', 300, 300],
  ['x.relu()', 0, 0],
  ['torch.relu(x)', 0, 0],
  ['F.relu(x)', 300, 300],
  // The module calls `F.relu`, so that one of them sees it twice.
  ['self.relu(x)', 300, 600],
  ['x @ x', 2 * 3000, 0],
  ['torch.matmul(x, x)', 2 * 3000, 3000],
  // NumPy counts one more, and prints four digits.
  ["torch.einsum('bcij,bcjk->bcik', x, x)", 6001, 0],
])('%s counts by its name', ([call, deepspeed, ptflops]) => {
  const [model] = sessionOver(new Map([['net.py', spellings(call)]])).analyze('file:///project/net.py').models;
  const total = (convention: NamedConvention): unknown => countAs(model!.graph, convention).total;
  expect([total('deepspeed'), total('ptflops-pytorch')]).toEqual([
    { kind: 'exact', value: deepspeed },
    { kind: 'exact', value: ptflops },
  ]);
});

test.for<[call: string, convention: NamedConvention]>([
  ['self.attend(x[0], x[0], x[0])[0]', 'deepspeed'],
  ['self.attend(x[0], x[0], x[0])[0]', 'ptflops-pytorch'],
])('what %s counts in %s is not known', ([call, convention]) => {
  const [model] = sessionOver(new Map([['net.py', spellings(call)]])).analyze('file:///project/net.py').models;
  expect(countAs(model!.graph, convention).total.kind).not.toBe('exact');
});

test('a recurrent layer is what a formula of the counter has for it, or nothing', () => {
  const text = `import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 12, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]

Net()(torch.randn(1, 6, 8))
`;
  const [model] = sessionOver(new Map([['net.py', text]])).analyze('file:///project/net.py').models;
  const [products, gates] = [6 * (8 + 12) * 48, 6 * 48];
  const expected: readonly (readonly [NamedConvention, number])[] = [
    ['torch', 0],
    ['fvcore', 0],
    ['ptflops', 0],
    ['thop', products + 3 * gates + 4 * 6 * 12],
    ['torchinfo', products + 2 * gates],
    ['deepspeed', 2 * products + 10 * 6 * 12],
    ['ptflops-pytorch', products + 2 * gates + 10 * 6 * 12],
  ];
  for (const [convention, value] of expected)
    expect(countAs(model!.graph, convention).total, convention).toEqual({ kind: 'exact', value });
});

test("DeepSpeed counts a resize by what the source says: places of a size, or a factor's whole output", () => {
  const total = (call: string): unknown => {
    const text = `import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def forward(self, x):
        return ${call}

Net()(torch.randn(1, 3, 10, 8))
`;
    const [model] = sessionOver(new Map([['net.py', text]])).analyze('file:///project/net.py').models;
    return countAs(model!.graph, 'deepspeed').total;
  };
  expect(total('F.interpolate(x, size=(20, 16))')).toEqual({ kind: 'exact', value: 320 });
  expect(total('F.interpolate(x, size=16)')).toEqual({ kind: 'exact', value: 16 });
  expect(total('F.interpolate(x, scale_factor=2)')).toEqual({ kind: 'exact', value: 3 * 20 * 16 });
  expect(total('F.interpolate(x, scale_factor=(2, 1))')).toEqual({ kind: 'exact', value: 3 * 20 * 8 });
});
