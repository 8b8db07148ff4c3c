// Input shapes of models whose file says little about them: what the file tells of, and what is assumed where it tells nothing.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

const classOf = (layers: string, forward: string): string => `import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        ${layers}

    def forward(self, x):
        return ${forward}
`;

const convolutional = classOf(
  'self.conv, self.fc = nn.Conv2d(3, 6, 5), nn.Linear(6 * 14 * 14, 10)',
  'self.fc(torch.flatten(F.max_pool2d(self.conv(x), 2), 1))',
);
/** Takes images of any size. */
const pooled = classOf(
  'self.conv, self.fc = nn.Conv2d(3, 6, 5), nn.Linear(6, 10)',
  'self.fc(self.conv(x).mean((2, 3)))',
);

const inputOf = (text: string): { readonly shapes: unknown; readonly from: unknown } => {
  const { graph, problems } = readPython(text);
  expect(problems).toEqual([]);
  const { shapes, from } = graph!.entry.input;
  return { shapes, from };
};

test.each<[string, string, readonly number[]]>([
  ['an image of the usual size', pooled, [3, 224, 224]],
  ['the size that the dense layer behind it was made for', convolutional, [3, 32, 32]],
  [
    'channels of the first convolution',
    classOf(
      'self.conv, self.fc = nn.Conv2d(1, 8, 3), nn.Linear(8 * 26 * 26, 10)',
      'self.fc(self.conv(x).view(-1, 8 * 26 * 26))',
    ),
    [1, 28, 28],
  ],
  [
    'pixels that a dense layer counts',
    classOf('self.fc = nn.Linear(784, 10)', 'self.fc(x.view(-1, 784))'),
    [1, 28, 28],
  ],
  ['colours too', classOf('self.fc = nn.Linear(3072, 10)', 'self.fc(x.flatten(1))'), [3, 32, 32]],
  ['features that are no image', classOf('self.fc = nn.Linear(4, 2)', 'self.fc(x)'), [4]],
  ['noise of one pixel', classOf('self.up = nn.ConvTranspose2d(100, 8, 4)', 'self.up(x)'), [100, 1, 1]],
  ['a signal', classOf('self.conv = nn.Conv1d(2, 8, 9)', 'self.conv(x)'), [2, 1024]],
  [
    'words',
    classOf('self.words, self.fc = nn.Embedding(50, 8), nn.Linear(8, 2)', 'self.fc(self.words(x).mean(1))'),
    [128],
  ],
  ['a series', classOf('self.cell = nn.LSTM(9, 4, batch_first=True)', 'self.cell(x)[0][:, -1, :]'), [128, 9]],
  ['a volume', classOf('self.conv = nn.Conv3d(3, 8, 3)', 'self.conv(x)'), [3, 16, 112, 112]],
  [
    'images of a data set that the file loads',
    `${pooled}\ntrain_set = torchvision.datasets.CIFAR10(root="data", train=True)\n`,
    [3, 32, 32],
  ],
  [
    'images as the file cuts them',
    `${pooled}\nchange = transforms.Compose([transforms.Resize(160), transforms.CenterCrop((128, 96))])\n`,
    [3, 128, 96],
  ],
])('assumed: %s', (_, text, shape) => {
  expect(inputOf(text)).toEqual({ shapes: [shape], from: 'default' });
});

test('a pair of images', () => {
  const text = classOf(
    'self.conv, self.fc = nn.Conv2d(1, 8, 3), nn.Linear(8 * 26 * 26, 4)',
    'self.half(x), self.half(other)\n\n    def half(self, x):\n        return self.fc(self.conv(x).flatten(1))',
  ).replace('forward(self, x)', 'forward(self, x, other)');
  const shape = [1, 28, 28];
  expect(inputOf(text)).toEqual({ shapes: [shape, shape], from: 'default' });
});

