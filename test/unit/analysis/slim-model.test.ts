// A proposal as a generated module: it reads as one would write it, gives exactly the proposed widths when it is opened, and
// is refused where something of the model would be lost.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import type { AnalyzedModel } from '../../../server/src/analysis/analyzed-model.ts';
import type { ProposedWidths } from '../../../server/src/analysis/proposal-plans.ts';
import { slimModel, type SlimModel } from '../../../server/src/analysis/slim-model.ts';
import type { Result } from '../../../server/src/common/problem.ts';
import { isKind } from '../../../server/src/network/op.ts';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';
import { exampleText } from '../../support/fixtures.ts';
import { proposalIn } from '../../support/proposal.ts';

function slimOf(source: string): Result<SlimModel> {
  const session = sessionOver(new Map([['net.py', source]]));
  const { name } = session.model(uriOf('net.py'))!.entry;
  return slimModel(session, uriOf('net.py'), { runId: 'run-1', entry: name, proposal: proposalIn(source) });
}

const residual = (inner: string): string => `# morphnet: entry=Net() input=3x8x8
# propose: stem,block.second=6 block.first=${inner}
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width, eps=0.001)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.norm(self.first(x)))) + x) * 0.5

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2)
        self.block = Block(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = self.block(self.stem(x))
        return self.head(x.mean((2, 3)))
`;

test('is written as one would write it: explicit widths, nested calls, variables used again', () => {
  const slim = slimOf(residual('2'));
  expect(slim.ok && slim.value.document).toBe(uriOf('net_slim.py'));
  expect(slim.ok && slim.value.text).toBe(`"""Net() of net.py at the widths that MorphNet proposes.

Written from the run run-1, step 0. Layers begin with PyTorch's own initial values.
"""

# morphnet: entry=NetSlim() input=3x8x8

from torch import nn
from torch.nn import functional as F


class NetSlim(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, kernel_size=3, stride=2)

        self.block = nn.Module()
        self.block.first = nn.Conv2d(6, 2, kernel_size=3, padding=1, bias=False)
        self.block.norm = nn.BatchNorm2d(2, eps=0.001)
        self.block.second = nn.Conv2d(2, 6, kernel_size=3, padding=1)

        self.head = nn.Linear(6, 10)

    def forward(self, x):
        x = self.stem(x)
        y = self.block.second(F.relu(self.block.norm(self.block.first(x))))
        x = F.relu(y + x) * 0.5
        return self.head(x.mean(dim=(2, 3)))
`);
});

const numbered = `# morphnet: entry=Net() input=3x8x8
# propose: stem=5
from torch import nn

class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.ops = nn.ModuleList([nn.Conv2d(8, 8, 1), nn.Identity(), nn.Conv2d(8, 8, 1)])
        self.ops.extra = nn.Conv2d(8, 8, 1)
        setattr(self.ops, 'values', nn.Conv2d(8, 8, 1))

    def forward(self, x):
        return self.ops.values(self.ops.extra(self.ops[2](self.ops[0](x))))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.cells = nn.Sequential(Cell())

    def forward(self, x):
        return self.cells(self.stem(x))
`;

test('layers have the names of the source, so that weights keep theirs', () => {
  const slim = slimOf(numbered);
  if (!slim.ok) throw new Error(slim.error);
  expect(slim.value.text).toContain(`        self.cells = nn.ModuleDict()
        self.cells["0"] = nn.Module()
        self.cells["0"].ops = nn.ModuleDict()
        self.cells["0"].ops["0"] = nn.Conv2d(5, 8, kernel_size=1)
        self.cells["0"].ops["2"] = nn.Conv2d(8, 8, kernel_size=1)
        self.cells["0"].ops["extra"] = nn.Conv2d(8, 8, kernel_size=1)
`);
  // A dictionary of modules has this name already.
  expect(slim.value.text).toContain('self.cells_0_ops_values = nn.Conv2d(8, 8, kernel_size=1)');
});

test('a branch without channels is gone', () => {
  const slim = slimOf(residual('0'));
  expect(slim.ok && slim.value.text).not.toContain('block');
  expect(slim.ok && slim.value.text).toContain('x = F.relu(self.stem(x)) * 0.5');
  expect(slim.ok && slim.value.text).toContain('operations are gone, as no channel of theirs is left');
});

test('a name that is taken is left alone', () => {
  const source = residual('2');
  const session = sessionOver(
    new Map([
      ['net.py', source],
      ['net_slim.py', ''],
    ]),
  );
  const slim = slimModel(session, uriOf('net.py'), { runId: 'r', entry: 'Net()', proposal: proposalIn(source) });
  expect(slim.ok && slim.value.document).toBe(uriOf('net_slim_2.py'));
});

test('a network that is cut is refused with the layer', () => {
  const slim = slimOf(residual('2').replace('block.second=6', 'block.second=0'));
  expect(!slim.ok && slim.error).toMatch(/^The network is cut: no channel of \S+ is left/);
});

const tokens = `# morphnet: entry=Net() input=3x8x8
# propose: hidden=5
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.gain = nn.Parameter(torch.randn(8))
        self.hidden = nn.Linear(8, 16)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) * self.gain
        return self.head(self.hidden(x)).permute(1, 0, 2)
`;

