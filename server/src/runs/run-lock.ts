// One trainer a run: a file with the process's number, taken by creating it. A lock whose process is gone is taken over.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a process of this machine lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const lockPath = (folder: string): string => join(folder, 'trainer.lock');

/** The process that works on a run; undefined when none does. */
export function holderOf(folder: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(lockPath(folder), 'utf8');
  } catch {
    return undefined;
  }
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && isAlive(pid) ? pid : undefined;
}

/** Takes the lock for this process, or answers the number of the process that holds it. */
export function takeLock(folder: string): { readonly release: () => void } | { readonly heldBy: number } {
  for (;;) {
    try {
      writeFileSync(lockPath(folder), `${String(process.pid)}\n`, { flag: 'wx' });
      return { release: () => rmSync(lockPath(folder), { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = holderOf(folder);
    if (holder !== undefined && holder !== process.pid) return { heldBy: holder };
    rmSync(lockPath(folder), { force: true });
  }
}
