// What two ways of a program leave alike stays known, also inside what they leave differently: an option that is set in some ways
// only takes nothing away from the others.

import { expect, test } from 'vitest';
import { readProject, readPython, type PythonReading } from '../../../support/python-model.ts';

/** The widths of the convolutions of the file's model, in order; undefined where one is not known. */
function widths({ graph }: PythonReading): readonly unknown[] {
  const convolutions = (graph?.ops ?? []).filter(({ name }) => name.startsWith('layers.'));
  return convolutions.map((op) => graph?.values[op.outputs[0] ?? -1]?.shape[1]);
}

const net = `from torch import nn


class Net(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(3, width, 1) for width in widths])

    def forward(self, x):
        return [layer(x) for layer in self.layers]


`;

/** A program with an unknown `maybe` that ends in a model of some widths. */
function program(setting: string, ...sizes: readonly string[]): PythonReading {
  return readPython(`import argparse
import os
from types import SimpleNamespace
${net}
maybe = os.path.exists('some file')
${setting}
net = Net([${sizes.join(', ')}])
`);
}

const ways = {
  'an item': "cfg = {'width': 8, 'depth': 2}\nif maybe:\n    cfg['extra'] = 3",
  'an item taken away': "cfg = {'width': 8, 'depth': 2, 'extra': 1}\nif maybe:\n    del cfg['extra']",
  'an item popped': "cfg = {'width': 8, 'depth': 2, 'extra': 1}\nif maybe:\n    cfg.pop('extra')",
  'an update': "cfg = {'width': 8, 'depth': 2}\nif maybe:\n    cfg.update(extra=3, depth=4)",
  'a default': "cfg = {'width': 8, 'depth': 2}\nif maybe:\n    cfg.setdefault('extra', 3)",
  'a loop': "cfg = {'width': 8, 'depth': 2}\nfor name in os.listdir('.'):\n    cfg['extra'] = name",
  'another value': "cfg = {'width': 8, 'depth': 2}\nif maybe:\n    cfg['depth'] = 3",
  'another order':
    "cfg = {}\nif maybe:\n    cfg['width'] = 8\n    cfg['depth'] = 2\nelse:\n    cfg['depth'] = 2\n    cfg['width'] = 8",
  'an early end':
    "def settings():\n    cfg = {'width': 8}\n    if maybe:\n        return cfg\n    cfg['extra'] = 1\n    return cfg\n\n\ncfg = settings()",
  'what is inside': "cfg = {'width': 8, 'inner': {'depth': 2}}\nif maybe:\n    cfg['inner']['extra'] = 3",
};

test.for(Object.entries(ways))('a setting beside one that %s may change is known', ([, setting]) => {
  expect(
    widths(
      program(
        setting,
        "cfg['width']",
        "cfg.get('width', 4)",
        "dict(cfg)['width']",
        "{**cfg}['width']",
        "{'width': 4, **cfg}['width']",
        "(cfg | {'more': 1})['width']",
        '(lambda width, **others: width)(**cfg)',
        "(8 if 'width' in cfg else 4)",
        '(8 if cfg else 4)',
        "cfg.copy().pop('width')",
        'SimpleNamespace(**cfg).width',
      ),
    ),
  ).toEqual(Array.from({ length: 11 }, () => 8));
});

test.for([
  'len(cfg)',
  "cfg['extra']",
  "cfg.get('extra', 4)",
  "cfg.pop('extra', 4)",
  "cfg.setdefault('extra', 4)",
  "dict(cfg).get('extra', 4)",
  "{**cfg}.get('extra', 4)",
  "{'extra': 4, **cfg}['extra']",
  "({'extra': 4} | cfg)['extra']",
  "(4 if 'extra' in cfg else 3)",
  'len(list(cfg))',
  'len([1 for name in cfg])',
  'len(cfg.items())',
  'len(str(cfg))',
  "len(f'{cfg}')",
  '(lambda width, extra=4: extra)(**cfg)',
  '(lambda **given: len(given))(**cfg)',
  "(lambda **given: given.get('extra', 4))(**cfg)",
  "getattr(SimpleNamespace(**cfg), 'extra', 4)",
  "(4 if hasattr(SimpleNamespace(**cfg), 'extra') else 3)",
  'len(vars(SimpleNamespace(**cfg)))',
  "(4 if cfg == {'width': 8} else 3)",
])('%s is not known where a key may be missing', (size) => {
  const reading = program("cfg = {'width': 8}\nif maybe:\n    cfg['extra'] = 5", size);
  expect(reading.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(widths(reading)).not.toContainEqual(expect.any(Number));
});

test('what was set again behind the ways is known', () => {
  const setting = "cfg = {'width': 8}\nif maybe:\n    cfg['extra'] = 5\ncfg['extra'] = 6\ncfg['late'] = 7";
  expect(widths(program(setting, "cfg['extra']", "cfg['late']", "cfg['width']"))).toEqual([6, 7, 8]);
});

test('a dictionary that code which is not known was given is not known at all', () => {
  const setting = "import somewhere\ncfg = {'width': 8}\nif maybe:\n    cfg['extra'] = 5\nsomewhere.fill(cfg)";
  expect(widths(program(setting, "cfg['width']"))).not.toContain(8);
});

test('a key that no way has is missing for certain', () => {
  const { problems } = program("cfg = {'width': 8}\nif maybe:\n    cfg['extra'] = 5", "cfg['depth']");
  expect(problems.map(({ message }) => message).join()).toContain('KeyError: depth');
});

test('attributes of objects and of parsed arguments beside one that may be missing are known', () => {
  const reading = readProject({
    files: {
      'main.py': `import argparse
import os
${net}

class Config:
    width = 4

    def __init__(self):
        self.depth = 2


config = Config()
parser = argparse.ArgumentParser()
parser.add_argument('--width', type=int, default=8)
parser.add_argument('--depth', type=int, default=3)
args = parser.parse_args()
if os.path.exists('some file'):
    config.extra = 1
    config.depth = 5
    args.extra = 1
    args.depth = 7
net = Net([config.width, args.width, config.depth])
`,
    },
  });
  expect(widths(reading).slice(0, 2)).toEqual([4, 8]);
  expect(widths(reading)[2]).not.toEqual(expect.any(Number));
});

test('a list of the same length both ways is known where it holds the same', () => {
  const setting = 'sizes = [8, 16]\nif maybe:\n    sizes[1] = 32';
  expect(widths(program(setting, 'sizes[0]', 'len(sizes)'))).toEqual([8, 2]);
});

test('a copy of attributes that are not all known is no longer the attributes', () => {
  const setting = `import copy

args = SimpleNamespace(width=8)
if maybe:
    args.extra = 1
copies = [copy.copy(vars(args)), copy.deepcopy(vars(args)), vars(args).copy(), dict(vars(args))]
for each in copies:
    each['width'] = 4`;
  expect(widths(program(setting, 'args.width', ...[0, 1, 2, 3].map((i) => `copies[${String(i)}]['width']`)))).toEqual([
    8, 4, 4, 4, 4,
  ]);
});
