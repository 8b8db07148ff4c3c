// Scripts that make a model and keep it in a variable: the model is what the variable holds when training begins.

import { expect, test } from 'vitest';
import type { ModelEntry } from '../../../../server/src/network/network-graph.ts';
import { pythonFrontend } from '../../../support/python-frontend.ts';
import { mainDocument, readProject, readPython, type PythonReading } from '../../../support/python-model.ts';

const head = `import argparse
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width, classes=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 1)
        self.fc = nn.Linear(width, classes)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))


`;

const entriesOf = (text: string): readonly ModelEntry[] =>
  pythonFrontend.entries(mainDocument, { roots: [], read: () => text }).entries;

/** Name of the entry, and widths by layer. */
function widthsOf({ entry, graph, problems }: PythonReading): readonly unknown[] {
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  const layers = graph?.ops.filter(({ parameters }) => parameters.length > 0) ?? [];
  return [entry?.name, Object.fromEntries(layers.map(({ name, outWidth }) => [name, outWidth?.value]))];
}

const training = `optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(90):
    for x, y in loader:
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
`;

test.each<[string, string, readonly unknown[]]>([
  [
    'a container that is filled line by line',
    `net = nn.Sequential()
net.add_module("first", nn.Conv2d(3, 6, 1))
net.append(nn.Conv2d(6, 2, 1))
`,
    ['net', { first: 6, 1: 2 }],
  ],
  ['a head that is replaced', `net = Net(8)\nnet.fc = nn.Linear(8, 3)\n${training}`, ['net', { conv: 8, fc: 3 }]],
  [
    'a head that a function replaces',
    `def change_head(model):
    model.fc = nn.Linear(model.fc.in_features, 7)


net = Net(8)
change_head(net)
${training}`,
    ['net', { conv: 8, fc: 7 }],
  ],
  [
    'one of several',
    `name = "wide"
if name == "wide":
    net = Net(16)
else:
    net = Net(2)
${training}`,
    ['net', { conv: 16, fc: 4 }],
  ],
  ['one that is moved at once', `net = Net(8).to("cuda").eval()\n${training}`, ['Net(8)', { conv: 8, fc: 4 }]],
  ['a copy on a device', `net = Net(8)\nnet = net.to("cuda")\n${training}`, ['Net(8)', { conv: 8, fc: 4 }]],
  ['a copy on each device', `net = Net(8)\nnet = nn.DataParallel(net)\n${training}`, ['Net(8)', { conv: 8, fc: 4 }]],
  [
    'one that training gives back',
    `def train_model(model):
    for x, y in loader:
        model(x).sum().backward()
    return model


net = Net(8)
net.fc = nn.Linear(8, 2)
net = train_model(net)
${training}`,
    ['net', { conv: 8, fc: 2 }],
  ],
])('%s', (_, text, expected) => {
  expect(widthsOf(readPython(head + text))).toEqual(expected);
});

const inMain = `def main(more=1):
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=5)
    args = parser.parse_args()
    net = Net(args.width, classes=args.width + more)
    ${training.trimEnd().replaceAll('\n', '\n    ')}


if __name__ == "__main__":
    main()
`;

test('a model that a function makes has the function’s name in front', () => {
  const reading = readPython(head + inMain);
  expect(widthsOf(reading)).toEqual(['main.net', { conv: 5, fc: 6 }]);
  expect(reading.textAt(reading.entry?.span)).toBe('net');
  // The width leads back to the option's default.
  const { outWidth } = reading.graph!.ops.find(({ name }) => name === 'conv')!;
  expect(outWidth?.kind).toBe('literal');
  expect(outWidth?.kind === 'literal' && reading.textAt(outWidth.span)).toBe('5');
});

test('it can be asked for by that name', () => {
  const request = { entry: 'main.net', input: [[3, 6, 6]], from: 'request' } as const;
  const reading = readProject({ files: { 'main.py': head + inMain }, request });
  expect(widthsOf(reading)).toEqual(['main.net', { conv: 5, fc: 6 }]);
});

test('a call with constants in a function is an entry by itself', () => {
  const text = `${head}def test_shape():
    net = Net(width=9)
    assert net(torch.zeros(2, 3, 5, 5)).shape == (2, 4)
`;
  const reading = readPython(text);
  expect(widthsOf(reading)).toEqual(['Net(width=9)', { conv: 9, fc: 4 }]);
  expect(reading.entry?.input.shapes).toEqual([[3, 5, 5]]);
});

test('names of the main guard', () => {
  const text = `${head}if __name__ == "__main__":
    width = 3 * 4
    net = Net(width)
    ${training.trimEnd().replaceAll('\n', '\n    ')}
`;
  expect(widthsOf(readPython(text))).toEqual(['net', { conv: 12, fc: 4 }]);
});

