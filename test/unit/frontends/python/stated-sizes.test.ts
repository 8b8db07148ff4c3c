// The size of images that a model says itself it is made for: by its arguments, by their defaults, by what it keeps of them.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

const net = (parameters: string, body: string, makes: string): string => `from torch import nn


class Net(nn.Module):
    def __init__(self${parameters}):
        super().__init__()
        ${body}
        self.conv = nn.Conv2d(3, 6, 5)

    def forward(self, x):
        return self.conv(x).mean((2, 3))


${makes}
`;

test.each<[string, string, readonly number[]]>([
  ['an argument', net(', image_size=64', '', 'net = Net(image_size=96)'), [3, 96, 96]],
  ['a pair as an argument', net(', img_size=64', '', 'net = Net(img_size=(96, 128))'), [3, 96, 128]],
  ['a default', net(', img_size=384', '', ''), [3, 384, 384]],
  [
    'a default of the function that makes it',
    net(', size=8', '', 'def net(img_size=160):\n    return Net(img_size)'),
    [3, 160, 160],
  ],
  ['what it keeps', net('', 'self.in_size = (299, 299)', ''), [3, 299, 299]],
  [
    'its default configuration',
    net('', "self.default_cfg = {'input_size': (3, 240, 240), 'mean': 0.5}", ''),
    [3, 240, 240],
  ],
  ['no number of features', net(', input_size=10', '', ''), [3, 224, 224]],
  ['no channels of something inside', net('', 'self.in_size, self.channels = 64, 512', ''), [3, 64, 64]],
])('%s', (_, text, shape) => {
  const { graph } = readPython(text);
  expect(graph?.entry.input).toMatchObject({ shapes: [shape], from: 'default' });
});

test('a size that does not fit is no finding: others are tried', () => {
  const { graph, problems } = readPython(`from torch import nn


class Net(nn.Module):
    def __init__(self, img_size=40):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 5)
        self.fc = nn.Linear(6 * 28 * 28, 10)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))
`);
  expect(problems).toEqual([]);
  expect(graph?.entry.input.shapes).toEqual([[3, 32, 32]]);
});
