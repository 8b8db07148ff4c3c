// One trainer a run: a living process keeps its lock, a dead one's is taken over.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromProcessStatus, processBeginning } from '../../../server/src/runs/process-beginning.ts';
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

  it('is not held by a later process with the number of the one that took it', () => {
    const folder = temporaryFolder();
    // Alive, but it began at another time than the lock says.
    writeFileSync(lockOf(folder), `${String(process.ppid)} 1\n`);
    expect(holderOf(folder)).toBeUndefined();
    expect(takeLock(folder)).toHaveProperty('release');
    expect(holderOf(folder)).toBe(process.pid);
  });

  it('is held by the very process that took it', () => {
    const folder = temporaryFolder();
    writeFileSync(lockOf(folder), `${String(process.ppid)} ${processBeginning(process.ppid)}\n`);
    expect(holderOf(folder)).toBe(process.ppid);
    expect(takeLock(folder)).toEqual({ heldBy: process.ppid });
  });

  it('that is a folder is told and not waited for', () => {
    const folder = temporaryFolder();
    mkdirSync(lockOf(folder));
    expect(holderOf(folder)).toBeUndefined();
    expect(() => takeLock(folder)).toThrow(/trainer\.lock is no lock: it is a folder.*Take it away/);
  });

  it('is an error where the folder is gone', () => {
    expect(() => takeLock(join(temporaryFolder(), 'gone'))).toThrow(/ENOENT/);
  });

  // macOS and the BSDs have no /proc; their way is tried wherever there is a `ps`.
  it.skipIf(spawnSync('ps', ['-p', String(process.pid)]).status !== 0)('knows when processes began from ps too', () => {
    const beginning = fromProcessStatus(process.pid);
    expect(beginning).toMatch(/^\w{3}-\w{3}-\d{1,2}-\d\d:\d\d:\d\d-\d{4}$/);
    expect(
      Math.abs(Date.parse(`${beginning.replaceAll('-', ' ')} UTC`) - (Date.now() - 1000 * process.uptime())),
    ).toBeLessThan(5000);
    expect(processBeginning(process.pid, 'darwin')).toBe(beginning);
    expect(processBeginning(deadProcess(), 'darwin')).toBe('');
  });

  it('asks the system which processes live', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(deadProcess())).toBe(false);
  });
});
