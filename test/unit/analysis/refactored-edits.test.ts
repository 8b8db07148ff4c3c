// Widths that share a number: the code is first rewritten so that each layer can have its own, which changes no model of the
// file, then the numbers are set. Each fixture is a family of published code in small.

import { expect, test } from 'vitest';
import { applyEdits } from '../../../server/src/edits/literal-text.ts';
import { askedProposal } from '../../../server/src/analysis/asked-widths.ts';
import { isExact } from '../../../server/src/analysis/proposal-edits.ts';
import { widthChange, type WidthChange } from '../../../server/src/analysis/width-change.ts';
import { hasOwnWidth, widthsOf } from '../../../server/src/network/op-traits.ts';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';

const head = 'import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n';

const residual = `${head}class Block(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        # Two convolutions of the same width.
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != planes:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, block, num_blocks):
        super().__init__()
        self.in_planes = 16
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._make_layer(block, 16, num_blocks[0], 1)
        self.layer2 = self._make_layer(block, 32, num_blocks[1], 2)
        self.linear = nn.Linear(32, 10)

    def _make_layer(self, block, planes, num_blocks, stride):
        layers = []
        for stride in [stride] + [1] * (num_blocks - 1):
            layers.append(block(self.in_planes, planes, stride))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer2(self.layer1(x)).mean((2, 3)))


def resnet8():
    return ResNet(Block, [2, 2])


def resnet14():
    return ResNet(Block, [3, 3])
`;

function change(
  text: string,
  entry: string,
  widths: Readonly<Record<string, number>>,
): WidthChange & { readonly after_: string } {
  const session = sessionOver(new Map([['net.py', text]]));
  const model = session.model(uriOf('net.py'), entry)!;
  const asked = new Map(Object.entries(widths).map(([name, width]) => [name, { kind: 'width', width } as const]));
  const proposal = askedProposal(session.grouping(model.graph), { layers: asked });
  if (!proposal.ok) throw new Error(proposal.error);
  const found = widthChange(session, model, proposal.value, { refactor: true });
  return { ...found, after_: applyEdits(text, found.plan.edits) };
}

/** Every layer's width in an entry of a text. */
function widthsIn(text: string, entry: string): Readonly<Record<string, number | undefined>> {
  const { graph } = sessionOver(new Map([['net.py', text]])).model(uriOf('net.py'), entry)!;
  return Object.fromEntries(graph.ops.filter(hasOwnWidth).map((op) => [op.name, widthsOf(op.attributes).out]));
}

test('each block of a residual network gets its own inner width, and the other builder keeps its numbers', () => {
  const { plan, after_ } = change(residual, 'resnet8()', {
    'layer1.0.conv1': 5,
    'layer1.1.conv1': 9,
    'layer2.1.conv1': 20,
  });
  expect({ exact: isExact(plan), others: plan.alsoChanges, refused: plan.refused }).toEqual({
    exact: true,
    others: [],
    refused: [],
  });
  expect(widthsIn(after_, 'resnet8()')).toMatchObject({
    'layer1.0.conv1': 5,
    'layer1.0.conv2': 16,
    'layer1.1.conv1': 9,
    'layer2.0.conv1': 32,
    'layer2.1.conv1': 20,
  });
  expect(widthsIn(after_, 'resnet14()')).toEqual(widthsIn(residual, 'resnet14()'));
  expect(after_).toContain('        # Two convolutions of the same width.\n');
  expect(after_.split('\n').filter((line) => !residual.split('\n').includes(line))).toEqual([
    '    def __init__(self, in_planes, planes, stride=1, conv1_width=None):',
    '        conv1_width = conv1_width or planes',
    '        self.conv1 = nn.Conv2d(in_planes, conv1_width, 3, stride, 1, bias=False)',
    '        self.bn1 = nn.BatchNorm2d(conv1_width)',
    '        self.conv2 = nn.Conv2d(conv1_width, planes, 3, 1, 1, bias=False)',
    '    def __init__(self, block, num_blocks, layer1_widths=None, layer2_widths=None):',
    '        self.layer1 = self._make_layer(block, 16, num_blocks[0], 1, **(layer1_widths or {}))',
    '        self.layer2 = self._make_layer(block, 32, num_blocks[1], 2, **(layer2_widths or {}))',
    '    def _make_layer(self, block, planes, num_blocks, stride, block_widths=None):',
    '        for i, stride in enumerate([stride] + [1] * (num_blocks - 1)):',
    '            layers.append(block(self.in_planes, planes, stride, **(block_widths[i] if block_widths else {})))',
    '    return ResNet(Block, [2, 2], layer1_widths=dict(block_widths=[dict(conv1_width=5), dict(conv1_width=9)]), layer2_widths=dict(block_widths=[{}, dict(conv1_width=20)]))',
  ]);
});

