// One trainer a run: a file with the process's number, taken by creating it. A lock whose process is gone is taken over.

import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a process of this machine lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return hasCode(error, 'EPERM');
  }
}

const lockPath = (folder: string): string => join(folder, 'trainer.lock');

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * When a process began, in the system's ticks; empty where the system does not tell. It tells a process from a later one
 * with the same number (Linux's proc(5): the 22nd field of `stat`, the 20th after the name in parentheses).
 */
function beginningOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** What a lock file says; undefined when there is none. A lock is the process's number and its beginning. */
function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The living process that a lock names. */
function livingHolder(lock: string): number | undefined {
  const [number = '', beginning = ''] = lock.trim().split(' ');
  const pid = Number.parseInt(number, 10);
  if (!Number.isInteger(pid) || !isAlive(pid)) return undefined;
  // Where the system tells no beginning, a lock with our own number is an earlier process's: we take each lock once.
  if (beginning === '') return pid === process.pid ? undefined : pid;
  return beginning === beginningOf(pid) ? pid : undefined;
}

/** The process that works on a run; undefined when none does. */
export function holderOf(folder: string): number | undefined {
  const lock = readLock(lockPath(folder));
  return lock === undefined ? undefined : livingHolder(lock);
}

/** Takes the lock for this process, or answers the number of the process that holds it. */
export function takeLock(folder: string): { readonly release: () => void } | { readonly heldBy: number } {
  const path = lockPath(folder);
  const ours = `${String(process.pid)} ${beginningOf(process.pid)}\n`;
  for (;;) {
    if (createLock(path, ours)) return { release: () => releaseLock(path, ours) };
    const found = readLock(path);
    if (found === undefined) continue;
    const holder = livingHolder(found);
    if (holder !== undefined) return { heldBy: holder };
    removeStale(path, found);
  }
}

/** Whether the lock could be made: written beside and linked, so that nobody ever reads a lock that says nothing yet. */
function createLock(path: string, ours: string): boolean {
  const beside = `${path}.${randomBytes(6).toString('hex')}.part`;
  writeFileSync(beside, ours);
  try {
    linkSync(beside, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
  } finally {
    rmSync(beside, { force: true });
  }
  // A file system without links: creating is still for one process only.
  try {
    writeFileSync(path, ours, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function releaseLock(path: string, ours: string): void {
  if (readLock(path) === ours) rmSync(path, { force: true });
}

/** Takes a dead process's lock away; another's, taken since it was read, is put back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const taken = readLock(aside);
  if (taken !== undefined && taken !== stale) createLock(path, taken);
  rmSync(aside, { force: true });
}