test('parameters of the model are its own, those without known values empty; the batch is where it is', () => {
  const slim = slimOf(tokens);
  if (!slim.ok) throw new Error(slim.error);
  expect(slim.value.text)
    .toContain(`        self.token = nn.Parameter(torch.empty(1, 1, 8))  # no values yet: they come with the model's weights
        self.gain = nn.Parameter(torch.empty(8))  # no values yet: they come with the model's weights
        self.hidden = nn.Linear(8, 5)
        self.head = nn.Linear(5, 10)

    def forward(self, x):
        batch = x.shape[0]
`);
  expect(slim.value.text).toContain('.reshape(-1, 8, 4).permute(0, 2, 1)');
  expect(slim.value.text).toContain('self.token.expand(batch, -1, -1)');
});

const losses: readonly (readonly [what: string, statement: string, reason: RegExp])[] = [
  ['limits that a network does not keep', 'torch.clamp(x, 0, 1)', /clamp .*would be lost/],
  ['an approximation that costs do not tell', 'F.gelu(x, approximate="tanh")', /gelu .*would be lost/],
  ['the largest value, since its place may be meant', 'x.max(dim=2)[0].unsqueeze(2)', /max .*would be lost/],
  ['a weight that is computed', 'F.conv2d(x, self.conv.weight * 2)', /weight shares a part of its weights/],
  ['what mixes the images of a batch', 'x.mean(dim=0)', /batch/],
];

test.for(losses)('refuses %s', ([, statement, reason]) => {
  const slim = slimOf(`# morphnet: entry=Net() input=6x8x8
# propose: conv=4
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(6, 1, 1))
        self.conv = nn.Conv2d(6, 6, 1)

    def forward(self, x):
        x = self.conv(x)
        return ${statement}
`);
  expect(!slim.ok && slim.error).toMatch(/^No file can be written for this model: /);
  expect(!slim.ok && slim.error).toMatch(reason);
});

function widthsOf(model: AnalyzedModel): Readonly<Record<string, number>> {
  return Object.fromEntries(
    model.graph.ops.flatMap((op): readonly (readonly [string, number])[] => {
      const name = op.name.replaceAll('.', '_');
      if (isKind(op, 'convolution')) return [[name, op.attributes.outChannels]];
      return isKind(op, 'dense') ? [[name, op.attributes.outFeatures]] : [];
    }),
  );
}

function proposalFor(session: AnalysisSession, model: AnalyzedModel, shares: readonly number[]): ProposedWidths {
  const groups = session.grouping(model.graph).groups.map(({ name, size, fixed }, index) => {
    const after = fixed === undefined ? Math.max(1, Math.round(size * (shares[index % shares.length] ?? 1))) : size;
    return { name, layers: [], width: { before: size, after } };
  });
  return { step: 0, layers: [], groups };
}

test.for(['lenet.py', 'vgg.py', 'resnet20.py', 'mobilenetv2.py'])(
  '%s: the file, opened, has the proposed widths',
  (name) => {
    const session = sessionOver(new Map([[name, exampleText(name)]]));
    for (const model of session.analyze(uriOf(name)).models) {
      const share = fc.double({ min: 0.1, max: 1, noNaN: true });
      fc.assert(
        fc.property(fc.array(share, { minLength: 1, maxLength: 30 }), (shares) => {
          const proposal = proposalFor(session, model, shares);
          const slim = slimModel(session, uriOf(name), { runId: 'r', entry: model.entry.name, proposal });
          if (!slim.ok) throw new Error(slim.error);
          const wanted: Record<string, number> = { ...widthsOf(model) };
          const grouping = session.grouping(model.graph);
          for (const group of grouping.groups) {
            const { width } = proposal.groups!.find((row) => row.name === group.name)!;
            // A layer whose channels are cut into several groups has the sum of them.
            for (const op of new Set(group.members.map((member) => member.op))) {
              const layer = model.graph.ops[op]!.name.replaceAll('.', '_');
              if (layer in wanted) wanted[layer]! += width.after - width.before;
            }
          }
          const opened = sessionOver(new Map([['slim.py', slim.value.text]])).analyze(uriOf('slim.py'));
          expect(opened.problems).toEqual([]);
          expect(widthsOf(opened.models[0]!)).toEqual(wanted);
        }),
        { numRuns: 3 },
      );
    }
  },
);

test('of a Keras model is a functional one with the layers of the seed', () => {
  const slim = slimOf(`# propose: conv2d,separable_conv2d=5 dense=6
import keras
from keras import layers

inputs = keras.Input((8, 8, 3))
x = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
x = layers.Add()([x, layers.SeparableConv2D(8, 3, padding="same")(x)])
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(8, activation="relu")(x)
model = keras.Model(inputs, layers.Dense(4)(x))
`);
  expect(slim.ok && slim.value.text).toBe(`"""model of net.py at the widths that MorphNet proposes.

Written from the run run-1, step 0. Layers begin with Keras's own initial values.
"""

# morphnet: entry=model_slim()

import keras
from keras import layers


def model_slim():
    inputs = keras.Input(shape=(8, 8, 3))
    conv2d = layers.Conv2D(5, 3, padding="same", activation="relu", name="conv2d")(inputs)
    separable_conv2d_depthwise = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="separable_conv2d_depthwise")(conv2d)
    separable_conv2d = layers.Conv2D(5, 1, name="separable_conv2d")(separable_conv2d_depthwise)
    add = layers.Add()([conv2d, separable_conv2d])
    global_average_pooling2d = layers.GlobalAveragePooling2D()(add)
    dense = layers.Dense(6, activation="relu", name="dense")(global_average_pooling2d)
    dense_1 = layers.Dense(4, name="dense_1")(dense)
    return keras.Model(inputs, dense_1, name="model_slim")
`);
});