test.each([
  ['a step', 't', 'self.conv(x) * t[:, None, None, None]', []],
  ['a class', 'labels', 'self.conv(x) + self.table(labels)[:, :, None, None]', []],
  ['words', 'tokens', 'self.conv(x) + self.table(tokens).mean(1)[:, :, None, None]', [128]],
  ['a mask', 'mask', 'self.conv(x * mask)', [1, 224, 224]],
])('what is no second image is tried as what its name tells: %s', (_, name, forward, shape) => {
  const text = classOf('self.conv, self.table = nn.Conv2d(3, 8, 3), nn.Embedding(10, 8)', forward);
  expect(inputOf(text.replace('(self, x)', `(self, x, ${name})`)).shapes).toEqual([[3, 224, 224], shape]);
});

test.each<[string, string, string, string, readonly (readonly number[])[]]>([
  [
    'noise and a class beside it',
    'self.fc = nn.Linear(110, 8)',
    'noise, label',
    'self.fc(torch.cat([noise, label], 1))',
    [[100], [10]],
  ],
  [
    'noise and a class that is looked up',
    'self.classes, self.fc = nn.Embedding(10, 10), nn.Linear(110, 8)',
    'noise, labels',
    'self.fc(torch.cat([self.classes(labels), noise], -1))',
    [[100], []],
  ],
  [
    'noise that a class is multiplied with',
    'self.classes, self.fc = nn.Embedding(10, 100), nn.Linear(100, 8)',
    'noise, labels',
    'self.fc(torch.mul(self.classes(labels), noise))',
    [[100], []],
  ],
  [
    'an image with a map for each class',
    'self.conv, self.fc = nn.Conv2d(11, 8, 4, 2, 1), nn.Linear(8 * 16 * 16, 1)',
    'image, label',
    'self.fc(self.conv(torch.cat([image, label], 1)).view(-1, 8 * 16 * 16))',
    [
      [1, 32, 32],
      [10, 32, 32],
    ],
  ],
  [
    'an image and a class that is looked up',
    'self.classes, self.fc = nn.Embedding(10, 10), nn.Linear(1034, 8)',
    'img, labels',
    'self.fc(torch.cat((img.view(img.size(0), -1), self.classes(labels)), -1))',
    [[1, 32, 32], []],
  ],
])('labels: %s', (_, layers, parameters, result, shapes) => {
  const text = classOf(layers, result).replace('forward(self, x)', `forward(self, ${parameters})`);
  expect(inputOf(text)).toEqual({ shapes, from: 'default' });
});

test('a program that goes on only with a graphics card is read as on a machine that has one', () => {
  const made = (test: string, body: string, otherwise: string): string =>
    `${pooled}\n\ndef main():\n    net = Net()\n    if ${test}:\n        ${body}\n    else:\n        ${otherwise}\n    return net\n\nif __name__ == '__main__':\n    main()\n`;
  for (const text of [
    made('torch.cuda.is_available()', 'net = net.cuda()', "raise RuntimeError('a GPU is needed')"),
    made('not torch.cuda.is_available()', "raise RuntimeError('a GPU is needed')", 'net = net.cuda()'),
  ]) {
    const { graph, problems } = readPython(text);
    expect(problems).toEqual([]);
    expect(graph?.entry.name).toBe('main()');
  }
});

test('frames, where the sizes of five axes are taken', () => {
  const text = classOf(
    'self.conv = nn.Conv2d(3, 8, 3)',
    'self.frames(x)\n\n    def frames(self, x):\n        n, t, c, h, w = x.size()\n        return self.conv(x.reshape(n * t, c, h, w)).reshape(n, -1)',
  );
  expect(inputOf(text).shapes).toEqual([[5, 3, 64, 64]]);
});

test('a part without weights that takes none of the usual inputs is no model', () => {
  const text = classOf('pass', 'x.view(7, 11, 13, 17) + filters').replace('(self, x)', '(self, x, filters)');
  const { graph, problems } = readPython(text);
  expect(graph).toBeUndefined();
  expect(problems).toMatchObject([{ code: 'no-model', severity: 'information' }]);
});

