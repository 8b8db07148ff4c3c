// YAML as trees with places, within bounds whatever a file says.

import { expect, test } from 'vitest';
import { itemsOf, numberOf, textOf, valueAt } from '../../../../server/src/frontends/config/config-tree.ts';
import { readYaml } from '../../../../server/src/frontends/config/yaml-tree.ts';
import { endsSoon } from '../../../support/growth.ts';

const document = 'file:///net.yaml';

test('keys and values have their places', () => {
  const text = 'nc: 80\nrows:\n  - [64, three] # a comment\n';
  const { root, problems } = readYaml(document, text);
  expect(problems).toEqual([]);
  const [row] = itemsOf(valueAt(root, 'rows'));
  const [width, word] = itemsOf(row);
  expect([numberOf(width), textOf(word), numberOf(valueAt(root, 'nc'))]).toEqual([64, 'three', 80]);
  expect(text.slice(width!.span.start, width!.span.end)).toBe('64');
  expect(text.slice(row!.span.start, row!.span.end)).toBe('[64, three]');
});

test('what stands behind an error is read all the same', () => {
  const { root, problems } = readYaml(document, 'nc: 80\nrows: [1, 2\nmore: 3\n');
  expect(problems[0]).toMatchObject({ code: 'yaml-syntax', severity: 'error' });
  expect(numberOf(valueAt(root, 'nc'))).toBe(80);
});

test('an alias is what it names, in the place that it names', () => {
  const text = 'a: &width 64\nb: *width\n';
  const { root } = readYaml(document, text);
  const named = valueAt(root, 'b');
  expect(numberOf(named)).toBe(64);
  expect(text.slice(named!.span.start, named!.span.end)).toBe('64');
});

test.for([
  [
    'aliases that explode',
    `a0: &a0 [1]\n${Array.from({ length: 30 }, (_, i) => `a${String(i + 1)}: &a${String(i + 1)} [*a${String(i)}, *a${String(i)}]\n`).join('')}`,
  ],
  ['values in values', `${'['.repeat(2000)}1${']'.repeat(2000)}`],
])('%s end in a message', ([, text]) => {
  const { problems } = endsSoon(() => readYaml(document, text!));
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.at(-1)!.message).toMatch(/more than 100,000 values|deep/);
});
