// Files that are whole or absent: written beside, flushed, then renamed into place.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether a file is what a process that was killed while it wrote left behind. Locks in the making are none. */
export function isLeftover(name: string): boolean {
  return /\.[0-9a-f]{12}\.part$/.test(name) && !name.startsWith('trainer.lock.');
}

/** Replaces a file. Throws Node's error when the disk is full or the folder is gone; the old file then stays as it was. */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const beside = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = openSync(beside, 'wx');
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  flushFolder(dirname(path));
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
