// A file is replaced whole, or stays as it was.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomically } from '../../../server/src/runs/atomic-file.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

test('texts and bytes are written, and nothing else is left behind', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'file');
  writeFileAtomically(path, 'é');
  expect([...readFileSync(path)]).toEqual([0xc3, 0xa9]);
  writeFileAtomically(path, Uint8Array.of(1, 2, 3));
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  expect(readdirSync(folder)).toEqual(['file']);
});

test('what can not be put in place is taken away again', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'taken');
  // A folder with something in it can not be replaced by a file.
  mkdirSync(path);
  writeFileSync(join(path, 'inside'), 'kept');
  expect(() => writeFileAtomically(path, 'new')).toThrow();
  expect(readdirSync(folder)).toEqual(['taken']);
  expect(readFileSync(join(path, 'inside'), 'utf8')).toBe('kept');
});

test('a folder that is gone is an error', () => {
  expect(() => writeFileAtomically(join(temporaryFolder(), 'gone', 'file'), 'new')).toThrow(/ENOENT/);
});
