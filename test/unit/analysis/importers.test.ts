// Whose text imports whose: relative imports mean one file, absolute ones may start at any folder, and packages pass on.

import { expect, test } from 'vitest';
import { importersOf, importWords } from '../../../server/src/analysis/importers.ts';

function importers(of: string, texts: Readonly<Record<string, string>>): readonly string[] {
  const uri = (path: string): string => `file:///w/${encodeURI(path)}`;
  const files = new Map(Object.entries(texts).map(([path, text]) => [uri(path), text]));
  const found = importersOf([uri(of)], [...files.keys()], (document) => importWords(files.get(document) ?? ''));
  return found.map((document) => decodeURI(document).replace('file:///w/', ''));
}

const net = 'class Net:\n    pass\n';

test.for([
  ['from .net import Net', 'a/other.py'],
  ['from . import net', 'a/other.py'],
  ['from . import (  # all\n    first,\n    net as n,\n)', 'a/other.py'],
  ['from . import first, \\\n    net', 'a/other.py'],
  ['from ..a.net import Net', 'b/other.py'],
  ['from a.net import Net', 'main.py'],
  ['from net import Net', 'main.py'],
  ['import a.net as n', 'main.py'],
  ['import os, a.net', 'main.py'],
  ['try:\n    from a.net import Net\nexcept ImportError: from net import Net', 'main.py'],
  ['if True: import a.net', 'main.py'],
  ['x = 1; from a import net', 'main.py'],
  ['from.net import*', 'a/other.py'],
] as const)('%j in %s imports a/net.py', ([text, file]) => {
  expect(importers('a/net.py', { 'a/net.py': net, [file]: `${text}\n` })).toEqual([file]);
});

test.for([
  ['from .net import Net', 'b/other.py'],
  ['from ..net import Net', 'a/other.py'],
  ['from b.net import Net', 'main.py'],
  ['from . import first', 'a/other.py'],
  ['# from .net import Net', 'a/other.py'],
  ['import network', 'main.py'],
] as const)('%j in %s does not import a/net.py', ([text, file]) => {
  expect(importers('a/net.py', { 'a/net.py': net, [file]: `${text}\n` })).toEqual([]);
});

test('a package passes on what it imports, to whoever names it', () => {
  const texts = {
    'models/net.py': net,
    'models/__init__.py': 'from .net import *\n',
    'train.py': 'from models import Net\n',
    'other.py': 'from models import something_else\n',
    'third.py': 'from models._api import Net\n',
    'whole.py': 'import models\n\nmodels.Net()\n',
  };
  expect(importers('models/net.py', texts)).toEqual(['models/__init__.py', 'train.py', 'whole.py']);
});

test('files are found by the names that programs know them by', () => {
  expect(importers('größe/netz.py', { 'größe/netz.py': net, 'größe/x.py': 'from .netz import Net\n' })).toEqual([
    'größe/x.py',
  ]);
});
