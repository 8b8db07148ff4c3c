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

const lazyPackage = `from typing import TYPE_CHECKING
if TYPE_CHECKING or SLOW:
    try:
        raise ImportError
    except ImportError:
        from .nothing import width
    else:
        from .sizes import width
    from .more import *
else:
    import sys
    sys.modules[__name__] = make_lazy(__name__)
`;

test('a package that puts a lazy module in its place gives what it imports for type checkers', () => {
  const files = {
    'models/__init__.py': lazyPackage.replace('SLOW', 'False'),
    'models/sizes.py': 'width = 7\n',
    'models/more.py': 'depth = 3\n',
    'models/nothing.py': 'width = 1\n',
  };
  expect(widthOf({ ...files, 'main.py': net('from models import width', 'width') }).width).toBe(7);
  expect(widthOf({ ...files, 'main.py': net('import models', 'models.depth') }).width).toBe(3);
  // Without another branch such an import is for type checkers alone.
  const plain = {
    ...files,
    'models/__init__.py': 'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .sizes import width\n',
  };
  expect(widthOf({ ...plain, 'main.py': net(guarded.replace('helper', 'models'), 'width') }).width).toBe(5);
});

test('a model that a file only imports is an entry of it, imported at once or when it is asked for', () => {
  const request = { entry: 'Net()', from: 'request', input: [[3, 8, 8]] } as const;
  const files = { 'main.py': 'from nets import Net\n', 'nets.py': net('', '7') };
  const ops = (main: string) => readProject({ files: { ...files, 'main.py': main }, request }).graph?.ops.length;
  expect(ops(files['main.py'])).toBe(2);
  const lazy = 'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from nets import Net\nelse:\n    import sys\n';
  expect(ops(lazy)).toBe(2);
  const { graph, problems } = readProject({ files: { ...files, 'main.py': 'import nets\n' }, request });
  expect(graph).toBeUndefined();
  expect(problems.map(({ code }) => code)).toEqual(['no-such-entry']);
});

const inOneWay = (first: string, second: string): string =>
  ['import gone, helper', 'if gone.fast:', `    ${first}`, 'else:', `    ${second}`, 'width = found'].join('\n');

test.for<readonly [string, string, string]>([
  ['a module that both ways import', 'from helper import width as found', 'import helper; found = helper.width'],
  ['a module that is first imported in a way', 'import late; found = late.width', 'from late import width as found'],
  ['a name that is first asked for in a way', 'found = helper.handed_on', 'found = helper.handed_on + 0'],
  ['a module that the second way does not ask for', 'import late; found = 7', 'found = 7'],
])('%s is whole behind the ways', ([, first, second]) => {
  const files = {
    'main.py': net(`${inOneWay(first, second)}\nimport late as again\nwidth = width + again.none[0]`, 'width'),
    'helper.py': 'width = 7\nfrom late import width as handed_on\n',
    'late.py': 'none = []\nnone.append(0)\nclass Sizes:\n    width = 7\nwidth = Sizes.width\n',
  };
  expect(widthOf(files).width).toBe(7);
});

/** The width that the model of one of a project's files has, where `width` is imported there. */
function widthIn(script: string, files: Readonly<Record<string, string>>): unknown {
  const { graph } = readProject({ files, main: script });
  const conv = graph?.ops.find(({ name }) => name === 'conv');
  return graph?.values[conv?.outputs[0] ?? -1]?.shape[1];
}

const layouts: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>> = {
  'a package under src': [
    'src/nets/resnet.py',
    {
      'src/nets/__init__.py': '',
      'src/nets/sizes.py': 'width = 7\n',
      'src/nets/resnet.py': net('from nets.sizes import width', 'width'),
    },
  ],
  'a package under src, from a script beside it': [
    'tools/train.py',
    {
      'src/nets/__init__.py': '',
      'src/nets/sizes.py': 'width = 7\n',
      'tools/train.py': net('from nets.sizes import width', 'width'),
    },
  ],
  'a module beside a script in a folder': [
    'examples/train.py',
    {
      'examples/sizes.py': 'width = 7\n',
      'sizes.py': 'width = 5\n',
      'examples/train.py': net('from sizes import width', 'width'),
    },
  ],
  'a module beside a file of a package is none of its own': [
    'nets/resnet.py',
    {
      'nets/__init__.py': '',
      'nets/sizes.py': 'width = 5\n',
      'sizes.py': 'width = 7\n',
      'nets/resnet.py': net('from sizes import width', 'width'),
    },
  ],
  'a project in a folder, from its tools': [
    'project/tools/train.py',
    {
      'project/nets/__init__.py': '',
      'project/nets/sizes.py': 'width = 7\n',
      'project/tools/train.py': net('from nets.sizes import width', 'width'),
    },
  ],
  'a relative import two packages up': [
    'nets/vision/resnet.py',
    {
      'nets/__init__.py': '',
      'nets/sizes.py': 'width = 7\n',
      'nets/vision/__init__.py': '',
      'nets/vision/resnet.py': net('from ..sizes import width', 'width'),
    },
  ],
  'a folder that is put into sys.path': [
    'tools/train.py',
    {
      'lib/deep/sizes.py': 'width = 7\n',
      'tools/train.py': net(
        "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib', 'deep'))\nfrom sizes import width",
        'width',
      ),
    },
  ],
  'a folder that is put into sys.path, told from the working folder': [
    'tools/train.py',
    {
      'lib/deep/sizes.py': 'width = 7\n',
      'tools/train.py': net("import sys\nsys.path.append('lib/deep')\nfrom sizes import width", 'width'),
    },
  ],
  'a module of a folder without __init__.py': [
    'train.py',
    { 'nets/sizes.py': 'width = 7\n', 'train.py': net('from nets import sizes', 'sizes.width') },
  ],
  'a folder without __init__.py by its whole name': [
    'train.py',
    { 'nets/vision/sizes.py': 'width = 7\n', 'train.py': net('import nets.vision.sizes', 'nets.vision.sizes.width') },
  ],
};

test.for(Object.entries(layouts))('imports reach %s', ([, [script, files]]) => {
  expect(widthIn(script, files)).toBe(7);
});

test('a name of the project itself and the same module by a relative import are one', () => {
  const files = {
    'src/nets/__init__.py': '',
    'src/nets/registry.py': 'known = []\n',
    'src/nets/resnet.py': net(
      'from nets.registry import known\nfrom . import registry\nknown.append(1)\nregistry.known.append(1)',
      '5 + len(known)',
    ),
  };
  expect(widthIn('src/nets/resnet.py', files)).toBe(7);
});

test.for([
  'import os\nwidth = 9 if "SWITCH" in os.environ else 7',
  'from os import environ, getenv\nwidth = environ.get("W") or getenv("W", 7)',
])('a switch of a package is not set, one that a script asks for is not known: %s', (text) => {
  const files = { 'pack/__init__.py': '', 'pack/sizes.py': `${text}\n`, 'sizes.py': `${text}\n` };
  expect(widthOf({ ...files, 'main.py': net('from pack.sizes import width', 'width') }).width).toBe(7);
  expect(widthOf({ ...files, 'main.py': net('from sizes import width', 'width') }).width).not.toBe(7);
});
