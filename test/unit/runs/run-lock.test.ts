// One trainer a run: a living process keeps its lock, a dead one's is taken over.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { holderOf, isAlive, takeLock } from '../../../server/src/runs/run-lock.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

/** The number of a process that has ended. */
function deadProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

const lockOf = (folder: string): string => join(folder, 'trainer.lock');

describe('the lock of a run', () => {
  it('is held until it is released', () => {
    const folder = temporaryFolder();
    expect(holderOf(folder)).toBeUndefined();
    const lock = takeLock(folder);
    expect(holderOf(folder)).toBe(process.pid);
    if ('release' in lock) lock.release();
    expect(existsSync(lockOf(folder))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not taken from a living process', () => {
    const folder = temporaryFolder();
    // The process that runs the tests lives as long as they do.
    writeFileSync(lockOf(folder), `${String(process.ppid)}\n`);
    expect(takeLock(folder)).toEqual({ heldBy: process.ppid });
    expect(holderOf(folder)).toBe(process.ppid);
  });

  it('is taken over from a process that is gone, or from a torn file', () => {
    for (const text of [`${String(deadProcess())}\n`, '', 'none']) {
      const folder = temporaryFolder();
      writeFileSync(lockOf(folder), text);
      expect(holderOf(folder)).toBeUndefined();
      expect(takeLock(folder)).toHaveProperty('release');
      expect(holderOf(folder)).toBe(process.pid);
    }
  });

  it('is an error where the folder is gone', () => {
    expect(() => takeLock(join(temporaryFolder(), 'gone'))).toThrow(/ENOENT/);
  });

  it('asks the system which processes live', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(deadProcess())).toBe(false);
  });
});
