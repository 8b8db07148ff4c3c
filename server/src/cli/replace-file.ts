// Replaces a text file in one step, so that nobody ever sees half of it, and only if it still says what it should.

import { randomUUID } from 'node:crypto';
import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Result } from '../common/problem.ts';

/** Writes `after` where `before` stands. Links stay links; permissions stay; a file in another encoding is left alone. */
export function replaceFile(path: string, before: string, after: string): Result<undefined> {
  let target: string;
  let bytes: Buffer;
  try {
    target = realpathSync(path);
    bytes = readFileSync(target);
  } catch (error) {
    return { ok: false, error: `it cannot be read (${reasonOf(error)})` };
  }
  if (bytes.toString('utf8') !== before) return { ok: false, error: 'it changed in the meantime; apply again' };
  if (!bytes.equals(Buffer.from(before, 'utf8')))
    return { ok: false, error: 'it is not valid UTF-8; save it as UTF-8 first' };
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
  try {
    writeFileSync(temporary, after, { flag: 'wx' });
    chmodSync(temporary, statSync(target).mode & 0o777);
    renameSync(temporary, target);
    return { ok: true, value: undefined };
  } catch (error) {
    rmSync(temporary, { force: true });
    return { ok: false, error: `it cannot be written (${reasonOf(error)})` };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
