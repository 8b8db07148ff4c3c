// A file is replaced whole, or stays as it was.

import { mkdirSync, readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renamePatiently, writeFileAtomically } from '../../../server/src/runs/atomic-file.ts';
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
  expect(() => writeFileAtomically(join(temporaryFolder(), 'gone', 'file'), 'new')).toThrow(/ENOENT.*open/);
});

test('a link is replaced, not followed', () => {
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(elsewhere, 'target'), 'kept');
  symlinkSync(join(elsewhere, 'target'), join(folder, 'file'));
  writeFileAtomically(join(folder, 'file'), 'new');
  expect(readFileSync(join(elsewhere, 'target'), 'utf8')).toBe('kept');
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('new');
});

/** A rename that a virus scanner keeps from its target the first few times, as Windows tells it. */
function heldFor(times: number, code: string): { readonly rename: typeof renameSync; readonly attempts: () => number } {
  let attempts = 0;
  const rename: typeof renameSync = (from, to) => {
    if (++attempts <= times) throw Object.assign(new Error('held'), { code });
    renameSync(from, to);
  };
  return { rename, attempts: () => attempts };
}

test.for(['EPERM', 'EACCES', 'EBUSY'])(
  'a file that another program holds for a moment (%s) is replaced after it',
  (code) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'new'), 'new');
    const held = heldFor(3, code);
    renamePatiently(join(folder, 'new'), join(folder, 'file'), held.rename, 'win32');
    expect(held.attempts()).toBe(4);
    expect(readdirSync(folder)).toEqual(['file']);
  },
);

test('where files can be replaced while others look at them, and for other reasons, there is no second try', () => {
  for (const [code, platform] of [
    ['EPERM', 'linux'],
    ['ENOSPC', 'win32'],
  ] as const) {
    const held = heldFor(1, code);
    expect(() => renamePatiently('a', 'b', held.rename, platform)).toThrow('held');
    expect(held.attempts()).toBe(1);
  }
});