test('a stage’s width leaves the inner ones and the other builder alone', () => {
  const { plan, after_ } = change(residual, 'resnet8()', { 'layer2.1.conv2': 21 });
  expect(isExact(plan)).toBe(true);
  expect(widthsIn(after_, 'resnet8()')).toMatchObject({
    'layer2.0.conv1': 32,
    'layer2.0.conv2': 21,
    'layer2.1.conv1': 32,
    'layer2.1.conv2': 21,
  });
  expect(widthsIn(after_, 'resnet14()')).toEqual(widthsIn(residual, 'resnet14()'));
});

/** As `residual`, with shortcuts that pad with zeros; the amounts are written in a lambda, or worked out when the block is made. */
const padded = (shortcut: string): string =>
  residual.replace(
    'nn.Sequential(nn.Conv2d(in_planes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))',
    shortcut,
  ) +
  `

class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Pad(nn.Module):
    def __init__(self, in_planes, planes):
        super().__init__()
        self.before = (planes - in_planes) // 2
        self.after = planes - in_planes - self.before

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))
`;

test.for([
  'Lambda(lambda x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, planes // 4, planes // 4), "constant", 0))',
  'Pad(in_planes, planes)',
])('stages tied by a shortcut of zeros keep its amounts: %s', (shortcut) => {
  const text = padded(shortcut);
  const { plan, after_ } = change(text, 'resnet8()', { conv1: 11, 'layer1.0.conv1': 5, 'layer2.1.conv1': 20 });
  expect({ exact: isExact(plan), others: plan.alsoChanges }).toEqual({ exact: true, others: [] });
  // The eight channels of zeros on each side stay: 11 + 16.
  expect(widthsIn(after_, 'resnet8()')).toMatchObject({
    conv1: 11,
    'layer1.0.conv1': 5,
    'layer1.0.conv2': 11,
    'layer2.0.conv1': 32,
    'layer2.0.conv2': 27,
    'layer2.1.conv1': 20,
  });
  expect(widthsIn(after_, 'resnet14()')).toEqual(widthsIn(text, 'resnet14()'));
});

test('a list has an item for each round of a loop, also where the last round’s number is for nobody', () => {
  const text = residual.replaceAll('self.in_planes = planes * block.expansion', 'self.in_planes = int(planes)');
  const { plan, after_ } = change(text, 'resnet8()', { conv1: 11, 'layer2.1.conv2': 21 });
  expect({ exact: isExact(plan), refused: plan.refused }).toEqual({ exact: true, refused: [] });
  expect(widthsIn(after_, 'resnet8()')).toMatchObject({ conv1: 11, 'layer1.1.conv2': 11, 'layer2.1.conv2': 21 });
});

