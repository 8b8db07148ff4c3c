// Which of a file's models comes first: one with layers that have weights, whatever stands above it; and why a file has none.

import { expect, test } from 'vitest';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';

const net = uriOf('net.py');
const layer = (name: string, parameters: string, made: string): string => `class ${name}(nn.Module):
    def __init__(self${parameters}):
        super().__init__()
        self.inner = ${made}

    def forward(self, x):
        return self.inner(x)


`;

function read(text: string) {
  const session = sessionOver(
    new Map([['elsewhere.py', 'from torch import nn\n\n\nclass Base(nn.Module):\n    pass\n']]),
  );
  session.setDocument(net, `from torch import nn\nfrom elsewhere import Base\n\n\n${text}`, 1);
  return {
    all: session.analyze(net).models.map(({ entry }) => entry.name),
    chosen: session.analyzeChosen(net).models.map(({ entry }) => entry.name),
    reasons: session
      .analyze(net)
      .problems.flatMap(({ code, severity, message }) => (code === 'no-entry' ? [`${severity}: ${message}`] : [])),
  };
}

test('what has no weights comes after what has some', () => {
  const text = layer('Blur', '', 'nn.AvgPool2d(3)') + layer('Net', '', 'nn.Conv2d(3, 4, 1)');
  expect(read(text)).toEqual({ all: ['Net()', 'Blur()'], chosen: ['Net()'], reasons: [] });
});

test('what somebody asks for comes first all the same', () => {
  const text = `# morphnet: entry=Blur()\n${layer('Blur', '', 'nn.AvgPool2d(3)')}${layer('Net', '', 'nn.Conv2d(3, 4, 1)')}`;
  expect(read(text).chosen).toEqual(['Blur()']);
});

test('a file of nothing else offers what it has', () => {
  expect(read(layer('Blur', '', 'nn.AvgPool2d(3)')).chosen).toEqual(['Blur()']);
});

test.for(['nn.Module', 'Base'])('a part that a layer makes of itself comes after the models: base %s', (base) => {
  const text = `def block(channels):
    return nn.Sequential(nn.Conv2d(3, channels, 1))


${layer('Net', ', width=8', 'block(4)').replace('nn.Module', base)}`;
  expect(read(text).all).toEqual(['Net()', 'block(4)']);
});

test('a file whose classes need arguments says which, models before their parts', () => {
  const text = layer('Block', ', width', 'nn.Conv2d(3, width, 1)') + layer('Net', ', depth, width', 'Block(width)');
  expect(read(text).reasons).toEqual([
    'hint: Nothing in this file can be made without arguments that it does not tell: Net needs depth and width; Block needs width. ' +
      'Name one with its arguments in a comment: # morphnet: entry=Net(depth=…, width=…)',
  ]);
});

test('a file without models says that, and what to do', () => {
  expect(read('width = 3\n').reasons).toEqual([
    expect.stringMatching(/^hint: This file makes no model.*entry=build\(\)/),
  ]);
});
