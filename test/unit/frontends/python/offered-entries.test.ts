// What a file offers beside its models, and which of several sayings counts: classes that need arguments, directives twice over.

import { expect, test } from 'vitest';
import type { EntryList, EntryRequest } from '../../../../server/src/frontends/shared/frontend.ts';
import { pythonFrontend } from '../../../support/python-frontend.ts';

const head = 'from torch import nn\n\n\n';
const net = (name: string, parameters: string, body = 'nn.Conv2d(3, width, 1)'): string =>
  `class ${name}(nn.Module):\n    def __init__(self${parameters}):\n        super().__init__()\n        self.layer = ${body}\n\n    def forward(self, x):\n        return self.layer(x)\n\n\n`;
const entriesOf = (text: string, request?: EntryRequest): EntryList =>
  pythonFrontend.entries('file:///net.py', { roots: [], read: () => text }, request);
const unmadeOf = (text: string): readonly (readonly string[])[] =>
  (entriesOf(text).unmade ?? []).map(({ name, needs }) => [name, ...needs]);
const namesOf = (text: string): readonly string[] => entriesOf(text).entries.map(({ name }) => name);

test('a class that needs arguments is offered with what it needs', () => {
  expect(unmadeOf(`${head}${net('Net', ', width, depth=2')}`)).toEqual([['Net', 'width']]);
});

test('what another class is made of is no model that waits for arguments', () => {
  const text = `${head}${net('Block', ', width')}${net('Net', ', width', 'Block(width)')}`;
  expect(unmadeOf(text)).toEqual([['Net', 'width']]);
});

test('a class that makes more of itself stands for itself all the same', () => {
  expect(unmadeOf(`${head}${net('Tree', ', width', 'Tree(width) if width > 1 else None')}`)).toEqual([
    ['Tree', 'width'],
  ]);
});

test('a base is no part of what derives from it', () => {
  const text = `${head}${net('Base', ', width')}class Net(Base):\n    depth = 2\n`;
  expect(unmadeOf(text)).toEqual([
    ['Base', 'width'],
    ['Net', 'width'],
  ]);
});

test('a class that the file makes does not wait for arguments any more', () => {
  const text = `${head}${net('Net', ', width')}model = Net(8)\n`;
  expect(namesOf(text)).toEqual(['Net(8)']);
  expect(unmadeOf(text)).toEqual([]);
});

test('a part that makes more of itself is a part of others all the same', () => {
  const tree = net('Tree', ', width', 'Tree(width) if width > 1 else None');
  expect(unmadeOf(`${head}${net('Net', ', width', 'Tree(width)')}${tree}`)).toEqual([['Net', 'width']]);
});

test('parts are offered behind what they are parts of', () => {
  const text = `${head}${net('Part', '', 'nn.Conv2d(3, 3, 1)')}${net('One', '', 'Part()')}${net('Two', '', 'Part()')}`;
  expect(namesOf(text)).toEqual(['One()', 'Two()', 'Part()']);
});

test('of two directives for one entry the first counts', () => {
  const directives = '# morphnet: entry=Net(4) input=3x8x8\n# morphnet: entry=Net( 4 ) input=3x16x16\n';
  const { entries } = entriesOf(`${directives}${head}${net('Net', ', width')}`, {
    entry: 'Net(4)',
    from: 'request',
  });
  expect(entries.map(({ name, input }) => [name, input.shapes])).toEqual([['Net(4)', [[3, 8, 8]]]]);
});
