// Replacing a file: whole or not at all, with its link and its permissions, and never over text that was not looked at.

import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFile } from '../../../server/src/cli/replace-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-replace-'));
  file = join(folder, 'net.cfg');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the new text stands there, byte for byte, and nothing beside it', () => {
  const before = '\uFEFFfilters=64\r\n# größer\n';
  writeFileSync(file, before);
  expect(replaceFile(file, before, before.replace('64', '41'))).toEqual({ ok: true, value: undefined });
  expect(readFileSync(file)).toEqual(Buffer.from('\uFEFFfilters=41\r\n# größer\n', 'utf8'));
  expect(readdirSync(folder)).toEqual(['net.cfg']);
});

test('permissions stay, and a link stays a link', () => {
  writeFileSync(file, 'a');
  chmodSync(file, 0o640);
  symlinkSync(file, join(folder, 'link.cfg'));
  expect(replaceFile(join(folder, 'link.cfg'), 'a', 'b').ok).toBe(true);
  expect(lstatSync(join(folder, 'link.cfg')).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('b');
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

test('a file that changed in the meantime is left alone', () => {
  writeFileSync(file, 'mine');
  expect(replaceFile(file, 'theirs', 'new')).toEqual({ ok: false, error: 'it changed in the meantime; apply again' });
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('bytes that are no UTF-8 are not rewritten', () => {
  const bytes = Buffer.from([0x23, 0xe9, 0x0a]);
  writeFileSync(file, bytes);
  const read = bytes.toString('utf8');
  expect(replaceFile(file, read, `${read}x`)).toEqual({
    ok: false,
    error: 'it is not valid UTF-8; save it as UTF-8 first',
  });
  expect(readFileSync(file)).toEqual(bytes);
});

test('a file that is gone is a failure in words', () => {
  expect(replaceFile(file, '', 'new')).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^it cannot be read \(/) as string,
  });
});
