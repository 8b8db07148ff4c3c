// Archives that came from elsewhere: what they unpack to has a bound, and no file stays open.

import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openNpz } from '../../../../server/src/training/data/npz.ts';
import { npy, npz } from '../../../support/numpy-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

function archive(content: Buffer): string {
  const path = join(temporaryFolder(), 'a.npz');
  writeFileSync(path, content);
  return path;
}

const zeros = npy([1000, 100], Array<number>(100_000).fill(0));

test('arrays unpack to no more than the bound, all of them together', async () => {
  const path = archive(npz({ x: zeros, y: zeros }, true));
  const opened = await openNpz(path, 150_000);
  if (!opened.ok) throw new Error(opened.error);
  expect(await opened.value.read('x')).toMatchObject({ ok: true });
  expect(await opened.value.read('y')).toEqual({
    ok: false,
    error: 'unpacks to more than 150000 bytes with y, which is more than is read',
  });
  opened.value.close();
});

test('a few kilobytes that claim to be terabytes are refused before they are unpacked', async () => {
  const small = npz({ x: zeros }, true);
  // The size before packing, in the archive's directory (APPNOTE 4.3.12: 24 bytes behind its signature).
  const entry = small.indexOf(Buffer.from('PK\x01\x02', 'latin1'));
  small.writeUInt32LE(0xfffffffe, entry + 24);
  const opened = await openNpz(archive(small), 2 ** 30);
  expect(opened.ok && (await opened.value.read('x'))).toMatchObject({ ok: false });
  if (opened.ok) opened.value.close();
});

test.skipIf(process.platform !== 'linux')('no file stays open where the archive is damaged', async () => {
  const whole = npz({ x: zeros, y: zeros });
  const entry = whole.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  const damaged = Buffer.from(whole);
  damaged.write('XXXX', entry);
  const path = archive(damaged);
  expect(await openNpz(path)).toMatchObject({ ok: false });
  const open = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(join('/proc/self/fd', fd)).endsWith('/a.npz');
      } catch {
        return false;
      }
    });
  // The system closes a file on a thread of its own.
  await expect.poll(open).toEqual([]);
});
