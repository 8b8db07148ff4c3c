// The sweeps of a workspace folder: `.morphnet/sweeps/<id>/sweep.json`.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { sweepFileSchema, type SweepFile } from '../protocol/sweep-file.ts';
import { newestFirst } from './newest-first.ts';

export interface KnownSweep {
  readonly id: string;
  readonly sweep: SweepFile;
}

/** Every readable sweep, newest first. */
export function readSweeps(workspaceFolder: string): readonly KnownSweep[] {
  const store = join(workspaceFolder, '.morphnet', 'sweeps');
  return newestFirst(store).flatMap((id): readonly KnownSweep[] => {
    const sweep = readSweep(join(store, id, 'sweep.json'));
    return sweep === undefined ? [] : [{ id, sweep }];
  });
}

function readSweep(file: string): SweepFile | undefined {
  try {
    const read = v.safeParse(sweepFileSchema, JSON.parse(readFileSync(file, 'utf8')));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}
