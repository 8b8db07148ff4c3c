// One trainer a run: a file with the process's number, taken by creating it. A lock whose process is gone is taken over.

import { randomBytes } from 'node:crypto';
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processBeginning } from './process-beginning.ts';
import { hasCode, readRegularFile } from './regular-file.ts';

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

/** More than any lock says. */
const mostBytes = 1000;

/** What a lock file says, the process's number and its beginning; undefined when there is none. Throws when it is no file. */
function readLock(path: string): string | undefined {
  return readRegularFile(path, mostBytes)?.toString('utf8');
}

/** The living process that a lock names. */
function livingHolder(lock: string): number | undefined {
  const [number = '', beginning = ''] = lock.trim().split(' ');
  const pid = Number.parseInt(number, 10);
  if (!Number.isInteger(pid) || !isAlive(pid)) return undefined;
  // Where the system tells no beginning, a lock with our own number is an earlier process's: we take each lock once.
  if (beginning === '') return pid === process.pid ? undefined : pid;
  return beginning === processBeginning(pid) ? pid : undefined;
}

/** The process that works on a run; undefined when none does. */
export function holderOf(folder: string): number | undefined {
  let lock: string | undefined;
  try {
    lock = readLock(lockPath(folder));
  } catch {
    // No trainer made this; it says so when it is asked to take the lock.
    return undefined;
  }
  return lock === undefined ? undefined : livingHolder(lock);
}

/**
 * Takes the lock for this process, or answers the number of the process that holds it. Throws Node's error, or a sentence where
 * something else stands in the lock's place.
 */
export function takeLock(folder: string): { readonly release: () => void } | { readonly heldBy: number } {
  const path = lockPath(folder);
  const ours = `${String(process.pid)} ${processBeginning(process.pid)}\n`;
  for (;;) {
    if (createLock(path, ours)) return { release: () => releaseLock(path, ours) };
    const found = lockInTheWay(path);
    if (found === undefined) continue;
    const holder = livingHolder(found);
    if (holder !== undefined) return { heldBy: holder };
    removeStale(path, found);
  }
}

/** The lock that is there; undefined when it has gone since. */
function lockInTheWay(path: string): string | undefined {
  try {
    return readLock(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} is no lock: ${reason}. Take it away`);
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
  const taken = lockInTheWay(aside);
  if (taken !== undefined && taken !== stale) createLock(path, taken);
  rmSync(aside, { force: true });
}