test('numbers are written into a builder that a table holds, not where one of the table is called', () => {
  const table = `import torch
from net import resnet8, resnet14

builders = {'resnet8': resnet8, 'resnet14': resnet14}


def build(name):
    return builders[name]()


model = build('resnet8')
model(torch.randn(1, 3, 32, 32))
`;
  const texts = new Map([
    ['net.py', residual],
    ['main.py', table],
  ]);
  const session = sessionOver(texts);
  const model = session.model(uriOf('main.py'))!;
  const asked = new Map([['layer1.0.conv1', { kind: 'width', width: 5 } as const]]);
  const proposal = askedProposal(session.grouping(model.graph), { layers: asked });
  if (!proposal.ok) throw new Error(proposal.error);
  const { plan } = widthChange(session, model, proposal.value, { refactor: true });
  expect(isExact(plan)).toBe(true);
  expect(new Set(plan.edits.map(({ document }) => document))).toEqual(new Set([uriOf('net.py')]));
  expect(plan.alsoChanges).toEqual(['resnet8 of net.py']);
});

/** Blocks that end four times as wide, and ask by themselves whether the input has their width. */
const bottleneck = (last: string, norm: string, compared: string): string => `${head}class Block(nn.Module):
    expansion = 4

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 1, bias=False)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.conv3 = nn.Conv2d(planes, ${last}, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(${norm})
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != ${compared}:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, ${last}, 1, stride, bias=False), nn.BatchNorm2d(${norm}))

    def forward(self, x):
        out = self.bn3(self.conv3(self.conv2(self.conv1(x))))
        return F.relu(out + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, block, depth):
        super().__init__()
        self.in_planes = 8
        self.conv1 = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.layer1 = self._make_layer(block, 8, depth, 1)
        self.layer2 = self._make_layer(block, 16, depth, 2)
        self.linear = nn.Linear(16 * block.expansion, 10)

    def _make_layer(self, block, planes, depth, stride):
        layers = []
        for stride in [stride] + [1] * (depth - 1):
            layers.append(block(self.in_planes, planes, stride))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        return self.linear(self.layer2(self.layer1(self.conv1(x))).mean((2, 3)))


def shallow():
    return ResNet(Block, 2)


def deep():
    return ResNet(Block, 3)
`;

test.for([
  ['self.expansion * planes', 'self.expansion*planes', 'self.expansion * planes'],
  ['planes * Block.expansion', 'planes * Block.expansion', 'Block.expansion * planes'],
  ['self.expansion *\n                               planes', 'self.expansion*planes', 'self.expansion*planes'],
] as const)('what a block compares its input with follows its width: %s', ([last, norm, compared]) => {
  const text = bottleneck(last, norm, compared);
  const { plan, after_ } = change(text, 'shallow()', {
    'layer1.0.conv3': 29,
    'layer1.1.conv1': 3,
    'layer2.1.conv3': 51,
  });
  expect({ exact: isExact(plan), others: plan.alsoChanges }).toEqual({ exact: true, others: [] });
  expect(widthsIn(after_, 'shallow()')).toMatchObject({
    'layer1.0.conv3': 29,
    'layer1.0.shortcut.0': 29,
    'layer1.1.conv1': 3,
    'layer1.1.conv3': 29,
    'layer2.1.conv3': 51,
  });
  expect(widthsIn(after_, 'shallow()')).not.toHaveProperty('layer1.1.shortcut.0');
  // Python ends a statement with its line, unless a bracket is open.
  expect(after_).not.toMatch(/ or self\.expansion \*\n/);
  expect(widthsIn(after_, 'deep()')).toEqual(widthsIn(text, 'deep()'));
});

test('a factor of one passes a width on', () => {
  const text = bottleneck('self.expansion * planes', 'self.expansion * planes', 'self.expansion * planes').replace(
    'expansion = 4',
    'expansion = 1',
  );
  const { plan, after_ } = change(text, 'shallow()', { conv1: 5, 'layer2.1.conv3': 11, 'layer2.0.conv1': 7 });
  expect({ exact: isExact(plan), others: plan.alsoChanges }).toEqual({ exact: true, others: [] });
  expect(widthsIn(after_, 'shallow()')).toMatchObject({ conv1: 5, 'layer1.1.conv3': 5, 'layer2.0.conv3': 11 });
});

