// The sweeps of a workspace folder: `.morphnet/sweeps/<id>/sweep.json`.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { sweepFileSchema, type SweepFile } from '../protocol/sweep-file.ts';

export interface KnownSweep {
  readonly id: string;
  readonly sweep: SweepFile;
}

/** Every readable sweep, newest first as their names have it. */
export function readSweeps(workspaceFolder: string): readonly KnownSweep[] {
  const store = join(workspaceFolder, '.morphnet', 'sweeps');
  let names: readonly string[];
  try {
    names = readdirSync(store);
  } catch {
    return [];
  }
  return [...names]
    .sort()
    .reverse()
    .flatMap((id): readonly KnownSweep[] => {
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
