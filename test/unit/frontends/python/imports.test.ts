// Which files an import reads, and what an import in `try` comes to.

import { expect, test } from 'vitest';
import { readProject } from '../../../support/python-model.ts';

const net = (imports: string, width: string): string => `# morphnet: entry=Net() input=3x8x8
from torch import nn
${imports}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, ${width}, 1)

    def forward(self, x):
        return self.conv(x)
`;

const widthOf = (
  files: Readonly<Record<string, string>>,
): { readonly width: unknown; readonly read: readonly string[] } => {
  const { graph, dependencies } = readProject({ files });
  const conv = graph?.ops.find(({ name }) => name === 'conv');
  return {
    width: graph?.values[conv?.outputs[0] ?? -1]?.shape[1],
    read: dependencies.map((name) => name.slice('file:///project/'.length)).filter((name) => name in files),
  };
};

const guarded = 'try:\n    from helper import width\nexcept ImportError:\n    width = 5\n';

test('what a module imported in `try` imports itself is read when it is asked for', () => {
  const files = { 'main.py': net(guarded, 'width'), 'helper.py': 'import heavy\nwidth = 7\n', 'heavy.py': 'x = 1\n' };
  expect(widthOf(files)).toEqual({ width: 7, read: ['main.py', 'helper.py'] });
  const asking = { ...files, 'helper.py': 'from heavy import x\nwidth = 6 + x\n' };
  expect(widthOf(asking)).toEqual({ width: 7, read: ['main.py', 'helper.py', 'heavy.py'] });
});

test('an import in `try` that fails is handled, also where another module hands the name on', () => {
  expect(widthOf({ 'main.py': net(guarded, 'width') }).width).toBe(5);
  const files = { 'main.py': net(guarded, 'width'), 'helper.py': 'from gone import width\n' };
  expect(widthOf(files).width).toBe(5);
});