const shuffled = `${head}class Unit(nn.Module):
    def __init__(self, inp, oup):
        super().__init__()
        if inp != oup:
            raise ValueError('no such unit')
        half = oup // 2
        self.first = nn.Conv2d(half, half, 1)
        self.depthwise = nn.Conv2d(half, half, 3, padding=1, groups=half)
        self.last = nn.Conv2d(half, half, 1)

    def forward(self, x):
        left, right = x.chunk(2, 1)
        out = torch.cat([left, self.last(self.depthwise(self.first(right)))], 1)
        count, channels, height, width = out.shape
        return out.view(count, 2, channels // 2, height, width).transpose(1, 2).flatten(1, 2)


class Net(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.units = nn.Sequential(*[Unit(width, width) for _ in range(depth)])
        self.linear = nn.Linear(width, 10)

    def forward(self, x):
        return self.linear(self.units(self.stem(x)).mean((2, 3)))


def small():
    return Net(16, 2)


def deep():
    return Net(16, 3)
`;

test('inner widths are set where what holds the outer ones together can not be told apart', () => {
  const session = sessionOver(new Map([['net.py', shuffled]]));
  const model = session.model(uriOf('net.py'), 'small()')!;
  const whole = askedProposal(session.grouping(model.graph), { layers: new Map(), scale: 0.6 });
  if (!whole.ok) throw new Error(whole.error);
  const { plan } = widthChange(session, model, whole.value, { refactor: true });
  expect(plan.refused.flatMap(({ layers }) => layers)).toContain('stem');
  expect(plan.widths.map(({ layers, after }) => [layers, after])).toEqual([
    [['units.0.first', 'units.0.depthwise'], 5],
    [['units.1.first', 'units.1.depthwise'], 5],
  ]);
});

const dense = `${head}class Layer(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        out = self.conv1(F.relu(self.bn1(x)))
        return torch.cat([x, self.conv2(F.relu(self.bn2(out)))], 1)


class DenseNet(nn.Module):
    def __init__(self, growth=12, depths=(3, 2)):
        super().__init__()
        channels = 2 * growth
        self.conv = nn.Conv2d(3, channels, 3, padding=1)
        blocks = []
        for depth in depths:
            for _ in range(depth):
                blocks.append(Layer(channels, growth))
                channels += growth
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(channels, 10)

    def forward(self, x):
        return self.linear(self.blocks(self.conv(x)).mean((2, 3)))


def densenet():
    return DenseNet(12)
`;

test('layers of a dense block differ, in nested loops', () => {
  const { plan, after_ } = change(dense, 'densenet()', { 'blocks.1.conv1': 31, 'blocks.4.conv1': 17 });
  expect(isExact(plan)).toBe(true);
  expect(widthsIn(after_, 'densenet()')).toMatchObject({
    'blocks.0.conv1': 48,
    'blocks.1.conv1': 31,
    'blocks.4.conv1': 17,
  });
});

test.for([
  ['carriage returns', (text: string) => text.replaceAll('\n', '\r\n')],
  ['tabs', (text: string) => text.replaceAll('    ', '\t')],
  ['a byte order mark', (text: string) => `\uFEFF${text}`],
  ['signs beyond ASCII', (text: string) => text.replace('Two convolutions', 'Zwei Faltungen gleicher Größe 𝔸 🙂')],
] as const)('%s stay as they are', ([, disguise]) => {
  const text = disguise(residual);
  const { plan, after_ } = change(text, 'resnet8()', { 'layer1.0.conv1': 5 });
  expect(isExact(plan)).toBe(true);
  expect(widthsIn(after_, 'resnet8()')['layer1.0.conv1']).toBe(5);
  const untouched = text.split('\n').filter((line) => /Sequential|forward|self\.linear|Zwei|def resnet14/.test(line));
  for (const line of untouched) expect(after_.split('\n')).toContain(line);
  expect(after_.includes('\r\n') && /[^\r]\n/.test(after_)).toBe(false);
});
