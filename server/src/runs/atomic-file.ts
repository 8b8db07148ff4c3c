// Files that are whole or absent: written beside, flushed, then renamed into place.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from './regular-file.ts';

/** Whether a file is what a process that was killed while it wrote left behind. Locks in the making are none. */
export function isLeftover(name: string): boolean {
  return /\.[0-9a-f]{12}\.part$/.test(name) && !name.startsWith('trainer.lock.');
}

/**
 * Replaces a file; a link is replaced, not followed. Throws Node's error when the disk is full or the folder is gone; the old
 * file then stays as it was. `unflushed`: a power cut may still lose it, for what can be made again.
 */
export function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  how: 'flushed' | 'unflushed' = 'flushed',
): void {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const beside = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = openSync(beside, 'wx');
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      if (how === 'flushed') fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renamePatiently(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  if (how === 'flushed') flushFolder(dirname(path));
}

/** Pauses before each further try, in milliseconds: about a second in all. */
const pauses = [10, 20, 40, 80, 160, 320, 400];

/** On Windows a file that another program looks at (a virus scanner, an indexer, an editor) can't be replaced for a moment. */
export function renamePatiently(from: string, to: string, rename = renameSync, platform = process.platform): void {
  for (let attempt = 0; ; attempt++) {
    try {
      rename(from, to);
      return;
    } catch (error) {
      const pause = pauses[attempt];
      const isHeld = ['EPERM', 'EACCES', 'EBUSY'].some((code) => hasCode(error, code));
      if (platform !== 'win32' || !isHeld || pause === undefined) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}

/** Makes a rename last through a power cut, where the system can. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