test.each([
  ['torchsummary', 'from torchsummary import summary\nsummary(Net(), (3, 32, 32))\n'],
  ['torchinfo, with the batch', 'from torchinfo import summary\nsummary(Net(), input_size=(16, 3, 32, 32))\n'],
  ['ptflops', 'macs, params = get_model_complexity_info(Net(), (3, 32, 32), as_strings=True)\n'],
])('told by a summary: %s', (_, call) => {
  expect(inputOf(pooled + call)).toEqual({ shapes: [[3, 32, 32]], from: 'call' });
});

test('told by what Lightning is given as an example', () => {
  const text = pooled.replace(
    'super().__init__()',
    'super().__init__()\n        self.example_input_array = torch.zeros(1, 3, 48, 48)',
  );
  expect(inputOf(text)).toEqual({ shapes: [[3, 48, 48]], from: 'call' });
});

test('where nothing fits, the finding says that the input is only assumed, and is no error', () => {
  const text = classOf('self.a, self.b = nn.Conv2d(3, 8, 3), nn.Linear(7, 4)', 'self.b(self.a(x).flatten(1))');
  const { graph, problems } = readPython(text);
  expect(graph?.entry.input.shapes).toEqual([[3, 224, 224]]);
  expect(problems.map(({ severity, code }) => [severity, code])).toEqual([['information', 'shape-mismatch']]);
  expect(problems[0]?.message).toMatch(
    'The input 3×224×224 is only assumed: if it is another, name it in a comment: # morphnet: input=3x32x32',
  );
});

test('a layer that gets other channels than it takes at any input is an error of the model', () => {
  const text = classOf('self.a, self.b = nn.Conv2d(3, 8, 3), nn.Conv2d(9, 4, 1)', 'self.b(self.a(x))');
  const { problems } = readPython(text);
  expect(problems).toMatchObject([
    {
      severity: 'error',
      code: 'shape-mismatch',
      message: 'b: Expected 9 input channels but the input is 8×222×222',
    },
  ]);
});

test('an input that somebody named is taken at their word', () => {
  const text = `# morphnet: input=3x64x64\n${convolutional}`;
  const { graph, problems } = readPython(text);
  expect(graph?.entry.input).toMatchObject({ shapes: [[3, 64, 64]], from: 'directive' });
  expect(problems).toMatchObject([
    { severity: 'error', message: 'fc: Expected 1176 input features on the last axis but the input is 5400' },
  ]);
});

test('trying shapes takes no more than a part of what one evaluation may', () => {
  const { graph, problems } = readPython(
    convolutional.replace('super().__init__()', 'super().__init__()\n        sum(range(300000))'),
  );
  expect(graph?.entry.input.shapes).toEqual([[3, 224, 224]]);
  expect(problems.map(({ code }) => code)).toEqual(['shape-mismatch']);
});

const conditioned = `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 1)

    def forward(self, x, time):
        assert time.ndim == 1
        return self.conv(x) * time


`;

test.for([
  ['other arguments by name', 'net = Net(4)\nimages = torch.randn(2, 3, 8, 8)\nnet(images, time=torch.ones(2))'],
  ['a list of tensors', 'net = Net(4)\nx = [torch.randn(3, 8, 8), torch.randn(3, 4, 4)]\nnet(x, torch.ones(1))'],
  ['what another model is given', 'net = Net(4)\nimages = torch.randn(2, 3, 8, 8)\nother(images)'],
])('what fails where the program gives the model %s is no mistake for certain', ([, calls = '']) => {
  const { graph, problems } = readPython(conditioned + calls);
  expect(graph).toBeDefined();
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([]);
});

test('what fails in a call as it is written is one', () => {
  const { problems } = readPython(`${conditioned}net = Net(4)\nnet(torch.randn(2, 3, 8, 8))\n`);
  const [problem] = problems;
  expect(problem?.severity).toBe('error');
  expect(problem?.message).toContain("misses the argument 'time'");
});
