// The tour's steps are taken by the end-to-end suite: every check that it names is one, and every part names some.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/bundles.ts';

const tour = readFileSync(join(root, 'docs/tour.md'), 'utf8');
const suite = join(root, 'test/e2e');

/** The checks of every scenario by the name under which run.ts has it. */
function checks(): ReadonlySet<string> {
  const run = readFileSync(join(suite, 'run.ts'), 'utf8');
  const files = new Map(
    readdirSync(suite)
      .filter((file) => file.endsWith('-scenario.ts'))
      .map((file) => readFileSync(join(suite, file), 'utf8'))
      .map((text) => [/export async function (\w+)/.exec(text)?.[1] ?? '', text]),
  );
  return new Set(
    [...run.matchAll(/\{ name: '([^']+)', run: (\w+)/g)].flatMap(([, name = '', scenario = '']) =>
      [...(files.get(scenario) ?? '').matchAll(/scenario\.(?:step|check)\(\s*'([^']+)'/g)].map(
        ([, title = '']) => `${name}: ${title}`,
      ),
    ),
  );
}

test('every check that the tour names is in the suite', () => {
  const known = checks();
  const named = [...tour.matchAll(/<!-- (.+) -->/g)].map(([, check = '']) => check);
  expect(named.filter((check) => !known.has(check))).toEqual([]);
  expect(named.length).toBeGreaterThan(10);
});

test('every part of the tour names a check', () => {
  const [, ...parts] = tour.split('\n## ');
  expect(parts.filter((part) => !part.includes('<!-- ')).map((part) => part.split('\n')[0])).toEqual([]);
});
