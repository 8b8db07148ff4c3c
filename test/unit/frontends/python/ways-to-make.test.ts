// The ordinary ways in which scripts make a model and keep it: each gives an entry by itself, which is that very model.

import { expect, test } from 'vitest';
import { pythonFrontend } from '../../../support/python-frontend.ts';
import { mainDocument, readProject, readPython } from '../../../support/python-model.ts';

const head = `import argparse
import torch
from torch import nn
import torch.multiprocessing as mp


class Net(nn.Sequential):
    def __init__(self, width=2):
        super().__init__(nn.Conv2d(3, width, 3))


REGISTRY = {}


def register(cls):
    REGISTRY[cls.__name__] = cls
    return cls


`;

/** The names of the entries, and of the first one the width of its layer. */
function firstOf(text: string): readonly unknown[] {
  const { entry, graph, problems } = readPython(head + text);
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  return [entry?.name, graph?.ops.find(({ parameters }) => parameters.length > 0)?.outWidth?.value];
}

const namesOf = (text: string): readonly string[] =>
  pythonFrontend.entries(mainDocument, { roots: [], read: () => head + text }).entries.map(({ name }) => name);

test.each<[string, string, string]>([
  ['with an annotation', 'net: nn.Module = Net(32)\n', 'Net(32)'],
  ['two at once', 'G, D = Net(32), Net(16)\n', 'Net(32)'],
  ['in a chain', 'net = best = Net(32)\n', 'Net(32)'],
  ['in wrappers', 'net = torch.compile(nn.DataParallel(Net(32)).cuda())\n', 'Net(32)'],
  ['with starred arguments', 'net = Net(*[32])\n', 'Net(*[32])'],
  ['with keyword arguments', 'net = Net(**{"width": 32})\n', 'Net(**{"width": 32})'],
  ['in a list', 'nets = [Net(32), Net(16)]\n', 'Net(32)'],
  ['in a dictionary', 'nets = {"G": Net(32), "D": Net(16)}\n', 'Net(32)'],
  ['given to what trains it', 'trainer = Trainer(model=Net(32), epochs=3)\n', 'Net(32)'],
  [
    'by a registry',
    `@register
class Wide(Net):
    pass


def build(cfg):
    options = dict(cfg)
    return REGISTRY[options.pop("type")](**options)


model = build(dict(type="Wide", width=32))
`,
    'model',
  ],
  [
    'by a class that trains it',
    `class Trainer:
    def __init__(self, width):
        self.model = Net(width)

    def run(self):
        self.model.train()


if __name__ == "__main__":
    Trainer(32).run()
`,
    'Trainer.model',
  ],
  [
    'by a method that the constructor calls',
    `class Solver:
    def __init__(self, args):
        self.args = args
        self.build_model()

    def build_model(self):
        self.net = Net(self.args["width"])


def main():
    solver = Solver({"width": 32})
    solver.train()


main()
`,
    'Solver.net',
  ],
  [
    'by a worker that is given the options',
    `def work(gpu, args):
    model = Net(args.width)
    model.cuda(gpu)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=32)
    work(0, parser.parse_args())


if __name__ == "__main__":
    main()
`,
    'work.model',
  ],
  [
    'by a function that is given the options under the guard',
    `def main(args):
    model = Net(args.width)
    model.train()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=32)
    main(parser.parse_args())
`,
    'main.model',
  ],
  [
    'by a function that reads options of the guard',
    `def main():
    model = Net(options.width)
    model.train()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=32)
    options = parser.parse_args()
    main()
`,
    'main.model',
  ],
])('%s', (_, text, name) => {
  expect(firstOf(text)).toEqual([name, 32]);
});

test('a model made with a variable is what it was then, whatever the variable becomes', () => {
  expect(firstOf('width = 32\nnet = Net(width)\nnet.eval()\nwidth = 8\n')).toEqual(['net', 32]);
});

test('what a function needs and nothing gives it is unknown, and said', () => {
  const text = `${head}def main(width, depth=1):
    model = Net(width)
    model.train()


run = main
`;
  const { entry, graph, problems } = readProject({
    files: { 'main.py': text },
    request: { entry: 'main.model', from: 'request' },
  });
  expect(entry?.name).toBe('main.model');
  const told = [...(graph?.unknowns ?? []).map(({ reason }) => reason), ...problems.map(({ message }) => message)];
  expect(told.join('\n')).toMatch('main.model needs width, and nothing that was understood calls main');
});

test('losses, activations and what is made for export come last', () => {
  const text = `class DiceLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x.sum()


class Swish(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


class ExportWrapper(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.net(x)


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.net(x)
`;
  expect(namesOf(text)).toEqual(['Net()', 'Plain()', 'DiceLoss()', 'Swish()', 'ExportWrapper()']);
});

test('each model has the input that it is called with itself', () => {
  const text = `G = Net(4)
D = nn.Sequential(nn.Linear(7, 1))
D(torch.rand(5, 7))
image = torch.randn(2, 3, 48, 64).cuda()
G(image)
`;
  const { entries } = pythonFrontend.entries(mainDocument, { roots: [], read: () => head + text });
  expect(entries.map(({ name, input }) => [name, input.shapes, input.from])).toEqual([
    ['Net(4)', [[3, 48, 64]], 'call'],
    ['D', [[7]], 'call'],
    ['Net()', [[3, 48, 64]], 'call'],
  ]);
});
