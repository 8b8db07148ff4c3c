// docs/method.md names a module and a test for each feature of the reference: both are there.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/bundles.ts';

const rows = readFileSync(join(root, 'docs', 'method.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, feature = '', here = '', named = '']) => ({ feature, here, named }));

test('the table has the rows of the reference', () => {
  expect(rows.length).toBeGreaterThan(40);
});

test.for(rows)('$feature', ({ here, named }) => {
  for (const [, path = ''] of here.matchAll(/`([\w/.-]+(?:\.ts|\/\w+))`/g)) {
    expect(existsSync(join(root, path.includes('server/') ? path : `server/src/structure/${path}`)), path).toBe(true);
  }
  const [, file = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
  const text = readFileSync(join(root, file.includes('/') ? file : `test/unit/structure/${file}`), 'utf8');
  expect(text).toContain(name);
});
