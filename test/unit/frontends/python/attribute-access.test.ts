// Who sets and reads attributes: `__setattr__`, `__getattr__`, `vars(…)`, bases that are not known. A width that goes through them
// is what Python makes of it, or not known.

import { expect, test } from 'vitest';
import { readProject } from '../../../support/python-model.ts';

function widthOf(lines: string, files: Readonly<Record<string, string>> = {}): unknown {
  const main = `# morphnet: entry=net input=3x8x8\nfrom torch import nn\n${lines}\nnet = nn.Sequential(nn.Conv2d(3, w, 1))\n`;
  const { graph } = readProject({ files: { 'main.py': main, ...files } });
  const conv = graph?.ops.find(({ name }) => name === '0');
  const width = graph?.values[conv?.outputs[0] ?? -1]?.shape[1];
  return typeof width === 'number' ? width : 'unknown';
}

const config = (body: string): string => `class Config(dict):\n    ${body.replaceAll('\n', '\n    ')}\nc = Config()`;
const byItems = config(
  'def __getattr__(self, k):\n    return self[k]\ndef __setattr__(self, k, v):\n    self[k] = v\ndef __delattr__(self, k):\n    del self[k]',
);
const byTable = config('__getattr__ = dict.get\n__setattr__ = dict.__setitem__\n__delattr__ = dict.__delitem__');
const itself = config('def __init__(self, **kw):\n    super().__init__(**kw)\n    self.__dict__ = self');

test.for<readonly [string, string]>([
  ['by attribute, then by item', "c.w = 8\nc['w'] = 32\nw = c.w"],
  ['by item, then by attribute', "c['w'] = 8\nc.w = 32\nw = c['w']"],
  ['by update', 'c.w = 8\nc.update(w=32)\nw = c.w'],
  ['by setattr', "c.w = 8\nsetattr(c, 'w', 32)\nw = getattr(c, 'w')"],
  ['one inside another', "c.m = Config()\nc.m.w = 8\nc['m']['w'] = 32\nw = c.m.w"],
  ['to where there was none', "c.v = 8\ndel c.v\nw = 32 if 'v' not in c else 8"],
])('a dictionary whose entries are attributes too, written %s', ([, lines]) => {
  for (const [name, type] of Object.entries({ byItems, byTable, itself }))
    expect(widthOf(`${type}\n${lines}`), name).toBe(32);
});

const plain = 'class O:\n    pass\no = O()\no.w = 8';

test.for<readonly [string, string]>([
  ['updated by name', 'vars(o).update(w=32)\nw = o.w'],
  ['updated by a dictionary', "o.__dict__.update({'w': 32})\nw = o.w"],
  ['set by item', "o.__dict__['w'] = 32\nw = o.w"],
  ['kept, and read after the object was set', "d = vars(o)\no.w = 32\nw = d['w']"],
  ['replaced, and then set', "d = {'w': 8}\no.__dict__ = d\nd['w'] = 32\nw = o.w"],
  ['copied, which is another one', "o.w = 32\nd = dict(vars(o))\nd['w'] = 8\nw = o.w"],
  ['cleared of a name', "vars(o).pop('w')\nw = getattr(o, 'w', 32)"],
  ['of the module', "globals()['w'] = 32"],
  ['of an imported module', "import sizes\nvars(sizes)['w'] = 32\nw = sizes.w"],
  ['set in both ways', "import gone\nif gone.fast:\n    vars(o)['w'] = 32\nelse:\n    o.w = 32\nw = o.w"],
])('the names of an object as a dictionary, %s', ([, lines]) => {
  expect(widthOf(`${plain}\n${lines}`, { 'sizes.py': 'w = 8\n' })).toBe(32);
});

test('the names of an object that one of two ways sets are not known', () => {
  expect(widthOf(`${plain}\nimport gone\nif gone.fast:\n    vars(o)['w'] = 32\nw = o.w`)).toBe('unknown');
  expect(widthOf(`${plain}\nimport gone\ngone.change(vars(o))\nw = o.w`)).toBe('unknown');
});

test.for<readonly [string, string]>([
  ['object.__setattr__', 'def __setattr__(self, k, v):\n        object.__setattr__(self, k, v * 4)'],
  ['super().__setattr__', 'def __setattr__(self, k, v):\n        super().__setattr__(k, v * 4)'],
  ['its dictionary', 'def __setattr__(self, k, v):\n        self.__dict__[k] = v * 4'],
  [
    'a descriptor',
    'class W:\n        def __set__(self, o, v):\n            o.kept = v * 4\n        def __get__(self, o, t):\n            return o.kept\n    w = W()',
  ],
  ['__getattribute__', 'def __getattribute__(self, k):\n        return object.__getattribute__(self, k) * 4'],
])('an attribute that a class changes by %s', ([, body]) => {
  expect(widthOf(`class O:\n    ${body}\no = O()\no.w = 8\nw = o.w`)).toBe(32);
});

test('an update by what only has keys and items', () => {
  const type = 'class O:\n    def keys(self):\n        return ["w"]\n    def __getitem__(self, k):\n        return 32';
  for (const update of ['d.update(O())', 'd = dict(O())'])
    expect(widthOf(`${type}\nd = {"w": 8}\n${update}\nw = d["w"]`)).toBe(32);
});

test('a module that makes its names when they are asked for', () => {
  const files = { 'sizes.py': 'def __getattr__(name):\n    return {"width": 32}[name]\n' };
  expect(widthOf('import sizes\nw = sizes.width', files)).toBe(32);
  expect(widthOf('from sizes import width as w', files)).toBe(32);
  expect(widthOf('import sizes\nw = getattr(sizes, "width", 8)', files)).toBe(32);
});

const mine = (body: string): string => `from gone import Base\nclass Mine(Base):\n    w = 8\n    ${body}\n`;

test.for<readonly [string, string, number | 'unknown']>([
  ['that a method of the base may have set', `${mine('pass')}c = Mine()\nc.load("x")\nw = c.w`, 'unknown'],
  ['of the class, which the base may have set', `${mine('pass')}c = Mine()\nw = c.w`, 'unknown'],
  ['that it has set before such a method', `${mine('pass')}c = Mine()\nc.w = 32\nc.load("x")\nw = c.w`, 'unknown'],
  ['that it has set behind it', `${mine('pass')}c = Mine()\nc.w = 32\nw = c.w`, 32],
  [
    'set behind the constructor of the base',
    `${mine('def __init__(self):\n        super().__init__()\n        self.w = 32')}w = Mine().w`,
    32,
  ],
  [
    'set before it',
    `${mine('def __init__(self):\n        self.w = 32\n        super().__init__()')}w = Mine().w`,
    'unknown',
  ],
  ['of a method of its own', `${mine('def width(self):\n        return 32')}w = Mine().width()`, 32],
])('an attribute of an object with a base that is not known, %s', ([, lines, width]) => {
  expect(widthOf(lines)).toBe(width);
});
