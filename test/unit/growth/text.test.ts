// What looks at a text before an evaluation's own limits hold takes time in proportion to the text, whatever stands in it.

import { expect, test } from 'vitest';
import { darknetFrontend } from '../../../server/src/frontends/darknet/darknet-frontend.ts';
import { findEntries } from '../../../server/src/frontends/python/discovery/entries.ts';
import { findDirectives } from '../../../server/src/frontends/shared/directive.ts';
import { headOf } from '../../../server/src/frontends/shared/frontend.ts';
import { compilePattern } from '../../../server/src/structure/name-pattern.ts';
import { expectLinear } from '../../support/growth.ts';
import { parserOfTests, pythonFrontend } from '../../support/python-frontend.ts';

/** Texts that make a pattern try again and again: each is one that some pattern here could stumble over. */
const texts: readonly (readonly [string, (size: number) => string])[] = [
  ['blank lines', (size) => '\n'.repeat(size)],
  ['blanks', (size) => ' '.repeat(size)],
  ['opening brackets', (size) => '['.repeat(size)],
  ['a bracket and blanks', (size) => `[${' '.repeat(size)}`],
  ['a directive and blanks', (size) => `# morphnet: a=b${' '.repeat(size)}x`],
  ['a directive of many keys', (size) => `# morphnet:${' a=b'.repeat(size / 4)}`],
  ['a directive of many brackets', (size) => `# morphnet: entry=${'('.repeat(size)}`],
  ['a directive of many pairs of brackets', (size) => `# morphnet: entry=${'(a =()'.repeat(size / 6)}`],
  ['comment signs', (size) => '# '.repeat(size / 2)],
  ['one long word', (size) => 'a'.repeat(size)],
];

test.for(texts)('%s: which frontend takes the text', ([, text]) => {
  expectLinear(20_000, text, (given) => {
    darknetFrontend.accepts('file:///a.cfg', given);
    pythonFrontend.accepts('file:///a.py', given);
  });
});

test.for(texts)('%s: parsing', ([, text]) => {
  expectLinear(1_000, text, (given) => parserOfTests.parse('file:///a.py', given));
});

test.for(texts)('%s: directives', ([, text]) => {
  expectLinear(20_000, text, (given) => findDirectives('file:///a.py', given));
});

test.for(texts)('%s: entries', ([, text]) => {
  const read = (given: string) => ({ roots: [], read: () => given });
  expectLinear(10_000, text, (given) => {
    darknetFrontend.entries('file:///a.cfg', read(`[net]\n${given}`));
    pythonFrontend.entries('file:///a.py', read(`import torch\n${given}`));
  });
});

/** Programs that offer much: what each part is to the others must not be asked of every pair. */
const programs: readonly (readonly [string, (index: number) => string])[] = [
  ['classes that need arguments', (i) => `class Net${String(i)}(nn.Module):\n${constructor('self, width, depth')}`],
  ['classes that can be made', (i) => `class Net${String(i)}(nn.Module):\n${constructor('self')}`],
  [
    'classes that make each other',
    (i) => `class Net${String(i)}(nn.Module):\n${constructor('self')}    other = Net${String(i + 1)}\n`,
  ],
  ['functions that make models', (i) => `def net${String(i)}():\n    model = nn.Conv2d(3, 8, 3)\n    return model\n`],
  ['models that variables keep', (i) => `net${String(i)} = nn.Sequential(nn.Conv2d(3, ${String(i)}, 3))\n`],
  ['functions of tensors', (i) => `def net${String(i)}(inputs):\n    return tf.layers.conv2d(inputs, 8, 3)\n`],
];

function constructor(parameters: string): string {
  const layers = Array.from({ length: 4 }, (_, i) => `        self.conv${String(i)} = nn.Conv2d(8, 8, 3, padding=1)\n`);
  return `    def __init__(${parameters}):\n        super().__init__()\n${layers.join('')}`;
}

test.for(programs)('entries of %s', ([, part]) => {
  const text = (count: number): string =>
    `from torch import nn\nimport tensorflow as tf\n${Array.from({ length: count }, (_, i) => part(i)).join('')}`;
  // Parsed already, so that what is looked for is timed and not the parsing.
  expectLinear(
    100,
    (count) => ({ text: text(count), parsed: parserOfTests.parse('file:///a.py', text(count)) }),
    (given) => findEntries('file:///a.py', given.text, given.parsed),
  );
});

test.for(['/(a+)+$/', '/(a|a)*b/', '*a*a*a*a*a*a*b', '/(.*a){8}$/'])('%s as a pattern of layer names', (pattern) => {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new Error(compiled.error);
  expectLinear(
    20_000,
    (size) => 'a'.repeat(size),
    (name) => compiled.value(name),
  );
});

test('a frontend sees the beginning of a text only', () => {
  expect(headOf('x'.repeat(10_000_000)).length).toBeLessThanOrEqual(100_000);
});
