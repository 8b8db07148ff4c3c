// Reading what anybody may have put into a run's folder: regular files only (no links, pipes or devices), of bounded size.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** More than any file of a run that is read whole, but for checkpoints. */
const mostBytes = 64_000_000;

// Absent on Windows, where neither pipes nor links can be opened by accident in a checked-out folder.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;

/** How a file's last part is opened so that a link there is an error, and a pipe does not keep us waiting. */
export const plainly = O_NOFOLLOW | O_NONBLOCK;

/** Whether an error of Node's has this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Opens a file to read; the caller closes it. Undefined when there is none. Throws a sentence without a subject when it is no
 * regular file, or Node's error.
 */
export function openRegularFile(path: string): { readonly file: number; readonly size: number } | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | plainly);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'ELOOP')) throw new Error('it is a link, not a file');
    throw error;
  }
  const stats = fstatSync(file);
  if (stats.isFile()) return { file, size: stats.size };
  closeSync(file);
  throw new Error(stats.isDirectory() ? 'it is a folder, not a file' : 'it is no regular file');
}

/** A file's content; undefined when there is none. Throws as `openRegularFile` does, and when the file is too large. */
export function readRegularFile(path: string, most = mostBytes): Buffer | undefined {
  const opened = openRegularFile(path);
  if (opened === undefined) return undefined;
  const { file, size } = opened;
  try {
    if (size > most) throw new Error(`it has ${String(size)} bytes, which is more than is read (${String(most)})`);
    const bytes = Buffer.alloc(size);
    let count = 0;
    while (count < size) {
      const read = readSync(file, bytes, count, size - count, count);
      if (read === 0) break;
      count += read;
    }
    return bytes.subarray(0, count);
  } finally {
    closeSync(file);
  }
}
