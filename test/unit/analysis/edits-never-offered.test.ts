// What must never be offered: edits of parts that lead into something unread, edits that break another model, and promises
// about layers that nothing calls. Each case is a kind of source that was once narrowed wrongly.

import { expect, test } from 'vitest';
import { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import { askedProposal } from '../../../server/src/analysis/asked-widths.ts';
import { slimModel } from '../../../server/src/analysis/slim-model.ts';
import { widthChange, type WidthChange } from '../../../server/src/analysis/width-change.ts';
import type { ProposedWidths } from '../../../server/src/analysis/proposal-plans.ts';
import type { Result } from '../../../server/src/common/problem.ts';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

const head = 'import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n';

function asked(
  session: AnalysisSession,
  file: string,
  entry: string,
  layer: string,
  width: number,
): Result<ProposedWidths> {
  const model = session.model(uriOf(file), entry)!;
  return askedProposal(session.grouping(model.graph), { layers: new Map([[layer, { kind: 'width', width }]]) });
}

function change(session: AnalysisSession, file: string, entry: string, layer: string, width: number): WidthChange {
  const proposal = asked(session, file, entry, layer, width);
  if (!proposal.ok) throw new Error(proposal.error);
  return widthChange(session, session.model(uriOf(file), entry)!, proposal.value, { refactor: false });
}

function errorOf(result: Result<unknown>): string {
  return result.ok ? '' : result.error;
}

const readInPart = `${head}from missing_blocks import make_blocks

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3)
        self.norm = nn.BatchNorm2d(16)
        self.blocks = make_blocks(16)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.norm(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


net = Net()
net(torch.randn(1, 3, 32, 32))
`;

test('a stem whose channels go into unread blocks keeps its width, and no slim file is written', () => {
  const session = sessionOver(new Map([['net.py', readInPart]]));
  const [model] = session.analyze(uriOf('net.py')).models;
  const proposal = askedProposal(session.grouping(model!.graph), {
    layers: new Map([['stem', { kind: 'width', width: 9 }]]),
  });
  expect(errorOf(proposal)).toMatch(/^stem keeps its 16 channels: /);
  const none = { runId: 'r', entry: model!.entry.name, proposal: { step: 0, layers: [] } };
  expect(errorOf(slimModel(session, uriOf('net.py'), none))).toMatch(
    /^No slim file is written, as a part of the model could not be read \(net\.py:\d+: /,
  );
});

const twoModels = `${head}
cfgs = {"small": [16, "M", 32], "large": [16, 16, "M", 32]}


class Net(nn.Module):
    def __init__(self, cfg, features):
        super().__init__()
        layers = []
        channels = 3
        for width in cfg:
            if width == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(features, 10)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


def small():
    return Net(cfgs["small"], 32)


def large():
    return Net(cfgs["large"], 32)


def larger():
    return Net(cfgs["large"], 32)
`;

test('an edit that changes another model names it, one that another model does not run leaves it out', () => {
  const session = sessionOver(new Map([['net.py', twoModels]]));
  expect(change(session, 'net.py', 'large()', 'features.0', 9).plan.alsoChanges).toEqual(['larger']);
  expect(change(session, 'net.py', 'small()', 'features.0', 9).plan.alsoChanges).toEqual([]);
});

const sharedHead = twoModels
  .replace('def __init__(self, cfg, features):', 'def __init__(self, cfg):')
  .replaceAll(', 32)', ')')
  .replace('nn.Linear(features, 10)', 'nn.Linear(32, 10)');

test('an edit that breaks another model of the file is not offered', () => {
  const session = sessionOver(new Map([['net.py', sharedHead]]));
  const { plan } = change(session, 'net.py', 'small()', 'features.3', 20);
  expect(plan.edits).toEqual([]);
  expect(plan.refused.map(({ reason }) => reason)).toEqual([expect.stringMatching(/large would break/)]);
});

test('a model of another file that imports the edited one is named too', () => {
  const net = `${head}
class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.stem(x).mean((2, 3)))
`;
  const train = `from torch import nn
from net import Net


class Ensemble(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Net()
        self.second = Net()

    def forward(self, x):
        return self.first(x) + self.second(x)
`;
  const files = new Map([
    ['net.py', net],
    ['train.py', train],
  ]);
  const session = sessionOver(files, undefined, undefined, () => ['net.py', 'train.py'].map(uriOf));
  expect(change(session, 'net.py', 'Net()', 'stem', 9).plan.alsoChanges).toEqual(['Ensemble of train.py']);
});

test('an operation that leads nowhere is in no edit’s way, and a layer that leads nowhere is not promised', () => {
  const text = `${head}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3)
        self.probe = nn.Conv2d(16, 8, 1)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.stem(x)
        probe = F.relu(self.probe(x)) * 2
        return self.head(x.mean((2, 3)))
`;
  const session = sessionOver(new Map([['net.py', text]]));
  const { plan, after } = change(session, 'net.py', 'Net()', 'stem', 9);
  expect(plan.widths).toEqual([{ layers: ['stem'], before: 16, wanted: 9, after: 9 }]);
  expect(after.params).toBe(9 * 27 + 9 + 8 * 9 + 8 + 10 * 9 + 10);
  expect(asked(session, 'net.py', 'Net()', 'probe', 4)).toEqual({
    ok: false,
    error: 'probe keeps its 8 channels: probe leads to no output of the network.',
  });
});

test('through the functions of an installed library, which is nobody’s to edit', () => {
  const library = `from torch import nn

class Tower(nn.Module):
    def __init__(self, block, width):
        super().__init__()
        self.blocks = nn.Sequential(*[block(width) for _ in range(3)])
        self.head = nn.Conv2d(width, 10, 8)

    def forward(self, x):
        return self.head(self.blocks(x))
`;
  const own = `# morphnet: entry=net() input=16x8x8
from torch import nn
from tower import Tower

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 1)
        self.conv2 = nn.Conv2d(width, width, 1)

    def forward(self, x):
        return x + self.conv2(self.conv1(x))

class Pair(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(16, width, 1)
        self.second = nn.Conv2d(width, width, 1)
        self.tower = Tower(Block, width)

    def forward(self, x):
        return self.tower(self.second(self.first(x)))

def net():
    return Pair(16)
`;
  const files = new Map([
    ['file:///project/net.py', own],
    ['file:///usr/site-packages/tower.py', library],
  ]);
  const planWith = (workspaceRoots: readonly string[], names = ['tower.blocks.1.conv1']): WidthChange => {
    const session = new AnalysisSession({
      frontends: [pythonFrontend],
      disk: { roots: ['file:///project', 'file:///usr/site-packages'], read: (document) => files.get(document) },
      workspaceRoots,
    });
    const model = session.model('file:///project/net.py')!;
    const proposal = askedProposal(session.grouping(model.graph), {
      layers: new Map(names.map((name) => [name, { kind: 'width', width: 5 }] as const)),
    });
    if (!proposal.ok) throw new Error(proposal.error);
    return widthChange(session, model, proposal.value, { refactor: true });
  };
  // Where the library is the user's own it is a good edit.
  expect(planWith(['file:///project', 'file:///usr/site-packages']).plan.edits.length).toBeGreaterThan(0);
  const { plan, notRewritten } = planWith(['file:///project']);
  expect(plan.edits).toEqual([]);
  expect(notRewritten).toMatch(/of a library, which is not yours to edit$/);
  // What does not go through the library is set all the same.
  const rest = planWith(['file:///project'], ['first', 'tower.blocks.1.conv1']).plan;
  expect(rest.widths.map(({ layers, after }) => [layers, after])).toEqual([[['first'], 5]]);
  expect(rest.refused.map(({ layers }) => layers)).toEqual([['tower.blocks.1.conv1']]);
  expect(rest.refused[0]?.reason).toMatch(/of a library, which is not yours to edit\.$/);
});

const product = `${head}
class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        inner = (width
                 * 2)
        self.conv1 = nn.Conv2d(3, inner, 3)
        self.conv2 = nn.Conv2d(inner, 4, 3)

    def forward(self, x):
        return self.conv2(self.conv1(x))
`;

test('a text that is read here but refused by Python proves nothing', () => {
  const session = sessionOver(new Map([['net.py', product]]));
  const [model] = session.analyze(uriOf('net.py')).models;
  const proven = (text: string): boolean =>
    session.evaluateWith(new Map([[uriOf('net.py'), text]]), model!.entry) !== undefined;
  expect(proven(product)).toBe(true);
  expect(proven(product.replace('(width', 'width').replace('* 2)', '* 2'))).toBe(false);
  expect(proven(product.replace('(3, inner, 3)', '(3, kernel_size=3, inner)'))).toBe(false);
});