test('a change that is not known is told', () => {
  const { entry, graph } = readPython(`${head}

net = Net(8)
if torch.rand(1) > 0.5:
    net.fc = nn.Linear(8, 3)
${training}`);
  expect(entry?.name).toBe('net');
  expect(new Set(graph?.unknowns.map(({ reason }) => reason))).toEqual(
    new Set(['Which branch is taken here depends on the contents of a tensor']),
  );
});

test('a model of a package that is not there says so', () => {
  const { problems } = readPython(`import torch
from torchvision import models

net = models.resnet18()
net.fc = torch.nn.Linear(512, 3)
${training}`);
  expect(problems.map(({ code }) => code)).toEqual(['no-model']);
  expect(problems[0]?.message).toMatch(/^The module torchvision is neither in the workspace nor in installed packages/);
});

test('a function that gives its variable back is the entry itself', () => {
  const text = `${head}def plain():
    net = Net(4)
    return net


def changed(pretrained=False, **options):
    net = Net(6, **options)
    if pretrained:
        net.load_state_dict(torch.load("weights.pt"))
    net.fc = nn.Linear(6, 9)
    return net


def with_optimizer():
    net = Net(7)
    return net, torch.optim.SGD(net.parameters(), lr=0.1)
`;
  const names = entriesOf(text).map(({ name }) => name);
  expect(names).toEqual(['Net(7)', 'plain()', 'changed()']);
  const request = { entry: 'changed()', from: 'request' } as const;
  expect(widthsOf(readProject({ files: { 'main.py': text }, request }))).toEqual(['changed()', { conv: 6, fc: 9 }]);
});

test('a model that depends on an option which has to be given says which, and how to give it', () => {
  const builders = Array.from(
    { length: 40 },
    (_, i) => `    if name == "net${i}":\n        return Net(sum(range(2000)) * 0 + ${i})\n`,
  );
  const text = `${head}def build(name):
${builders.join('')}

parser = argparse.ArgumentParser()
parser.add_argument("-net", required=True)
args = parser.parse_args()
net = build(args.net)
${training}`;
  const [told] = readPython(text, { steps: 60_000 }).problems;
  expect(told?.message).toBe(
    'Which model this is depends on -net, which has to be given on the command line. Name it in a comment: # morphnet: entry=net(-net …)',
  );
  const given = readPython(`# morphnet: entry=net(-net net7)\n${text}`);
  expect(widthsOf(given)).toEqual(['net(-net net7)', { conv: 7, fc: 4 }]);
});

/** Runs long, with as many steps as it is asked for. */
const slow = (rounds: number): string => `total = 0
for i in range(${String(rounds)}):
    for j in range(100):
        total += i * j
`;

test('a statement that takes long ends itself and not the model, whose sums are then lower bounds', () => {
  const { entry, graph, problems } = readPython(`${head}${slow(4000)}net = Net(8)\n${training}`, { steps: 100_000 });
  expect([entry?.name, problems]).toEqual(['Net(8)', []]);
  expect(graph?.ops.find(({ name }) => name === 'conv')?.outWidth?.value).toBe(8);
  expect(graph?.unknowns.map(({ reason }) => reason)).toEqual(['What this does takes too long to be followed']);
});

test('what a statement that took long may have changed is not known', () => {
  const work = slow(4000).replace(/^/gm, '    ');
  const text = `${head}widths = [4]\n\n\nif True:\n${work}\n    widths.append(1)\n    base = 3\nnet = Net(len(widths))\n${training}`;
  const { graph } = readPython(text, { steps: 100_000 });
  expect(graph?.ops.find(({ name }) => name === 'conv')?.outWidth?.value).toBeUndefined();
});

test('the loop that trains is not followed for what was made before it', () => {
  const loop = `def train(epoch):
    for x, y in loader:
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()


for epoch in range(90):
    train(epoch)
${slow(4000).replace(/^/gm, '    ')}`;
  const { graph } = readPython(`${head}net = Net(8)\n${loop}`, { steps: 40_000 });
  expect(graph?.unknowns).toEqual([]);
});

test('packages of data and of output are not read where they are installed', () => {
  const { dependencies, graph } = readProject({
    files: {
      'torchvision/__init__.py': '',
      'torchvision/datasets.py': slow(10_000),
      'rich/__init__.py': slow(10_000),
      'main.py': `from torchvision import datasets\nimport rich\n${head}data = datasets.CIFAR10("data")\nrich.print(data)\nnet = Net(8)\nnet.fc = nn.Linear(8, 2)\n`,
    },
  });
  expect(graph?.unknowns).toEqual([]);
  expect(dependencies.filter((each) => /datasets|rich/.test(each))).toEqual([]);
});

test('what is made of a model after it was trained is another one', () => {
  const { entry, graph } = readPython(`import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(3, 8, 1))
for step in range(10):
    loss = model(torch.randn(1, 3, 8, 8)).sum()
    loss.backward()
model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
`);
  expect(entry?.name).toBe('model');
  expect(
    graph?.ops.flatMap(({ attributes }) => (attributes.kind === 'convolution' ? [attributes.outChannels] : [])),
  ).toEqual([8]);
});
